/* The contract's tables: a struct of columns with one count, so that no column can be shorter than another.
 *
 * A row is a struct of uint64_t, one for each column in the table's order; a time of 0 stands for none. Zero a table
 * before its first row, except for its kind. */
#ifndef TABLE_H
#define TABLE_H

#include "value.h"

enum { COLUMNS_MAX = 12, FAULT_MAX = 160 };
enum status { PENDING, CLEAN, AT_RISK, FLAGGED };
enum { NO_DATA = 254, NO_ANSWER = 255 };

struct column {
    const char *name;
    uint8_t kind;   /* WASMTIME_COMPONENT_U8 and so on. */
    uint64_t codes; /* The values from 0 that exist; 0 if all do. */
};

/* Columns end with one without a name. */
struct table_kind {
    const char *name;
    struct column columns[COLUMNS_MAX + 1];
};

struct table {
    const struct table_kind *kind;
    size_t count, capacity;
    uint64_t *columns[COLUMNS_MAX];
};

struct monitored_number {
    uint64_t number, slot, status, status_since, monitored_since, flagging_checks, clearing_checks, last_rated_at,
        evidence_until, suspect_since, resting_since, replacement_pending;
};
struct review {
    uint64_t number, status, flagging_checks, clearing_checks, flagging, answering, evidence_until;
};
struct calls {
    uint64_t attempts, answered, short_ones, blocked;
};
/* The calls of a number that began in an hour. The dialer's own: the contract has only their sums. */
struct hour {
    uint64_t number, at;
    struct calls calls;
};
struct suspect {
    uint64_t number, attempts, answered, blocked;
};
struct candidate {
    uint64_t number, price_cents, rested;
};
struct rested_number {
    uint64_t number, resting_since, rests;
};
struct flag_event {
    uint64_t number, at;
};
struct verdict {
    uint64_t score, observed_at;
};

extern const struct table_kind MONITORED, REVIEWS, CALLS, HOURS, SUSPECTS, CANDIDATES, RESTED, FLAGS;

/* A verdict table is three: its carriers, its cells, and, as long as nobody asked, the numbers of its rows. */
extern const struct table_kind CARRIERS, VERDICTS, NUMBERS;

void table_append(struct table *table, const void *row);
void table_insert(struct table *table, size_t place, const void *row);
void table_remove(struct table *table, size_t place);
void table_set(struct table *table, size_t place, const void *row);
void table_get(const struct table *table, size_t place, void *row);
void table_delete(struct table *table);
struct table table_copy(const struct table *table);
bool table_equal(const struct table *one, const struct table *other);

/* The rows from one place to before another, as far as there are, not copied. */
struct table table_part(const struct table *table, size_t from, size_t to);

/* How many rows of an ascending table have a lower number; and whether the next one has this number. */
size_t table_place(const struct table *table, uint64_t number);
bool table_has(const struct table *table, uint64_t number, size_t *place);

/* The record with the columns of all these tables. */
void tables_to_value(const struct table *const tables[], size_t size, wasmtime_component_val_t *value);

/* Reads a table from an object with a list for each column. Fails if columns differ in length or have a value that does
 * not exist, and says which. Delete the table either way. */
bool table_from_json(struct table *table, const struct table_kind *kind, const json_t *json, char fault[FAULT_MAX]);

#endif
