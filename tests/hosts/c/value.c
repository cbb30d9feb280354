#include "value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef wasmtime_component_val_t value_t;
typedef wasmtime_component_valtype_t type_t;

static bool is_number(const json_t *json, uint64_t *number)
{
    if (json_is_integer(json)) {
        *number = (uint64_t)json_integer_value(json);
        return json_integer_value(json) >= 0;
    }
    const char *digits = json_string_value(json);
    if (!digits || digits[0] < '0' || digits[0] > '9') return false;
    char *end;
    errno = 0;
    *number = strtoull(digits, &end, 10);
    return errno == 0 && *end == '\0';
}

uint64_t number_of(const json_t *json)
{
    uint64_t number;
    return is_number(json, &number) ? number : 0;
}

json_t *digits_of(uint64_t number)
{
    return json_sprintf("%" PRIu64, number);
}

void number_to_value(uint64_t number, uint8_t kind, value_t *value)
{
    value->kind = kind;
    switch (kind) {
    case WASMTIME_COMPONENT_U8: value->of.u8 = (uint8_t)number; break;
    case WASMTIME_COMPONENT_U16: value->of.u16 = (uint16_t)number; break;
    case WASMTIME_COMPONENT_U32: value->of.u32 = (uint32_t)number; break;
    default: value->of.u64 = number;
    }
}

static bool number_from_json(const json_t *json, uint64_t max, uint8_t kind, value_t *value)
{
    uint64_t number;
    if (!is_number(json, &number) || number > max) return false;
    number_to_value(number, kind, value);
    return true;
}

static bool signed_from_json(const json_t *json, value_t *value)
{
    value->kind = WASMTIME_COMPONENT_S64;
    value->of.s64 = json_integer_value(json);
    return json_is_integer(json);
}

static bool text_from_json(const json_t *json, uint8_t kind, value_t *value)
{
    if (!json_is_string(json)) return false;
    value->kind = kind;
    wasm_byte_vec_new(&value->of.string, json_string_length(json), json_string_value(json));
    return true;
}

static bool list_from_json(const json_t *json, const type_t *type, value_t *value)
{
    if (!json_is_array(json)) return false;
    value->kind = WASMTIME_COMPONENT_LIST;
    wasmtime_component_vallist_new_uninit(&value->of.list, json_array_size(json));
    type_t element;
    wasmtime_component_list_type_element(type->of.list, &element);
    bool fits = true;
    for (size_t i = 0; fits && i < value->of.list.size; i++)
        fits = value_from_json(json_array_get(json, i), &element, &value->of.list.data[i]);
    wasmtime_component_valtype_delete(&element);
    return fits;
}

static bool record_from_json(const json_t *json, const type_t *type, value_t *value)
{
    value->kind = WASMTIME_COMPONENT_RECORD;
    size_t size = wasmtime_component_record_type_field_count(type->of.record);
    wasmtime_component_valrecord_new_uninit(&value->of.record, size);
    bool fits = true;
    const char *name;
    size_t length;
    type_t field;
    for (size_t i = 0; fits && i < size; i++) {
        wasmtime_component_record_type_field_nth(type->of.record, i, &name, &length, &field);
        wasm_byte_vec_new(&value->of.record.data[i].name, length, name);
        fits = value_from_json(json_object_getn(json, name, length), &field, &value->of.record.data[i].val);
        wasmtime_component_valtype_delete(&field);
    }
    return fits;
}

/* The payload of a variant, an option or a result is on wasmtime's heap. Deletes the type. */
static bool payload_from_json(const json_t *json, type_t *type, value_t **payload)
{
    value_t value;
    bool fits = value_from_json(json, type, &value);
    *payload = wasmtime_component_val_new(&value);
    wasmtime_component_valtype_delete(type);
    return fits;
}

static bool variant_from_json(const json_t *json, const type_t *type, value_t *value)
{
    const char *name;
    size_t length;
    bool has_payload;
    type_t payload;
    for (size_t i = 0; wasmtime_component_variant_type_case_nth(type->of.variant, i, &name, &length, &has_payload,
                                                                &payload); i++) {
        const json_t *given = json_object_getn(json, name, length);
        if (given) {
            value->kind = WASMTIME_COMPONENT_VARIANT;
            wasm_byte_vec_new(&value->of.variant.discriminant, length, name);
            value->of.variant.val = NULL;
            return !has_payload || payload_from_json(given, &payload, &value->of.variant.val);
        }
        if (has_payload) wasmtime_component_valtype_delete(&payload);
    }
    return false;
}

static bool option_from_json(const json_t *json, const type_t *type, value_t *value)
{
    value->kind = WASMTIME_COMPONENT_OPTION;
    value->of.option = NULL;
    if (json_is_null(json)) return true;
    type_t payload;
    wasmtime_component_option_type_ty(type->of.option, &payload);
    return payload_from_json(json, &payload, &value->of.option);
}

static bool result_from_json(const json_t *json, const type_t *type, value_t *value)
{
    const json_t *ok = json_object_get(json, "ok"), *err = json_object_get(json, "err");
    if (!ok == !err) return false;
    value->kind = WASMTIME_COMPONENT_RESULT;
    value->of.result.is_ok = ok;
    value->of.result.val = NULL;
    type_t payload;
    bool has_payload = ok ? wasmtime_component_result_type_ok(type->of.result, &payload)
                          : wasmtime_component_result_type_err(type->of.result, &payload);
    return !has_payload || payload_from_json(ok ? ok : err, &payload, &value->of.result.val);
}

bool value_from_json(const json_t *json, const type_t *type, value_t *value)
{
    value->kind = WASMTIME_COMPONENT_BOOL;
    value->of.boolean = json_is_true(json);
    switch (type->kind) {
    case WASMTIME_COMPONENT_VALTYPE_BOOL: return json_is_boolean(json);
    case WASMTIME_COMPONENT_VALTYPE_U8: return number_from_json(json, UINT8_MAX, WASMTIME_COMPONENT_U8, value);
    case WASMTIME_COMPONENT_VALTYPE_U16: return number_from_json(json, UINT16_MAX, WASMTIME_COMPONENT_U16, value);
    case WASMTIME_COMPONENT_VALTYPE_U32: return number_from_json(json, UINT32_MAX, WASMTIME_COMPONENT_U32, value);
    case WASMTIME_COMPONENT_VALTYPE_U64: return number_from_json(json, UINT64_MAX, WASMTIME_COMPONENT_U64, value);
    case WASMTIME_COMPONENT_VALTYPE_S64: return signed_from_json(json, value);
    case WASMTIME_COMPONENT_VALTYPE_STRING: return text_from_json(json, WASMTIME_COMPONENT_STRING, value);
    case WASMTIME_COMPONENT_VALTYPE_ENUM: return text_from_json(json, WASMTIME_COMPONENT_ENUM, value);
    case WASMTIME_COMPONENT_VALTYPE_LIST: return list_from_json(json, type, value);
    case WASMTIME_COMPONENT_VALTYPE_RECORD: return record_from_json(json, type, value);
    case WASMTIME_COMPONENT_VALTYPE_VARIANT: return variant_from_json(json, type, value);
    case WASMTIME_COMPONENT_VALTYPE_OPTION: return option_from_json(json, type, value);
    case WASMTIME_COMPONENT_VALTYPE_RESULT: return result_from_json(json, type, value);
    default: return false;
    }
}

static json_t *list_to_json(const value_t *elements, size_t size)
{
    json_t *list = json_array();
    for (size_t i = 0; i < size; i++) json_array_append_new(list, value_to_json(&elements[i]));
    return list;
}

static json_t *record_to_json(const wasmtime_component_valrecord_t *record)
{
    json_t *object = json_object();
    for (size_t i = 0; i < record->size; i++) {
        const wasm_name_t *name = &record->data[i].name;
        json_object_setn_new(object, name->data, name->size, value_to_json(&record->data[i].val));
    }
    return object;
}

static json_t *case_to_json(const char *name, size_t length, const value_t *payload)
{
    json_t *object = json_object();
    json_object_setn_new(object, name, length, payload ? value_to_json(payload) : json_null());
    return object;
}

json_t *value_to_json(const value_t *value)
{
    switch (value->kind) {
    case WASMTIME_COMPONENT_BOOL: return json_boolean(value->of.boolean);
    case WASMTIME_COMPONENT_U8: return json_integer(value->of.u8);
    case WASMTIME_COMPONENT_U16: return json_integer(value->of.u16);
    case WASMTIME_COMPONENT_U32: return json_integer(value->of.u32);
    case WASMTIME_COMPONENT_U64: return digits_of(value->of.u64);
    case WASMTIME_COMPONENT_S64: return json_integer(value->of.s64);
    case WASMTIME_COMPONENT_STRING:
    case WASMTIME_COMPONENT_ENUM: return json_stringn(value->of.string.data, value->of.string.size);
    case WASMTIME_COMPONENT_LIST: return list_to_json(value->of.list.data, value->of.list.size);
    case WASMTIME_COMPONENT_RECORD: return record_to_json(&value->of.record);
    case WASMTIME_COMPONENT_VARIANT: {
        const wasm_name_t *name = &value->of.variant.discriminant;
        return case_to_json(name->data, name->size, value->of.variant.val);
    }
    case WASMTIME_COMPONENT_OPTION: return value->of.option ? value_to_json(value->of.option) : json_null();
    case WASMTIME_COMPONENT_RESULT:
        return value->of.result.is_ok ? case_to_json("ok", 2, value->of.result.val)
                                      : case_to_json("err", 3, value->of.result.val);
    default: return json_null();
    }
}
