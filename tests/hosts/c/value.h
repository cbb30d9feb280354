/* Values of the component model as JSON and back, with the contract's names.
 *
 * A record is an object; a variant and a result are an object with one field, the case; an option without a value is
 * null; an enum is a text. u64 is a string of digits, because neither a double nor jansson's integer can hold every
 * value. Only the kinds that the contract uses are converted. */
#ifndef VALUE_H
#define VALUE_H

#include <jansson.h>
#include <wasmtime.h>
#include <wasmtime/component.h>

/* The 64-bit number in a string of digits or an integer; 0 if it is neither. */
uint64_t number_of(const json_t *json);
json_t *digits_of(uint64_t number);

/* The number as one of wasmtime's unsigned integers. */
void number_to_value(uint64_t number, uint8_t kind, wasmtime_component_val_t *value);

/* Whether the JSON is of this type. Delete `value` either way. */
bool value_from_json(const json_t *json, const wasmtime_component_valtype_t *type, wasmtime_component_val_t *value);
json_t *value_to_json(const wasmtime_component_val_t *value);

#endif
