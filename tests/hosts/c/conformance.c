#include "dialer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Settings come by name, and a policy takes them in its own order. */
static json_t *arguments_of(const json_t *call, const json_t *declared)
{
    json_t *arguments = json_object_get(call, "arguments");
    if (strcmp(json_string_value(json_object_get(call, "function")), "check-settings") != 0) return json_incref(arguments);
    return json_pack("[o]", settings_in_order(json_array_get(arguments, 0), declared));
}

static json_t *answer(struct policy *policy, struct dialer *dialer)
{
    const json_t *call = json_object_get(dialer->known, "call");
    const char *function = json_string_value(json_object_get(call, "function"));
    if (!function) return json_pack("{s:s}", "fault", "the line has no `call` with a `function`");
    dialer->declared = policy_settings(policy);
    json_t *arguments = arguments_of(call, dialer->declared);
    json_t *came = policy_call(policy, dialer, function, arguments);
    json_decref(arguments);
    return came;
}

int answer_cases(struct policy *policy)
{
    char *line = NULL, fault[FAULT_MAX];
    size_t capacity = 0;
    while (getline(&line, &capacity, stdin) > 0) {
        struct dialer dialer;
        bool right = dialer_read(&dialer, json_loads(line, 0, NULL), fault);
        json_t *came = right ? answer(policy, &dialer) : json_pack("{s:s}", "fault", fault);
        json_object_set(came, "look-ups", dialer.look_ups);
        json_object_set_new(came, "microseconds", json_integer(policy->microseconds));
        json_dumpf(came, stdout, JSON_COMPACT);
        putchar('\n');
        fflush(stdout);
        json_decref(came);
        dialer_delete(&dialer);
    }
    free(line);
    return EXIT_SUCCESS;
}
