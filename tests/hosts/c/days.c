#include "dialer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t MIDNIGHT = 1772323200, DAY = 24 * 60 * 60; /* 2026-03-01T00:00:00Z */
static const char GOOD[] = "13105550100", BAD[] = "13105550101", SPARE[] = "13105550141";

static const char ANOTHER_VERSION[] =
    "(component (instance $policy) (export \"dialguard:reputation/policy@0.9.0\" (instance $policy)))";
static const char WANTS_MORE[] =
    "(component (import \"wasi:random/random@0.2.0\" (instance (export \"get-random-u64\" (func (result u64)))))"
    " (instance $policy) (export \"" INTERFACE("policy") "\" (instance $policy)))";
static const char HOARDS[] =
    "(component (core module $module (memory 5000)) (core instance (instantiate $module))"
    " (instance $policy) (export \"" INTERFACE("policy") "\" (instance $policy)))";
static const char LOOPS[] =
    "(component (core module $module (memory (export \"memory\") 1)"
    "  (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) i32.const 0)"
    "  (func (export \"loop\") (param i32 i32) (loop (br 0))))"
    " (core instance $core (instantiate $module))"
    " (func $loop (param \"id\" string) (canon lift (core func $core \"loop\")"
    "  (memory (core memory $core \"memory\")) (realloc (core func $core \"realloc\"))))"
    " (instance $policy (export \"review-account\" (func $loop)))"
    " (export \"" INTERFACE("policy") "\" (instance $policy)))";

/* A number monitored since the day before, not rated yet. */
static json_t *pending(const char *number, int slot)
{
    json_t *began = digits_of(MIDNIGHT - DAY);
    return json_pack("{s:s, s:i, s:s, s:O, s:o, s:i, s:i, s:n, s:b}", "number", number, "slot", slot, "status",
                     "pending", "status-since", began, "monitored-since", began, "flagging-checks", 0,
                     "clearing-checks", 0, "last-rated-at", "replacement-pending", 0);
}

static json_t *settings(void)
{
    return json_pack("{s:i, s:i, s:i, s:i, s:i, s:b, s:i, s:i, s:i, s:[]}", "spam-score-min", 80, "rating-carriers-min",
                     2, "checks-to-flag", 2, "checks-to-clear", 2, "observation-age-max-hours", 48, "auto-replace", 1,
                     "replacements-per-day-max", 3, "new-number-grace-days", 0, "mass-flag-percent", 30, "other");
}

static json_t *account(void)
{
    return json_pack("{s:s, s:s, s:b, s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:[], s:i, s:i, s:i, s:o}", "id", "acme",
                     "revision", "1", "enabled", 1, "slot-count", 15, "slot-count-next", 15, "slots-per-block", 15,
                     "block-price-cents", 4900, "cycle-starts-at", digits_of(MIDNIGHT), "cycle-ends-at",
                     digits_of(MIDNIGHT + 31 * DAY), "day-starts-at", digits_of(MIDNIGHT), "locked-slots",
                     "monitored-count", 2, "rated-today", 0, "replacements-today", 0, "settings", settings());
}

static json_t *acme(void)
{
    json_t *carriers = json_pack("[{s:i, s:s}, {s:i, s:s}, {s:i, s:s}]", "id", 1, "name", "AT&T (Hiya)", "id", 2,
                                 "name", "T-Mobile (First Orion)", "id", 3, "name", "Verizon (TNS)");
    return json_pack("{s:o, s:o, s:[o, o], s:[s, s], s:[s], s:[], s:{}}", "carriers", carriers, "account", account(),
                     "monitored", pending(GOOD, 1), pending(BAD, 2), "owned", GOOD, BAD, "candidates", SPARE,
                     "flag-events", "failures");
}

/* The observations of the first so many of three carriers, two of which flag a bad number. */
static json_t *observations(int carriers, const json_t *now)
{
    const char *numbers[] = {GOOD, BAD, SPARE};
    json_t *list = json_array();
    for (size_t i = 0; i < 3; i++)
        for (int carrier = 1; carrier <= carriers; carrier++)
            json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:O}", "number", numbers[i], "carrier", carrier,
                                                  "spam-score", numbers[i] == BAD && carrier < 3 ? 95 : 5,
                                                  "observed-at", now));
    return list;
}

/* Nine in the morning. */
static void begin_day(json_t *known, uint64_t day)
{
    json_t *now = digits_of(MIDNIGHT + day * DAY + DAY * 9 / 24);
    json_t *today = json_pack("{s:o, s:i, s:i}", "day-starts-at", digits_of(MIDNIGHT + day * DAY), "rated-today", 0,
                              "replacements-today", 0);
    json_object_update_new(json_object_get(known, "account"), today);
    json_object_set_new(known, "observations", observations(3, now));
    json_object_set_new(known, "now", now);
}

static const char *text(const json_t *object, const char *field)
{
    return json_string_value(json_object_get(object, field));
}

static void tell_day(struct dialer *dialer, struct policy *policy, int day)
{
    begin_day(dialer->known, (uint64_t)day);
    json_t *answer = dialer_review(dialer, policy, "acme"), *it;
    size_t i;
    printf("Day %d:", day + 1);
    json_array_foreach (json_object_get(dialer->known, "monitored"), i, it)
        printf("%s +%s %s", i ? "," : "", text(it, "number"), text(it, "status"));
    printf("\n");
    json_array_foreach (json_object_get(json_object_get(answer, "ok"), "actions"), i, it) {
        const json_t *replacement = json_object_get(it, "replace-number");
        printf("       +%s replaced: %s\n", text(replacement, "number"), text(replacement, "because"));
    }
    json_decref(answer);
}

/* A review on a copy with one change, to see whether anything else of it changes. */
static void tell_failure(const char *what, const struct dialer *dialer, struct policy *policy, const char *account,
                         const char *otherwise, json_t *value)
{
    struct dialer tried = {.known = json_deep_copy(dialer->known)};
    if (otherwise) json_object_set_new(tried.known, otherwise, value);
    json_t *before = json_deep_copy(tried.known), *answer = dialer_review(&tried, policy, account);
    const json_t *plan = json_object_get(answer, "ok"), *failure = json_object_get(answer, "err");
    const char *changed = json_equal(before, tried.known) ? "Nothing was changed." : "Something was changed!";
    if (plan) printf("  %s: %zu numbers rated all the same\n", what, json_array_size(json_object_get(plan, "reviews")));
    else if (failure) printf("  %s: %s: %s %s\n", what, text(failure, "code"), text(failure, "message"), changed);
    else printf("  %s: %s. %s\n", what, text(answer, "fault"), changed);
    json_decref(answer);
    json_decref(before);
    json_decref(tried.known);
}

static json_t *failing(const char *import, const char *message)
{
    return json_pack("{s:{s:s, s:s}}", import, "code", "unavailable", "message", message);
}

/* The result for a component in WebAssembly's text format, which wasmtime accepts too. */
static void tell_component(const char *what, const struct dialer *dialer, const char *component)
{
    struct policy policy;
    wasmtime_error_t *error = policy_load(&policy, component, strlen(component), IMPORTS);
    policy.fuel_per_call = 1000000; /* Stops a loop at once. */
    if (error) {
        json_t *words = words_of(error);
        const char *first_line = json_string_value(words);
        printf("  %s: %.*s\n", what, (int)strcspn(first_line, "\n"), first_line);
        json_decref(words);
    } else {
        tell_failure(what, dialer, &policy, "acme", NULL, NULL);
    }
    policy_delete(&policy);
}

int tell_days(struct policy *policy)
{
    struct dialer dialer = {.known = acme()};
    for (int day = 0; day < 3; day++) tell_day(&dialer, policy, day);
    begin_day(dialer.known, 3);
    printf("\nWhere something fails:\n");
    tell_failure("the inventory", &dialer, policy, "acme", "failures", failing("monitored", "The database is down."));
    tell_failure("every carrier", &dialer, policy, "acme", "failures", failing("look-up", "No carrier answered."));
    tell_failure("one carrier of three", &dialer, policy, "acme", "observations",
                 observations(2, json_object_get(dialer.known, "now")));
    tell_failure("the account is unknown", &dialer, policy, "nobody", NULL, NULL);
    tell_component("the component is of another version", &dialer, ANOTHER_VERSION);
    tell_component("the component wants more than the contract gives", &dialer, WANTS_MORE);
    tell_component("the policy hoards memory", &dialer, HOARDS);
    tell_component("the policy loops", &dialer, LOOPS);
    json_decref(dialer.known);
    return EXIT_SUCCESS;
}
