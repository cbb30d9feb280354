/* A policy component: loaded once, and a fresh instance for every call. */
#ifndef POLICY_H
#define POLICY_H

#include "value.h"

#define VERSION "0.3.0"
#define INTERFACE(name) "dialguard:reputation/" name "@" VERSION

struct dialer;

/* A function that policies may call, with its arguments as a list. It has one of two: `answer` returns a new value as
 * JSON, for a `result` of the contract an object with `ok` or `err`; `table` makes the value of an `ok` itself, because
 * JSON is slow for a table, and returns NULL, or else the object with `err`. */
struct function {
    const char *name;
    json_t *(*answer)(struct dialer *dialer, const json_t *arguments);
    json_t *(*table)(struct dialer *dialer, const json_t *arguments, wasmtime_component_val_t *value);
};

/* Arrays of functions and interfaces end with an element without a name. */
struct interface {
    const char *name;
    struct function functions[9];
};

struct policy {
    wasm_engine_t *engine;
    wasmtime_component_t *component;
    wasmtime_component_export_index_t *exports;
    wasmtime_component_linker_t *linker;
    uint64_t fuel_per_call; /* Stops a policy that loops. */
    int64_t microseconds;   /* Duration of the latest call, including its instance and imports. */
    json_t *settings;       /* Those that it declares; see `policy_settings`. */
};

/* Fails if the bytes are not a component, not a policy for this version of the contract, or import more than the
 * interfaces offer. The interfaces must outlive the policy. Delete the policy either way. */
wasmtime_error_t *policy_load(struct policy *policy, const char *bytes, size_t size, const struct interface *imports);
void policy_delete(struct policy *policy);

/* An object with one field: `ok` with the policy's answer, `err` with its error, or `fault` with the reason why it
 * could not be called, trapped, or was stopped. The imports get this dialer. */
json_t *policy_call(struct policy *policy, struct dialer *dialer, const char *function, const json_t *arguments);

/* The list of settings that the policy declares, which it owns; NULL if it does not describe itself. */
const json_t *policy_settings(struct policy *policy);

/* The values of settings in the order in which a policy declares them: what a person set, by name, if that is in range,
 * else the default. `refused` (or NULL) becomes the name of a setting whose value is not, if there is one. */
json_t *settings_in_order(const json_t *settings, const json_t *declared, const char **refused);

/* The error's message as JSON text. Deletes the error. */
json_t *words_of(wasmtime_error_t *error);

#endif
