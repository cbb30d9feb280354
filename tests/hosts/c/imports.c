/* The functions a policy may call: clock, carriers, accounts and numbers. */
#include "dialer.h"

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

static bool has_room(const json_t *list, const json_t *limit)
{
    return json_array_size(list) < NUMBERS_PER_CALL_MAX && json_array_size(list) < number_of(limit);
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

static json_t *look_up(struct dialer *dialer, const json_t *arguments)
{
    json_t *numbers = json_array_get(arguments, 0), *refusing = refusal(dialer, "look-up", NULL, numbers), *number;
    if (refusing) return refusing;
    json_t *found = json_array(), *observations = json_object_get(dialer->known, "observations");
    size_t i;
    json_array_foreach (numbers, i, number) {
        size_t end = place(observations, number_of(number) + 1);
        for (size_t at = place(observations, number_of(number)); at < end; at++)
            json_array_append(found, json_array_get(observations, at));
    }
    dialer->numbers_looked_up += json_array_size(numbers);
    return ok(found);
}

static json_t *get_account(struct dialer *dialer, const json_t *arguments)
{
    json_t *refusing = refusal(dialer, "get-account", json_array_get(arguments, 0), NULL);
    return refusing ? refusing : ok(json_incref(json_object_get(dialer->known, "account")));
}

static json_t *monitored(struct dialer *dialer, const json_t *arguments)
{
    json_t *refusing = refusal(dialer, "monitored", json_array_get(arguments, 0), NULL);
    if (refusing) return refusing;
    json_t *page = json_array(), *numbers = json_object_get(dialer->known, "monitored");
    for (size_t at = place(numbers, number_of(json_array_get(arguments, 1)) + 1);
         at < json_array_size(numbers) && has_room(page, json_array_get(arguments, 2)); at++)
        json_array_append(page, json_array_get(numbers, at));
    return ok(page);
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

static size_t leading_digits_shared(const char *one, const char *other)
{
    size_t shared = 0;
    while (one[shared] && one[shared] == other[shared]) shared++;
    return shared;
}

static json_t *candidates(struct dialer *dialer, const json_t *arguments)
{
    json_t *refusing = refusal(dialer, "candidates", json_array_get(arguments, 0), NULL), *number;
    if (refusing) return refusing;
    const char *like = json_string_value(json_array_get(arguments, 1));
    json_t *closest = json_array();
    size_t i;
    for (size_t shared = DIGITS_MAX + 1; shared-- > 0;)
        json_array_foreach (json_object_get(dialer->known, "candidates"), i, number)
            if (leading_digits_shared(json_string_value(number), like) == shared &&
                has_room(closest, json_array_get(arguments, 2)))
                json_array_append(closest, number);
    return ok(closest);
}

static json_t *flag_events(struct dialer *dialer, const json_t *arguments)
{
    json_t *refusing = refusal(dialer, "flag-events", json_array_get(arguments, 0), NULL), *event;
    if (refusing) return refusing;
    json_t *found = json_array();
    size_t i;
    json_array_foreach (json_object_get(dialer->known, "flag-events"), i, event)
        if (number_of(json_object_get(event, "at")) >= number_of(json_array_get(arguments, 1)))
            json_array_append(found, event);
    return ok(found);
}

const struct interface IMPORTS[] = {
    {INTERFACE("clock"), {{"now", now}}},
    {INTERFACE("carrier-lookup"), {{"carriers", carriers}, {"look-up", look_up}}},
    {INTERFACE("number-inventory"),
     {{"get-account", get_account},
      {"monitored", monitored},
      {"owned", owned},
      {"candidates", candidates},
      {"flag-events", flag_events}}},
    {0},
};
