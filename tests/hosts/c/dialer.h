/* A small dialer: one account, its numbers, its carriers and its clock, in memory. */
#ifndef DIALER_H
#define DIALER_H

#include "policy.h"
#include "table.h"

/* The tables of a dialer. Rows about numbers are in ascending order, events oldest first. Verdicts have a row of cells
 * for each of their numbers, and a cell in it for each of their carriers. */
enum {
    ITS_MONITORED,
    ITS_CANDIDATES,
    ITS_RESTED,
    ITS_FLAGS,
    ITS_CALLS,
    ITS_VERDICTS,
    ITS_CARRIERS,
    ITS_NUMBERS,
    TABLES
};

/* Everything it knows. `known` has the rest, with the contract's names: `now`, `carriers`, `sources`, `account` (its
 * settings by name), the numbers `owned`, ascending, and `failures`, the errors of imports that fail, by name. */
struct dialer {
    json_t *known;
    struct table tables[TABLES];
    const json_t *declared; /* The policy's settings. */
    json_t *look_ups;       /* What was asked: `numbers` and `sources`. */
};

extern const struct interface IMPORTS[];

/* Reads a dialer from what a line of `dialguard conformance` says. Delete it either way. */
bool dialer_read(struct dialer *dialer, json_t *known, char fault[FAULT_MAX]);
struct dialer dialer_copy(const struct dialer *dialer);
bool dialer_equal(const struct dialer *one, const struct dialer *other);
void dialer_delete(struct dialer *dialer);

/* The daily review: the policy plans it, and the dialer applies all of the plan or nothing. Returns the answer of
 * `policy_call`, or an `err` if the plan cannot be applied. */
json_t *dialer_review(struct dialer *dialer, struct policy *policy, const char *account);

/* Applies a plan, or returns the `err` if it cannot be applied. */
json_t *dialer_apply(struct dialer *dialer, const json_t *plan);

/* The contract's error, as imports return it. */
json_t *refused(const char *code, const char *message);

/* `conformance`: answers `dialguard conformance`, a line for a line. */
int answer_cases(struct policy *policy);

/* `days`: three days, and what happens when something fails. */
int tell_days(struct policy *policy);

#endif
