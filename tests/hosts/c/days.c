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
static void monitor(struct dialer *dialer, const char *number, uint64_t slot)
{
    struct monitored_number pending = {.number = strtoull(number, NULL, 10), .slot = slot,
                                       .status_since = MIDNIGHT - DAY, .monitored_since = MIDNIGHT - DAY};
    table_append(&dialer->tables[ITS_MONITORED], &pending);
}

/* All settings but one are as the policy declares them. */
static json_t *account(void)
{
    json_t *account = json_pack("{s:s, s:s, s:b, s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:[], s:i, s:i, s:i, s:i}", "id",
                                "acme", "revision", "1", "enabled", 1, "slot-count", 15, "slot-count-next", 15,
                                "slots-per-block", 15, "block-price-cents", 4900, "cycle-starts-at",
                                digits_of(MIDNIGHT), "cycle-ends-at", digits_of(MIDNIGHT + 31 * DAY), "day-starts-at",
                                digits_of(MIDNIGHT), "locked-slots", "monitored-count", 2, "rated-today", 0,
                                "look-ups-today", 0, "replacements-today", 0);
    json_t *rails = json_pack("{s:b, s:i}", "auto-replace", 1, "replacements-per-day-max", 3);
    json_object_set_new(account, "guard-rails", rails);
    json_object_set_new(account, "settings", json_pack("{s:i}", "checks-to-replace", 2));
    return account;
}

static struct dialer acme(void)
{
    json_t *carriers = json_pack("[{s:i, s:s}, {s:i, s:s}, {s:i, s:s}]", "id", 1, "name", "AT&T (Hiya)", "id", 2,
                                 "name", "T-Mobile (First Orion)", "id", 3, "name", "Verizon (TNS)");
    json_t *sources = json_pack("[{s:i, s:s, s:i, s:n, s:[i, i, i]}]", "id", 1, "name", "a reputation service", "price",
                                150, "look-ups-left", "carriers", 1, 2, 3);
    struct dialer dialer = {.known = json_pack("{s:o, s:o, s:o, s:[s, s], s:{}}", "carriers", carriers, "sources",
                                               sources, "account", account(), "owned", GOOD, BAD, "failures"),
                            .look_ups = json_array()};
    const struct table_kind *kinds[TABLES] = {&MONITORED, &CANDIDATES, &RESTED,   &FLAGS,
                                              &HOURS,     &VERDICTS,   &CARRIERS, &NUMBERS};
    for (int i = 0; i < TABLES; i++) dialer.tables[i].kind = kinds[i];
    monitor(&dialer, GOOD, 1);
    monitor(&dialer, BAD, 2);
    struct candidate spare = {strtoull(SPARE, NULL, 10), 115, false};
    table_append(&dialer.tables[ITS_CANDIDATES], &spare);
    return dialer;
}

/* The verdicts of the first so many of three carriers, two of which flag a bad number. */
static void say(struct dialer *dialer, uint64_t carriers, uint64_t now)
{
    const char *numbers[] = {GOOD, BAD, SPARE};
    for (int i = ITS_VERDICTS; i < TABLES; i++) table_delete(&dialer->tables[i]);
    for (uint64_t carrier = 1; carrier <= carriers; carrier++) table_append(&dialer->tables[ITS_CARRIERS], &carrier);
    for (size_t i = 0; i < 3; i++) {
        uint64_t number = strtoull(numbers[i], NULL, 10);
        table_append(&dialer->tables[ITS_NUMBERS], &number);
        for (uint64_t carrier = 1; carrier <= carriers; carrier++) {
            struct verdict verdict = {numbers[i] == BAD && carrier < 3 ? 95 : 5, now};
            table_append(&dialer->tables[ITS_VERDICTS], &verdict);
        }
    }
}

/* Nine in the morning. */
static void begin_day(struct dialer *dialer, uint64_t day)
{
    uint64_t now = MIDNIGHT + day * DAY + DAY * 9 / 24;
    json_t *today = json_pack("{s:o, s:i, s:i, s:i}", "day-starts-at", digits_of(MIDNIGHT + day * DAY), "rated-today",
                              0, "look-ups-today", 0, "replacements-today", 0);
    json_object_update_new(json_object_get(dialer->known, "account"), today);
    json_object_set_new(dialer->known, "now", digits_of(now));
    json_array_clear(dialer->look_ups);
    say(dialer, 3, now);
}

static const char *text(const json_t *object, const char *field)
{
    return json_string_value(json_object_get(object, field));
}

static void tell_day(struct dialer *dialer, struct policy *policy, int day)
{
    static const char *const STATUSES[] = {"pending", "clean", "at-risk", "flagged"};
    begin_day(dialer, (uint64_t)day);
    json_t *answer = dialer_review(dialer, policy, "acme"), *it;
    printf("Day %d:", day + 1);
    struct monitored_number number;
    for (size_t place = 0; place < dialer->tables[ITS_MONITORED].count; place++) {
        table_get(&dialer->tables[ITS_MONITORED], place, &number);
        printf("%s +%" PRIu64 " %s", place ? "," : "", number.number, STATUSES[number.status]);
    }
    printf("\n");
    size_t i;
    json_array_foreach (json_object_get(json_object_get(answer, "ok"), "actions"), i, it) {
        const json_t *replacement = json_object_get(it, "replace-number");
        printf("       +%s replaced: %s\n", text(replacement, "number"), text(replacement, "because"));
    }
    json_decref(answer);
}

/* What came of something that was tried with a dialer, which must be as before if it failed. */
static void tell_answer(const char *what, const json_t *answer, const struct dialer *tried, const struct dialer *before)
{
    const json_t *plan = json_object_get(answer, "ok"), *failure = json_object_get(answer, "err");
    const char *changed = dialer_equal(before, tried) ? "Nothing was changed." : "Something was changed!";
    const json_t *rated = json_object_get(json_object_get(plan, "reviews"), "numbers");
    if (plan) printf("  %s: %zu numbers rated all the same\n", what, json_array_size(rated));
    else if (failure) printf("  %s: %s: %s %s\n", what, text(failure, "code"), text(failure, "message"), changed);
    else printf("  %s: %s. %s\n", what, text(answer, "fault"), changed);
}

/* A review on a copy with one fact changed, to see whether anything else of it changes. Takes the value. */
static void tell_failure(const char *what, const struct dialer *dialer, struct policy *policy, const char *account,
                         json_t *failures)
{
    struct dialer tried = dialer_copy(dialer);
    if (failures) json_object_set_new(tried.known, "failures", failures);
    struct dialer before = dialer_copy(&tried);
    json_t *answer = dialer_review(&tried, policy, account);
    tell_answer(what, answer, &tried, &before);
    json_decref(answer);
    dialer_delete(&before);
    dialer_delete(&tried);
}

static void tell_silent_carrier(const struct dialer *dialer, struct policy *policy)
{
    struct dialer tried = dialer_copy(dialer);
    say(&tried, 2, number_of(json_object_get(tried.known, "now")));
    tell_failure("one carrier of three", &tried, policy, "acme", NULL);
    dialer_delete(&tried);
}

/* As if a policy had left out the last value of a column. */
static void tell_broken_table(const struct dialer *dialer, struct policy *policy)
{
    struct dialer tried = dialer_copy(dialer);
    json_t *arguments = json_pack("[s]", "acme");
    tried.declared = policy_settings(policy);
    json_t *answer = policy_call(policy, &tried, "review-account", arguments), *plan = json_object_get(answer, "ok");
    json_array_remove(json_object_get(json_object_get(plan, "reviews"), "flagging"), 0);
    json_t *obstacle = dialer_apply(&tried, plan);
    tell_answer("a table has a short column", obstacle, &tried, dialer);
    json_decref(obstacle);
    json_decref(answer);
    json_decref(arguments);
    dialer_delete(&tried);
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
        tell_failure(what, dialer, &policy, "acme", NULL);
    }
    policy_delete(&policy);
}

int tell_days(struct policy *policy)
{
    struct dialer dialer = acme();
    for (int day = 0; day < 3; day++) tell_day(&dialer, policy, day);
    begin_day(&dialer, 3);
    printf("\nWhere something fails:\n");
    tell_failure("the inventory", &dialer, policy, "acme", failing("monitored", "The database is down."));
    tell_failure("every carrier", &dialer, policy, "acme", failing("look-up", "No carrier answered."));
    tell_silent_carrier(&dialer, policy);
    tell_failure("the account is unknown", &dialer, policy, "nobody", NULL);
    tell_broken_table(&dialer, policy);
    tell_component("the component is of another version", &dialer, ANOTHER_VERSION);
    tell_component("the component wants more than the contract gives", &dialer, WANTS_MORE);
    tell_component("the policy hoards memory", &dialer, HOARDS);
    tell_component("the policy loops", &dialer, LOOPS);
    dialer_delete(&dialer);
    return EXIT_SUCCESS;
}
