/* The functions a policy may call: clock, carriers, accounts and numbers. */
#include "dialer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { NUMBERS_PER_CALL_MAX = 10000, DIGITS_MAX = 15 };
static const uint64_t NUMBER_MAX = 999999999999999;

static json_t *ok(json_t *value) { return json_pack("{s:o}", "ok", value); }

/* The error an import returns instead of a value; NULL if it has an answer. */
static json_t *refusal(const struct dialer *dialer, const char *import, const json_t *id, const json_t *numbers)
{
    json_t *failure = json_object_get(json_object_get(dialer->known, "failures"), import), *number;
    if (failure) return json_pack("{s:O}", "err", failure);
    if (id && !json_equal(id, json_object_get(json_object_get(dialer->known, "account"), "id")))
        return refused("no-such-account", "The dialer has no such account.");
    bool may_be_asked = json_array_size(numbers) <= NUMBERS_PER_CALL_MAX;
    size_t i;
    json_array_foreach (numbers, i, number)
        may_be_asked = may_be_asked && number_of(number) >= 1 && number_of(number) <= NUMBER_MAX;
    return may_be_asked ? NULL : refused("invalid-request", "Ask for at most 10,000 numbers of 1 to 15 digits.");
}

static void table_value(const struct table *table, wasmtime_component_val_t *value)
{
    tables_to_value(&table, 1, value);
}

static json_t *now(struct dialer *dialer, const json_t *arguments)
{
    (void)arguments;
    return json_incref(json_object_get(dialer->known, "now"));
}

static json_t *carriers(struct dialer *dialer, const json_t *arguments)
{
    (void)arguments;
    return json_incref(json_object_get(dialer->known, "carriers"));
}

static json_t *sources(struct dialer *dialer, const json_t *arguments)
{
    (void)arguments;
    return json_incref(json_object_get(dialer->known, "sources"));
}

static bool has(const json_t *list, const json_t *element)
{
    const json_t *it;
    size_t i;
    json_array_foreach (list, i, it)
        if (json_equal(it, element)) return true;
    return false;
}

/* The carriers for which these sources speak (none given: every source), in ascending order; false if there is no such
 * source. */
static bool carriers_of(const struct dialer *dialer, const json_t *ids, struct table *found)
{
    const json_t *source, *carrier;
    size_t known = 0, i, j, place;
    json_array_foreach (json_object_get(dialer->known, "sources"), i, source) {
        if (json_array_size(ids) > 0 && !has(ids, json_object_get(source, "id"))) continue;
        known++;
        json_array_foreach (json_object_get(source, "carriers"), j, carrier) {
            uint64_t id = number_of(carrier);
            if (!table_has(found, id, &place)) table_insert(found, place, &id);
        }
    }
    return json_array_size(ids) == 0 || known == json_array_size(ids);
}

/* One row: what the carriers say about a number. */
static void append_row(const struct dialer *dialer, uint64_t number, const struct table *carriers, struct table *cells)
{
    const struct table *its = dialer->tables;
    size_t row, column;
    bool is_known = table_has(&its[ITS_NUMBERS], number, &row);
    for (size_t i = 0; i < carriers->count; i++) {
        struct verdict verdict = {NO_ANSWER, 0};
        if (is_known && table_has(&its[ITS_CARRIERS], carriers->columns[0][i], &column))
            table_get(&its[ITS_VERDICTS], row * its[ITS_CARRIERS].count + column, &verdict);
        table_append(cells, &verdict);
    }
}

static json_t *look_up(struct dialer *dialer, const json_t *arguments, wasmtime_component_val_t *value)
{
    json_t *numbers = json_array_get(arguments, 0), *ids = json_array_get(arguments, 1), *number;
    json_t *refusing = refusal(dialer, "look-up", NULL, numbers);
    if (refusing) return refusing;
    struct table asked = {.kind = &CARRIERS}, cells = {.kind = &VERDICTS};
    if (carriers_of(dialer, ids, &asked)) {
        size_t i;
        json_array_foreach (numbers, i, number) append_row(dialer, number_of(number), &asked, &cells);
        const struct table *const tables[] = {&asked, &cells};
        tables_to_value(tables, 2, value);
        json_array_append_new(dialer->look_ups, json_pack("{s:O, s:O}", "numbers", numbers, "sources", ids));
    } else {
        refusing = refused("invalid-request", "There is no such source; `sources` lists them.");
    }
    table_delete(&asked);
    table_delete(&cells);
    return refusing;
}

static json_t *get_account(struct dialer *dialer, const json_t *arguments)
{
    json_t *refusing = refusal(dialer, "get-account", json_array_get(arguments, 0), NULL);
    if (refusing) return refusing;
    json_t *account = json_copy(json_object_get(dialer->known, "account"));
    const json_t *settings = json_object_get(account, "settings");
    json_object_set_new(account, "settings", settings_in_order(settings, dialer->declared, NULL));
    return ok(account);
}

static size_t limit_of(const json_t *limit)
{
    return number_of(limit) < NUMBERS_PER_CALL_MAX ? (size_t)number_of(limit) : NUMBERS_PER_CALL_MAX;
}

static json_t *monitored(struct dialer *dialer, const json_t *arguments, wasmtime_component_val_t *value)
{
    json_t *refusing = refusal(dialer, "monitored", json_array_get(arguments, 0), NULL);
    if (refusing) return refusing;
    const struct table *all = &dialer->tables[ITS_MONITORED];
    size_t from = table_place(all, number_of(json_array_get(arguments, 1)) + 1);
    struct table page = table_part(all, from, from + limit_of(json_array_get(arguments, 2)));
    table_value(&page, value);
    return NULL;
}

static json_t *owned(struct dialer *dialer, const json_t *arguments)
{
    json_t *numbers = json_array_get(arguments, 1), *number;
    json_t *refusing = refusal(dialer, "owned", json_array_get(arguments, 0), numbers);
    if (refusing) return refusing;
    json_t *found = json_array(), *asked = json_object();
    size_t i;
    json_array_foreach (numbers, i, number) json_object_set_new(asked, json_string_value(number), json_true());
    json_array_foreach (json_object_get(dialer->known, "owned"), i, number)
        if (json_object_get(asked, json_string_value(number))) json_array_append(found, number);
    json_decref(asked);
    return ok(found);
}

static size_t leading_digits_shared(uint64_t one, uint64_t other)
{
    char a[DIGITS_MAX + 1], b[DIGITS_MAX + 1];
    snprintf(a, sizeof a, "%" PRIu64, one);
    snprintf(b, sizeof b, "%" PRIu64, other);
    size_t shared = 0;
    while (a[shared] && a[shared] == b[shared]) shared++;
    return shared;
}

/* A candidate, and how close it is. */
struct offer {
    struct candidate candidate;
    size_t shared;
};

/* Closest first, then the account's own, then the cheaper, then the lower number. */
static int compare(const void *one, const void *other)
{
    const struct offer *a = one, *b = other;
    if (a->shared != b->shared) return a->shared > b->shared ? -1 : 1;
    if (a->candidate.rested != b->candidate.rested) return a->candidate.rested ? -1 : 1;
    if (a->candidate.price_cents != b->candidate.price_cents)
        return a->candidate.price_cents < b->candidate.price_cents ? -1 : 1;
    return a->candidate.number < b->candidate.number ? -1 : 1;
}

static json_t *candidates(struct dialer *dialer, const json_t *arguments, wasmtime_component_val_t *value)
{
    json_t *refusing = refusal(dialer, "candidates", json_array_get(arguments, 0), NULL);
    if (refusing) return refusing;
    const struct table *all = &dialer->tables[ITS_CANDIDATES];
    uint64_t like = number_of(json_array_get(arguments, 1));
    struct offer *offers = calloc(all->count + 1, sizeof *offers);
    if (!offers) abort();
    for (size_t i = 0; i < all->count; i++) {
        table_get(all, i, &offers[i].candidate);
        offers[i].shared = leading_digits_shared(like, offers[i].candidate.number);
    }
    qsort(offers, all->count, sizeof *offers, compare);
    struct table closest = {.kind = &CANDIDATES};
    for (size_t i = 0; i < all->count && i < limit_of(json_array_get(arguments, 2)); i++)
        table_append(&closest, &offers[i].candidate);
    table_value(&closest, value);
    table_delete(&closest);
    free(offers);
    return NULL;
}

static json_t *flag_events(struct dialer *dialer, const json_t *arguments, wasmtime_component_val_t *value)
{
    json_t *refusing = refusal(dialer, "flag-events", json_array_get(arguments, 0), NULL);
    if (refusing) return refusing;
    struct table found = {.kind = &FLAGS};
    struct flag_event event;
    for (size_t i = 0; i < dialer->tables[ITS_FLAGS].count; i++) {
        table_get(&dialer->tables[ITS_FLAGS], i, &event);
        if (event.at >= number_of(json_array_get(arguments, 1))) table_append(&found, &event);
    }
    table_value(&found, value);
    table_delete(&found);
    return NULL;
}

/* How calls from a number went since then; from all numbers together if it is 0. */
static struct calls sum_of(const struct table *hours, uint64_t number, uint64_t since)
{
    struct calls sum = {0};
    struct hour hour;
    size_t from = number ? table_place(hours, number) : 0, to = number ? table_place(hours, number + 1) : hours->count;
    for (size_t i = from; i < to; i++) {
        table_get(hours, i, &hour);
        if (hour.at < since) continue;
        sum.attempts += hour.calls.attempts;
        sum.answered += hour.calls.answered;
        sum.short_ones += hour.calls.short_ones;
        sum.blocked += hour.calls.blocked;
    }
    return sum;
}

/* No rows if it does not know how calls went. */
static json_t *calls(struct dialer *dialer, const json_t *arguments, wasmtime_component_val_t *value)
{
    json_t *numbers = json_array_get(arguments, 1), *number;
    json_t *refusing = refusal(dialer, "calls", json_array_get(arguments, 0), numbers);
    if (refusing) return refusing;
    const struct table *hours = &dialer->tables[ITS_CALLS];
    struct table found = {.kind = &CALLS};
    size_t i;
    json_array_foreach (numbers, i, number) {
        struct calls sum = sum_of(hours, number_of(number), number_of(json_array_get(arguments, 2)));
        if (hours->count > 0) table_append(&found, &sum);
    }
    table_value(&found, value);
    table_delete(&found);
    return NULL;
}

static json_t *calls_in_all(struct dialer *dialer, const json_t *arguments)
{
    json_t *refusing = refusal(dialer, "calls-in-all", json_array_get(arguments, 0), NULL);
    if (refusing) return refusing;
    struct calls sum = sum_of(&dialer->tables[ITS_CALLS], 0, number_of(json_array_get(arguments, 1)));
    return ok(json_pack("{s:o, s:o, s:o, s:o}", "attempts", digits_of(sum.attempts), "answered",
                        digits_of(sum.answered), "short", digits_of(sum.short_ones), "blocked",
                        digits_of(sum.blocked)));
}

/* Longest first. */
static int compare_rests(const void *one, const void *other)
{
    const struct rested_number *a = one, *b = other;
    if (a->resting_since != b->resting_since) return a->resting_since < b->resting_since ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

static json_t *rested(struct dialer *dialer, const json_t *arguments, wasmtime_component_val_t *value)
{
    json_t *refusing = refusal(dialer, "rested", json_array_get(arguments, 0), NULL);
    if (refusing) return refusing;
    const struct table *all = &dialer->tables[ITS_RESTED];
    struct rested_number *rows = calloc(all->count + 1, sizeof *rows);
    if (!rows) abort();
    for (size_t i = 0; i < all->count; i++) table_get(all, i, &rows[i]);
    qsort(rows, all->count, sizeof *rows, compare_rests);
    struct table longest = {.kind = &RESTED};
    for (size_t i = 0; i < all->count; i++) table_append(&longest, &rows[i]);
    table_value(&longest, value);
    table_delete(&longest);
    free(rows);
    return NULL;
}

const struct interface IMPORTS[] = {
    {INTERFACE("clock"), {{.name = "now", .answer = now}}},
    {INTERFACE("carrier-lookup"),
     {{.name = "carriers", .answer = carriers},
      {.name = "sources", .answer = sources},
      {.name = "look-up", .table = look_up}}},
    {INTERFACE("number-inventory"),
     {{.name = "get-account", .answer = get_account},
      {.name = "monitored", .table = monitored},
      {.name = "owned", .answer = owned},
      {.name = "candidates", .table = candidates},
      {.name = "flag-events", .table = flag_events},
      {.name = "calls", .table = calls},
      {.name = "calls-in-all", .answer = calls_in_all},
      {.name = "rested", .table = rested}}},
    {0},
};
