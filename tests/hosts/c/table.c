#include "table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    U8 = WASMTIME_COMPONENT_U8,
    U16 = WASMTIME_COMPONENT_U16,
    U32 = WASMTIME_COMPONENT_U32,
    U64 = WASMTIME_COMPONENT_U64
};
enum { STATUSES = 4, YES_NO = 2 };

const struct table_kind MONITORED = {"monitored-table",
                                     {{"numbers", U64, 0},
                                      {"slots", U32, 0},
                                      {"statuses", U8, STATUSES},
                                      {"status-since", U64, 0},
                                      {"monitored-since", U64, 0},
                                      {"flagging-checks", U8, 0},
                                      {"clearing-checks", U8, 0},
                                      {"last-rated-at", U64, 0},
                                      {"evidence-until", U64, 0},
                                      {"suspect-since", U64, 0},
                                      {"resting-since", U64, 0},
                                      {"replacement-pending", U8, YES_NO},
                                      {0}}};
const struct table_kind REVIEWS = {"review-table",
                                   {{"numbers", U64, 0},
                                    {"statuses", U8, STATUSES},
                                    {"flagging-checks", U8, 0},
                                    {"clearing-checks", U8, 0},
                                    {"flagging", U16, 0},
                                    {"answering", U16, 0},
                                    {"evidence-until", U64, 0},
                                    {0}}};
const struct table_kind CALLS = {
    "call-table", {{"attempts", U32, 0}, {"answered", U32, 0}, {"short", U32, 0}, {"blocked", U32, 0}, {0}}};
const struct table_kind HOURS = {"calls",
                                 {{"numbers", U64, 0},
                                  {"at", U64, 0},
                                  {"attempts", U32, 0},
                                  {"answered", U32, 0},
                                  {"short", U32, 0},
                                  {"blocked", U32, 0},
                                  {0}}};
const struct table_kind SUSPECTS = {
    "suspect-table", {{"numbers", U64, 0}, {"attempts", U32, 0}, {"answered", U32, 0}, {"blocked", U32, 0}, {0}}};
const struct table_kind CANDIDATES = {"candidate-table",
                                      {{"numbers", U64, 0}, {"price-cents", U32, 0}, {"rested", U8, YES_NO}, {0}}};
const struct table_kind RESTED = {"rested-table",
                                  {{"numbers", U64, 0}, {"resting-since", U64, 0}, {"rests", U8, 0}, {0}}};
const struct table_kind FLAGS = {"flag-table", {{"numbers", U64, 0}, {"at", U64, 0}, {0}}};
const struct table_kind CARRIERS = {"verdict-table", {{"carriers", U16, 0}, {0}}};
const struct table_kind VERDICTS = {"verdict-table", {{"scores", U8, 0}, {"observed-at", U64, 0}, {0}}};
const struct table_kind NUMBERS = {"verdicts", {{"numbers", U64, 0}, {0}}};

static size_t width(const struct table *table)
{
    size_t columns = 0;
    while (table->kind->columns[columns].name) columns++;
    return columns;
}

void table_insert(struct table *table, size_t place, const void *row)
{
    if (table->count == table->capacity) {
        table->capacity = table->capacity ? table->capacity * 2 : 16;
        for (size_t i = 0; i < width(table); i++) {
            table->columns[i] = realloc(table->columns[i], table->capacity * sizeof(uint64_t));
            if (!table->columns[i]) abort();
        }
    }
    for (size_t i = 0; i < width(table); i++)
        memmove(&table->columns[i][place + 1], &table->columns[i][place], (table->count - place) * sizeof(uint64_t));
    table->count++;
    table_set(table, place, row);
}

void table_append(struct table *table, const void *row) { table_insert(table, table->count, row); }

void table_remove(struct table *table, size_t place)
{
    table->count--;
    for (size_t i = 0; i < width(table); i++)
        memmove(&table->columns[i][place], &table->columns[i][place + 1], (table->count - place) * sizeof(uint64_t));
}

void table_set(struct table *table, size_t place, const void *row)
{
    for (size_t i = 0; i < width(table); i++) table->columns[i][place] = ((const uint64_t *)row)[i];
}

void table_get(const struct table *table, size_t place, void *row)
{
    for (size_t i = 0; i < width(table); i++) ((uint64_t *)row)[i] = table->columns[i][place];
}

void table_delete(struct table *table)
{
    for (size_t i = 0; i < COLUMNS_MAX; i++) free(table->columns[i]);
    *table = (struct table){.kind = table->kind};
}

struct table table_copy(const struct table *table)
{
    struct table copy = {.kind = table->kind};
    uint64_t row[COLUMNS_MAX];
    for (size_t i = 0; i < table->count; i++) {
        table_get(table, i, row);
        table_append(&copy, row);
    }
    return copy;
}

bool table_equal(const struct table *one, const struct table *other)
{
    bool equal = one->kind == other->kind && one->count == other->count;
    for (size_t i = 0; equal && one->count > 0 && i < width(one); i++)
        equal = memcmp(one->columns[i], other->columns[i], one->count * sizeof(uint64_t)) == 0;
    return equal;
}

struct table table_part(const struct table *table, size_t from, size_t to)
{
    struct table part = {.kind = table->kind};
    if (to > table->count) to = table->count;
    if (from >= to) return part;
    part.count = to - from;
    for (size_t i = 0; i < width(table); i++) part.columns[i] = table->columns[i] + from;
    return part;
}

size_t table_place(const struct table *table, uint64_t number)
{
    size_t from = 0, to = table->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (table->columns[0][middle] < number) from = middle + 1;
        else to = middle;
    }
    return from;
}

bool table_has(const struct table *table, uint64_t number, size_t *place)
{
    *place = table_place(table, number);
    return *place < table->count && table->columns[0][*place] == number;
}

static void column_to_value(const uint64_t *column, size_t count, uint8_t kind, wasmtime_component_val_t *value)
{
    value->kind = WASMTIME_COMPONENT_LIST;
    wasmtime_component_vallist_new_uninit(&value->of.list, count);
    for (size_t i = 0; i < count; i++) number_to_value(column[i], kind, &value->of.list.data[i]);
}

void tables_to_value(const struct table *const tables[], size_t size, wasmtime_component_val_t *value)
{
    size_t columns = 0, at = 0;
    for (size_t i = 0; i < size; i++) columns += width(tables[i]);
    value->kind = WASMTIME_COMPONENT_RECORD;
    wasmtime_component_valrecord_new_uninit(&value->of.record, columns);
    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; j < width(tables[i]); j++, at++) {
            const struct column *column = &tables[i]->kind->columns[j];
            wasm_byte_vec_new(&value->of.record.data[at].name, strlen(column->name), column->name);
            column_to_value(tables[i]->columns[j], tables[i]->count, column->kind, &value->of.record.data[at].val);
        }
}

bool table_from_json(struct table *table, const struct table_kind *kind, const json_t *json, char fault[FAULT_MAX])
{
    *table = (struct table){.kind = kind};
    const json_t *columns[COLUMNS_MAX];
    size_t count = json_array_size(json_object_get(json, kind->columns[0].name));
    for (size_t i = 0; i < width(table); i++) {
        columns[i] = json_object_get(json, kind->columns[i].name);
        if (json_is_array(columns[i]) && json_array_size(columns[i]) == count) continue;
        snprintf(fault, FAULT_MAX, "The column %s of the %s has another length than the first.", kind->columns[i].name,
                 kind->name);
        return false;
    }
    for (size_t place = 0; place < count; place++) {
        uint64_t row[COLUMNS_MAX];
        for (size_t i = 0; i < width(table); i++) {
            row[i] = number_of(json_array_get(columns[i], place));
            if (!kind->columns[i].codes || row[i] < kind->columns[i].codes) continue;
            snprintf(fault, FAULT_MAX, "The column %s of the %s has %" PRIu64 ", which does not exist.",
                     kind->columns[i].name, kind->name, row[i]);
            return false;
        }
        table_append(table, row);
    }
    return true;
}
