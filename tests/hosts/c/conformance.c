#include "dialer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Settings come by name, and a policy takes them in its own order. A host refuses those out of range itself. */
static json_t *check_settings(struct policy *policy, struct dialer *dialer, const json_t *settings)
{
    const char *wrong = NULL;
    json_t *arguments = json_pack("[o]", settings_in_order(settings, dialer->declared, &wrong));
    json_t *came = wrong ? refused("invalid-settings", "A setting is out of range; `describe` says what it may be.")
                         : policy_call(policy, dialer, "check-settings", arguments);
    json_decref(arguments);
    return came;
}

static json_t *answer(struct policy *policy, struct dialer *dialer)
{
    const json_t *call = json_object_get(dialer->known, "call"), *arguments = json_object_get(call, "arguments");
    const char *function = json_string_value(json_object_get(call, "function"));
    if (!function) return json_pack("{s:s}", "fault", "the line has no `call` with a `function`");
    dialer->declared = policy_settings(policy);
    if (strcmp(function, "check-settings") == 0) return check_settings(policy, dialer, json_array_get(arguments, 0));
    return policy_call(policy, dialer, function, arguments);
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
