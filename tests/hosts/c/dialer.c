#include "dialer.h"

#include <string.h>

json_t *refused(const char *code, const char *message)
{
    return json_pack("{s:{s:s, s:s}}", "err", "code", code, "message", message);
}

bool dialer_read(struct dialer *dialer, json_t *known, char fault[FAULT_MAX])
{
    static const struct {
        const char *name;
        const struct table_kind *kind;
    } FACTS[TABLES] = {{"monitored", &MONITORED}, {"candidates", &CANDIDATES}, {"rested", &RESTED},
                       {"flag-events", &FLAGS},   {"calls", &HOURS},           {"verdicts", &VERDICTS},
                       {"verdicts", &CARRIERS},   {"verdicts", &NUMBERS}};
    *dialer = (struct dialer){.known = known, .look_ups = json_array()};
    bool right = true;
    for (int i = 0; i < TABLES; i++) dialer->tables[i].kind = FACTS[i].kind;
    for (int i = 0; right && i < TABLES; i++)
        right = table_from_json(&dialer->tables[i], FACTS[i].kind, json_object_get(known, FACTS[i].name), fault);
    return right;
}

struct dialer dialer_copy(const struct dialer *dialer)
{
    struct dialer copy = {.known = json_deep_copy(dialer->known), .look_ups = json_array()};
    for (int i = 0; i < TABLES; i++) copy.tables[i] = table_copy(&dialer->tables[i]);
    return copy;
}

bool dialer_equal(const struct dialer *one, const struct dialer *other)
{
    bool equal = json_equal(one->known, other->known);
    for (int i = 0; i < TABLES; i++) equal = equal && table_equal(&one->tables[i], &other->tables[i]);
    return equal;
}

void dialer_delete(struct dialer *dialer)
{
    json_decref(dialer->known);
    json_decref(dialer->look_ups);
    for (int i = 0; i < TABLES; i++) table_delete(&dialer->tables[i]);
}

static uint64_t now(const struct dialer *dialer) { return number_of(json_object_get(dialer->known, "now")); }

static void count(struct dialer *dialer, const char *what, size_t more)
{
    json_t *account = json_object_get(dialer->known, "account");
    json_int_t so_far = json_integer_value(json_object_get(account, what));
    json_object_set_new(account, what, json_integer(so_far + (json_int_t)more));
}

/* A row without carriers is about a suspect that was not rated. */
static bool rate(struct dialer *dialer, const struct review *review)
{
    struct table *monitored = &dialer->tables[ITS_MONITORED];
    struct monitored_number number;
    size_t place;
    if (!table_has(monitored, review->number, &place)) return false;
    table_get(monitored, place, &number);
    if (review->status != number.status) {
        number.status = review->status;
        number.status_since = now(dialer);
        struct flag_event event = {review->number, now(dialer)};
        if (review->status == FLAGGED) table_append(&dialer->tables[ITS_FLAGS], &event);
    }
    number.flagging_checks = review->flagging_checks;
    number.clearing_checks = review->clearing_checks;
    number.evidence_until = review->evidence_until;
    if (review->answering > 0) {
        number.last_rated_at = now(dialer);
        count(dialer, "rated-today", 1);
    }
    table_set(monitored, place, &number);
    return true;
}

/* All others are suspect no longer. */
static void suspect(struct dialer *dialer, const struct table *suspects)
{
    struct table *monitored = &dialer->tables[ITS_MONITORED];
    struct monitored_number number;
    size_t ignored;
    for (size_t place = 0; place < monitored->count; place++) {
        table_get(monitored, place, &number);
        uint64_t since = number.suspect_since ? number.suspect_since : now(dialer);
        number.suspect_since = table_has(suspects, number.number, &ignored) ? since : 0;
        table_set(monitored, place, &number);
    }
}

/* The number goes to rest, and the other one takes its slot. */
static bool replace(struct dialer *dialer, const json_t *replacement)
{
    struct table *tables = dialer->tables;
    uint64_t gone = number_of(json_object_get(replacement, "number"));
    uint64_t new = number_of(json_object_get(replacement, "replacement"));
    struct monitored_number number;
    size_t from, offered, owned_at = 0;
    if (!table_has(&tables[ITS_MONITORED], gone, &from) || !table_has(&tables[ITS_CANDIDATES], new, &offered))
        return false;
    table_get(&tables[ITS_MONITORED], from, &number);
    number = (struct monitored_number){.number = new, .slot = number.slot, .status_since = now(dialer),
                                       .monitored_since = now(dialer)};
    struct candidate candidate;
    table_get(&tables[ITS_CANDIDATES], offered, &candidate);
    table_remove(&tables[ITS_MONITORED], from);
    table_insert(&tables[ITS_MONITORED], table_place(&tables[ITS_MONITORED], new), &number);
    table_remove(&tables[ITS_CANDIDATES], offered);
    struct rested_number rested = {gone, now(dialer), 0};
    table_insert(&tables[ITS_RESTED], table_place(&tables[ITS_RESTED], gone), &rested);
    json_t *owned = json_object_get(dialer->known, "owned");
    while (owned_at < json_array_size(owned) && number_of(json_array_get(owned, owned_at)) < new) owned_at++;
    if (!candidate.rested) json_array_insert_new(owned, owned_at, digits_of(new));
    count(dialer, "replacements-today", 1);
    return true;
}

static bool use(struct dialer *dialer, uint64_t number, uint64_t resting_since)
{
    struct table *monitored = &dialer->tables[ITS_MONITORED];
    size_t place;
    if (!table_has(monitored, number, &place)) return false;
    struct monitored_number row;
    table_get(monitored, place, &row);
    row.resting_since = resting_since;
    table_set(monitored, place, &row);
    return true;
}

/* What becomes of a number that has rested. */
static bool after_rest(struct dialer *dialer, const char *action, const json_t *number)
{
    struct table *tables = dialer->tables;
    struct rested_number row;
    size_t place;
    if (!table_has(&tables[ITS_RESTED], number_of(number), &place)) return false;
    table_get(&tables[ITS_RESTED], place, &row);
    if (strcmp(action, "rest-on") == 0) {
        row = (struct rested_number){row.number, now(dialer), row.rests + 1};
        return table_set(&tables[ITS_RESTED], place, &row), true;
    }
    table_remove(&tables[ITS_RESTED], place);
    if (strcmp(action, "offer-again") == 0) {
        struct candidate offered = {row.number, 0, true};
        return table_insert(&tables[ITS_CANDIDATES], table_place(&tables[ITS_CANDIDATES], row.number), &offered), true;
    }
    json_t *owned = json_object_get(dialer->known, "owned"), *it;
    size_t i;
    json_array_foreach (owned, i, it)
        if (json_equal(it, number)) return json_array_remove(owned, i) == 0;
    return true;
}

static bool act(struct dialer *dialer, json_t *action)
{
    void *it = json_object_iter(action);
    const char *name = json_object_iter_key(it);
    const json_t *payload = json_object_iter_value(it);
    if (strcmp(name, "replace-number") == 0) return replace(dialer, payload);
    if (strcmp(name, "stop-using") == 0) return use(dialer, number_of(payload), now(dialer));
    if (strcmp(name, "use-again") == 0) return use(dialer, number_of(payload), 0);
    bool rests = strcmp(name, "offer-again") == 0 || strcmp(name, "rest-on") == 0 || strcmp(name, "give-back") == 0;
    return rests && after_rest(dialer, name, payload);
}

/* Applies the plan, or says why not, possibly after a part of it. */
static bool carry_out(struct dialer *dialer, const json_t *plan, char fault[FAULT_MAX])
{
    json_t *account = json_object_get(dialer->known, "account"), *suspects = json_object_get(plan, "suspects"), *it;
    uint64_t revision = number_of(json_object_get(account, "revision"));
    strcpy(fault, "The account changed while it was reviewed; review it again.");
    if (number_of(json_object_get(plan, "based-on")) != revision) return false;
    struct table table;
    struct review review;
    bool right = table_from_json(&table, &REVIEWS, json_object_get(plan, "reviews"), fault);
    for (size_t i = 0; right && i < table.count; i++) {
        table_get(&table, i, &review);
        right = rate(dialer, &review);
        if (!right) strcpy(fault, "The plan rates a number that is not monitored.");
    }
    table_delete(&table);
    if (right && json_is_object(suspects)) {
        right = table_from_json(&table, &SUSPECTS, suspects, fault);
        if (right) suspect(dialer, &table);
        table_delete(&table);
    }
    size_t i;
    json_array_foreach (json_object_get(plan, "actions"), i, it) {
        if (!right) return false;
        right = act(dialer, it);
        if (!right) strcpy(fault, "The plan does something that no review may do.");
    }
    json_array_foreach (dialer->look_ups, i, it)
        count(dialer, "look-ups-today", json_array_size(json_object_get(it, "numbers")));
    json_object_set_new(account, "revision", digits_of(revision + 1));
    return right;
}

json_t *dialer_apply(struct dialer *dialer, const json_t *plan)
{
    char fault[FAULT_MAX];
    struct dialer next = dialer_copy(dialer);
    json_array_extend(next.look_ups, dialer->look_ups);
    bool applied = carry_out(&next, plan, fault);
    dialer_delete(applied ? dialer : &next);
    if (!applied) return refused("unavailable", fault);
    *dialer = next;
    return NULL;
}

json_t *dialer_review(struct dialer *dialer, struct policy *policy, const char *account)
{
    json_t *arguments = json_pack("[s]", account);
    dialer->declared = policy_settings(policy);
    json_t *answer = policy_call(policy, dialer, "review-account", arguments), *plan = json_object_get(answer, "ok");
    json_decref(arguments);
    json_t *obstacle = plan ? dialer_apply(dialer, plan) : NULL;
    if (!obstacle) return answer;
    json_decref(answer);
    return obstacle;
}
