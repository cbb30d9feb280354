/* A policy component: loaded once, and a fresh instance for every call. */
#ifndef POLICY_H
#define POLICY_H

#include "value.h"

#define VERSION "0.2.0"
#define INTERFACE(name) "dialguard:reputation/" name "@" VERSION

struct dialer;

/* A function that policies may call, with its arguments as a list. Returns a new value: for a `result` of the contract,
 * an object with `ok` or `err`. */
struct function {
    const char *name;
    json_t *(*answer)(struct dialer *dialer, const json_t *arguments);
};

/* Arrays of functions and interfaces end with an element without a name. */
struct interface {
    const char *name;
    struct function functions[6];
};

struct policy {
    wasm_engine_t *engine;
    wasmtime_component_t *component;
    wasmtime_component_export_index_t *exports;
    wasmtime_component_linker_t *linker;
    uint64_t fuel_per_call; /* Stops a policy that loops. */
    int64_t microseconds;   /* Duration of the latest call, including its instance and imports. */
};

/* Fails if the bytes are not a component, not a policy for this version of the contract, or import more than the
 * interfaces offer. The interfaces must outlive the policy. Delete the policy either way. */
wasmtime_error_t *policy_load(struct policy *policy, const char *bytes, size_t size, const struct interface *imports);
void policy_delete(struct policy *policy);

/* An object with one field: `ok` with the policy's answer, `err` with its error, or `fault` with the reason why it
 * could not be called, trapped, or was stopped. The imports get this dialer. */
json_t *policy_call(struct policy *policy, struct dialer *dialer, const char *function, const json_t *arguments);

/* The error's message as JSON text. Deletes the error. */
json_t *words_of(wasmtime_error_t *error);

#endif
