#include "dialer.h"

#include <stdio.h>
#include <stdlib.h>

static json_t *answer(struct policy *policy, struct dialer *dialer)
{
    const json_t *call = json_object_get(dialer->known, "call");
    const char *function = json_string_value(json_object_get(call, "function"));
    if (!function) return json_pack("{s:s}", "fault", "the line has no `call` with a `function`");
    return policy_call(policy, dialer, function, json_object_get(call, "arguments"));
}

int answer_cases(struct policy *policy)
{
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stdin) > 0) {
        struct dialer dialer = {.known = json_loads(line, 0, NULL)};
        json_t *came = answer(policy, &dialer);
        json_object_set_new(came, "numbers-looked-up", json_integer((json_int_t)dialer.numbers_looked_up));
        json_object_set_new(came, "microseconds", json_integer(policy->microseconds));
        json_dumpf(came, stdout, JSON_COMPACT);
        putchar('\n');
        fflush(stdout);
        json_decref(came);
        json_decref(dialer.known);
    }
    free(line);
    return EXIT_SUCCESS;
}
