#include "dialer.h"

#include <string.h>

json_t *refused(const char *code, const char *message)
{
    return json_pack("{s:{s:s, s:s}}", "err", "code", code, "message", message);
}

size_t place(const json_t *list, uint64_t number)
{
    size_t from = 0, to = json_array_size(list);
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const json_t *there = json_array_get(list, middle);
        if (number_of(json_is_object(there) ? json_object_get(there, "number") : there) < number) from = middle + 1;
        else to = middle;
    }
    return from;
}

/* NULL if the number is not monitored. */
static json_t *find_monitored(const json_t *known, const json_t *number)
{
    const json_t *monitored = json_object_get(known, "monitored");
    json_t *found = json_array_get(monitored, place(monitored, number_of(number)));
    return json_equal(json_object_get(found, "number"), number) ? found : NULL;
}

static void enter(json_t *known, const char *list, const json_t *number, json_t *it)
{
    json_t *numbers = json_object_get(known, list);
    json_array_insert_new(numbers, place(numbers, number_of(number)), it);
}

/* Whether it was in the list. */
static bool strike(json_t *known, const char *list, const json_t *number)
{
    json_t *numbers = json_object_get(known, list);
    size_t at = place(numbers, number_of(number));
    return at < place(numbers, number_of(number) + 1) && json_array_remove(numbers, at) == 0;
}

static void count(json_t *known, const char *what)
{
    json_t *account = json_object_get(known, "account");
    json_object_set_new(account, what, json_integer(json_integer_value(json_object_get(account, what)) + 1));
}

static bool rate(json_t *known, const json_t *review)
{
    json_t *number = find_monitored(known, json_object_get(review, "number")), *now = json_object_get(known, "now");
    if (!number) return false;
    bool turns = !json_equal(json_object_get(number, "status"), json_object_get(review, "status"));
    json_object_update_existing(number, (json_t *)review);
    json_object_set(number, "last-rated-at", now);
    if (turns) json_object_set(number, "status-since", now);
    if (turns && strcmp(json_string_value(json_object_get(number, "status")), "flagged") == 0)
        json_array_append_new(json_object_get(known, "flag-events"),
                              json_pack("{s:O, s:O}", "number", json_object_get(number, "number"), "at", now));
    count(known, "rated-today");
    return true;
}

static bool replace(json_t *known, const json_t *replacement)
{
    json_t *number = json_object_get(replacement, "number"), *new = json_object_get(replacement, "replacement");
    json_t *gone = find_monitored(known, number), *now = json_object_get(known, "now");
    if (!gone || !strike(known, "candidates", new)) return false;
    json_t *pending = json_pack("{s:O, s:O, s:s, s:O, s:O, s:i, s:i, s:n, s:b}", "number", new, "slot",
                                json_object_get(gone, "slot"), "status", "pending", "status-since", now,
                                "monitored-since", now, "flagging-checks", 0, "clearing-checks", 0, "last-rated-at",
                                "replacement-pending", 0);
    strike(known, "monitored", number);
    strike(known, "owned", number);
    enter(known, "monitored", new, pending);
    enter(known, "owned", new, json_incref(new));
    count(known, "replacements-today");
    return true;
}

/* Applies the plan. Returns why it cannot be applied, possibly after a part of it; NULL on success. */
static const char *carry_out(json_t *known, const json_t *plan)
{
    json_t *account = json_object_get(known, "account"), *it;
    uint64_t revision = number_of(json_object_get(account, "revision"));
    if (number_of(json_object_get(plan, "based-on")) != revision)
        return "The account changed while it was reviewed; review it again.";
    size_t i;
    json_array_foreach (json_object_get(plan, "reviews"), i, it)
        if (!rate(known, it)) return "The plan rates a number that is not monitored.";
    json_array_foreach (json_object_get(plan, "actions"), i, it)
        if (!replace(known, json_object_get(it, "replace-number")))
            return "The plan does something else than replace a monitored number by one on offer.";
    json_object_set_new(account, "revision", digits_of(revision + 1));
    return NULL;
}

json_t *dialer_review(struct dialer *dialer, struct policy *policy, const char *account)
{
    json_t *arguments = json_pack("[s]", account);
    json_t *answer = policy_call(policy, dialer, "review-account", arguments), *plan = json_object_get(answer, "ok");
    json_decref(arguments);
    if (!plan) return answer;
    json_t *next = json_deep_copy(dialer->known);
    const char *obstacle = carry_out(next, plan);
    json_decref(obstacle ? next : dialer->known);
    if (!obstacle) return dialer->known = next, answer;
    json_decref(answer);
    return refused("unavailable", obstacle);
}
