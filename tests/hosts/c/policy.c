#include "policy.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ARGUMENTS_MAX = 2, MEMORY_BYTES_MAX = 256 << 20, WORDS_MAX = 512 };

static const uint64_t FUEL_PER_CALL = 20000000000;
static const char POLICY[] = INTERFACE("policy");

static wasmtime_error_t *failed(const char *why, const char *what, size_t length)
{
    char words[WORDS_MAX];
    snprintf(words, sizeof words, why, (int)length, what);
    return wasmtime_error_new(words);
}

json_t *words_of(wasmtime_error_t *error)
{
    wasm_name_t words;
    wasmtime_error_message(error, &words);
    json_t *json = json_stringn(words.data, words.size);
    wasm_byte_vec_delete(&words);
    wasmtime_error_delete(error);
    return json;
}

/* Whether the import's answer has the type of its result. */
static bool fits_result(const struct function *function, struct dialer *dialer, const json_t *arguments,
                        const wasmtime_component_valtype_t *type, wasmtime_component_val_t *result)
{
    wasmtime_component_val_t table;
    json_t *answer = function->table ? function->table(dialer, arguments, &table) : function->answer(dialer, arguments);
    if (answer) {
        bool fits = value_from_json(answer, type, result);
        json_decref(answer);
        return fits;
    }
    result->kind = WASMTIME_COMPONENT_RESULT;
    result->of.result.is_ok = true;
    result->of.result.val = wasmtime_component_val_new(&table);
    return true;
}

/* Passes an import's answer on. An error returned from here would end the call as a fault, without the policy seeing
 * it. wasmtime deletes the arguments and results. */
static wasmtime_error_t *answer_import(void *data, wasmtime_context_t *context,
                                       const wasmtime_component_func_type_t *type, wasmtime_component_val_t *given,
                                       size_t given_size, wasmtime_component_val_t *results, size_t results_size)
{
    const struct function *function = data;
    json_t *arguments = json_array();
    for (size_t i = 0; i < given_size; i++) json_array_append_new(arguments, value_to_json(&given[i]));
    wasmtime_component_valtype_t result;
    bool fits = results_size == 1 && wasmtime_component_func_type_result(type, &result);
    if (fits) {
        fits = fits_result(function, wasmtime_context_get_data(context), arguments, &result, results);
        wasmtime_component_valtype_delete(&result);
    }
    json_decref(arguments);
    return fits ? NULL : failed("the dialer's answer to `%.*s` is not of the contract's form", function->name,
                                strlen(function->name));
}

static wasmtime_error_t *link_interface(wasmtime_component_linker_instance_t *root, const struct interface *interface)
{
    wasmtime_component_linker_instance_t *instance;
    wasmtime_error_t *error =
        wasmtime_component_linker_instance_add_instance(root, interface->name, strlen(interface->name), &instance);
    if (error) return error;
    for (const struct function *function = interface->functions; !error && function->name; function++)
        error = wasmtime_component_linker_instance_add_func(instance, function->name, strlen(function->name),
                                                            answer_import, (void *)function, NULL);
    wasmtime_component_linker_instance_delete(instance);
    return error;
}

static wasmtime_error_t *link_imports(wasmtime_component_linker_t *linker, const struct interface *imports)
{
    wasmtime_component_linker_instance_t *root = wasmtime_component_linker_root(linker);
    wasmtime_error_t *error = NULL;
    for (; !error && imports->name; imports++) error = link_interface(root, imports);
    wasmtime_component_linker_instance_delete(root);
    return error;
}

/* Whether the component exports a policy for this version. Its imports are checked when it is instantiated. */
static wasmtime_error_t *find_exports(struct policy *policy)
{
    policy->exports = wasmtime_component_get_export_index(policy->component, NULL, POLICY, strlen(POLICY));
    if (policy->exports) return NULL;
    const char *name = "nothing";
    size_t length = strlen(name);
    wasmtime_component_extern_t *export = NULL;
    wasmtime_component_type_t *type = wasmtime_component_type(policy->component);
    if (wasmtime_component_type_export_nth(type, policy->engine, 0, &name, &length, &export))
        wasmtime_component_extern_delete(export);
    wasmtime_error_t *error =
        failed("no policy for version " VERSION " of the contract: it exports %.*s", name, length);
    wasmtime_component_type_delete(type);
    return error;
}

/* A new store for each call, because an instance that trapped can never be called again. */
static wasmtime_store_t *new_store(struct policy *policy, struct dialer *dialer)
{
    wasmtime_store_t *store = wasmtime_store_new(policy->engine, dialer, NULL);
    wasmtime_store_limiter(store, MEMORY_BYTES_MAX, -1, -1, -1, -1);
    return store;
}

static wasmtime_error_t *instantiate(struct policy *policy, wasmtime_store_t *store,
                                     wasmtime_component_instance_t *instance)
{
    wasmtime_context_t *context = wasmtime_store_context(store);
    wasmtime_error_t *error = wasmtime_context_set_fuel(context, policy->fuel_per_call);
    return error ? error : wasmtime_component_linker_instantiate(policy->linker, context, policy->component, instance);
}

wasmtime_error_t *policy_load(struct policy *policy, const char *bytes, size_t size, const struct interface *imports)
{
    wasm_config_t *config = wasm_config_new();
    wasmtime_config_consume_fuel_set(config, true);
    *policy = (struct policy){.engine = wasm_engine_new_with_config(config), .fuel_per_call = FUEL_PER_CALL};
    policy->linker = wasmtime_component_linker_new(policy->engine);
    wasmtime_error_t *error =
        wasmtime_component_new(policy->engine, (const uint8_t *)bytes, size, &policy->component);
    if (!error) error = find_exports(policy);
    if (!error) error = link_imports(policy->linker, imports);
    if (error) return error;
    wasmtime_component_instance_t tried;
    wasmtime_store_t *store = new_store(policy, NULL);
    error = instantiate(policy, store, &tried);
    wasmtime_store_delete(store);
    return error;
}

void policy_delete(struct policy *policy)
{
    json_decref(policy->settings);
    if (policy->exports) wasmtime_component_export_index_delete(policy->exports);
    if (policy->component) wasmtime_component_delete(policy->component);
    wasmtime_component_linker_delete(policy->linker);
    wasm_engine_delete(policy->engine);
}

static wasmtime_error_t *find_function(const struct policy *policy, const wasmtime_component_instance_t *instance,
                                       wasmtime_context_t *context, const char *name, wasmtime_component_func_t *found)
{
    wasmtime_component_export_index_t *index =
        wasmtime_component_get_export_index(policy->component, policy->exports, name, strlen(name));
    bool is_there = index && wasmtime_component_instance_get_func(instance, context, index, found);
    if (index) wasmtime_component_export_index_delete(index);
    return is_there ? NULL : failed("the policy has no function `%.*s`", name, strlen(name));
}

/* The arguments as values; false if they do not match the function's parameters. */
static bool read_arguments(const json_t *arguments, const wasmtime_component_func_type_t *type,
                           wasmtime_component_val_t *values)
{
    size_t size = wasmtime_component_func_type_param_count(type);
    bool fits = size <= ARGUMENTS_MAX && json_array_size(arguments) == size;
    for (size_t i = 0; fits && i < size; i++) {
        const char *name;
        size_t length;
        wasmtime_component_valtype_t parameter;
        wasmtime_component_func_type_param_nth(type, i, &name, &length, &parameter);
        fits = value_from_json(json_array_get(arguments, i), &parameter, &values[i]);
        wasmtime_component_valtype_delete(&parameter);
    }
    return fits;
}

static wasmtime_error_t *call(const wasmtime_component_func_t *function, wasmtime_context_t *context,
                              const json_t *arguments, wasmtime_component_val_t *result)
{
    wasmtime_component_val_t values[ARGUMENTS_MAX] = {0};
    wasmtime_component_func_type_t *type = wasmtime_component_func_type(function, context);
    wasmtime_component_valtype_t answered;
    bool has_result = wasmtime_component_func_type_result(type, &answered);
    if (has_result) wasmtime_component_valtype_delete(&answered);
    wasmtime_error_t *error =
        read_arguments(arguments, type, values)
            ? wasmtime_component_func_call(function, context, values, json_array_size(arguments), result, has_result)
            : wasmtime_error_new("the arguments are not what the function takes");
    for (size_t i = 0; i < ARGUMENTS_MAX; i++) wasmtime_component_val_delete(&values[i]);
    wasmtime_component_func_type_delete(type);
    return error;
}

static int64_t microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Why there is no answer. wasmtime's own message when fuel runs out is a stack and a trap. */
static json_t *fault(wasmtime_error_t *error, const wasmtime_context_t *context)
{
    uint64_t fuel = 0;
    wasmtime_error_t *unknown = wasmtime_context_get_fuel(context, &fuel);
    if (unknown) wasmtime_error_delete(unknown);
    json_t *words = words_of(error);
    if (!unknown && fuel == 0) {
        json_decref(words);
        words = json_string("it computed for longer than it may, and was ended");
    }
    return json_pack("{s:o}", "fault", words);
}

json_t *policy_call(struct policy *policy, struct dialer *dialer, const char *function, const json_t *arguments)
{
    int64_t begun = microseconds();
    wasmtime_store_t *store = new_store(policy, dialer);
    wasmtime_context_t *context = wasmtime_store_context(store);
    wasmtime_component_instance_t instance;
    wasmtime_component_func_t found;
    wasmtime_component_val_t result = {.kind = WASMTIME_COMPONENT_BOOL};
    wasmtime_error_t *error = instantiate(policy, store, &instance);
    if (!error) error = find_function(policy, &instance, context, function, &found);
    if (!error) error = call(&found, context, arguments, &result);
    policy->microseconds = microseconds() - begun;
    json_t *answer;
    if (error) answer = fault(error, context);
    else if (result.kind == WASMTIME_COMPONENT_RESULT) answer = value_to_json(&result);
    else answer = json_pack("{s:o}", "ok", value_to_json(&result));
    wasmtime_component_val_delete(&result);
    wasmtime_store_delete(store);
    return answer;
}

const json_t *policy_settings(struct policy *policy)
{
    if (!policy->settings) {
        json_t *no_arguments = json_array(), *answer = policy_call(policy, NULL, "describe", no_arguments);
        policy->settings = json_incref(json_object_get(json_object_get(answer, "ok"), "settings"));
        json_decref(answer);
        json_decref(no_arguments);
    }
    return policy->settings;
}

/* The value of a setting as the contract has it: from a boolean, a whole number or the name of a choice. NULL if it is
 * out of range. */
static json_t *setting_value(const json_t *set, const char *tag, const json_t *kind)
{
    if (strcmp(tag, "switch") == 0) return json_is_boolean(set) ? json_integer(json_is_true(set)) : NULL;
    if (strcmp(tag, "integer") == 0) {
        json_int_t value = json_integer_value(set), min = json_integer_value(json_object_get(kind, "min"));
        bool fits = json_is_integer(set) && min <= value && value <= json_integer_value(json_object_get(kind, "max"));
        return fits ? json_integer(value) : NULL;
    }
    const json_t *name;
    size_t i;
    json_array_foreach (json_object_get(kind, "names"), i, name)
        if (json_equal(name, set)) return json_integer((json_int_t)i);
    return NULL;
}

json_t *settings_in_order(const json_t *settings, const json_t *declared, const char **refused)
{
    json_t *values = json_array(), *setting;
    size_t i;
    json_array_foreach (declared, i, setting) {
        void *case_of_kind = json_object_iter(json_object_get(setting, "kind"));
        const json_t *kind = json_object_iter_value(case_of_kind);
        json_t *fallback = json_object_get(kind, "default");
        const char *name = json_string_value(json_object_get(setting, "name"));
        const json_t *set = json_object_get(settings, name);
        json_t *value = set ? setting_value(set, json_object_iter_key(case_of_kind), kind) : NULL;
        if (set && !value && refused) *refused = name;
        if (!value && json_is_boolean(fallback)) value = json_integer(json_is_true(fallback));
        if (!value) value = json_incref(fallback);
        json_array_append_new(values, value);
    }
    return values;
}
