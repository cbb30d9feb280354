/* A policy component: loaded once, and a fresh instance for every call. */
#ifndef POLICY_H
#define POLICY_H

#include "value.h"

#define VERSION "0.2.0"
#define INTERFACE(name) "dialguard:reputation/" name "@" VERSION

struct dialer;

/* A function that policies may call, with its arguments as a list. Its answer is its own; where the contract says
 * `result`, an object with `ok` or `err`. */
struct function {
    const char *name;
    json_t *(*answer)(struct dialer *dialer, const json_t *arguments);
};

/* Functions and interfaces end with one that has no name. */
struct interface {
    const char *name;
    struct function functions[6];
};

struct policy {
    wasm_engine_t *engine;
    wasmtime_component_t *component;
    wasmtime_component_export_index_t *exports;
    wasmtime_component_linker_t *linker;
    uint64_t fuel_per_call; /* A policy that loops is ended. */
    int64_t microseconds;   /* How long the latest call took, with its instance and what its imports took. */
};

/* Fails where the bytes are no component, none for this version of the contract, or one that wants more than the
 * interfaces give, which have to outlive the policy. Delete the policy either way. */
wasmtime_error_t *policy_load(struct policy *policy, const char *bytes, size_t size, const struct interface *imports);
void policy_delete(struct policy *policy);

/* An object with one field: what the policy answers as `ok`, its error as `err`, or in words as `fault` why it could
 * not be asked, trapped, or was ended. It reads through the imports, which are given this dialer. */
json_t *policy_call(struct policy *policy, struct dialer *dialer, const char *function, const json_t *arguments);

/* What the error says, as JSON text. Deletes the error. */
json_t *words_of(wasmtime_error_t *error);

#endif
