#include "dialer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The file's bytes, to be freed; NULL where it cannot be read. */
static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    char *bytes = NULL;
    size_t capacity = 0;
    *size = 0;
    do {
        capacity = capacity ? 2 * capacity : 1 << 20;
        bytes = realloc(bytes, capacity);
        if (!bytes) abort();
        *size += fread(bytes + *size, 1, capacity - *size, file);
    } while (*size == capacity);
    bool failed = ferror(file);
    fclose(file);
    if (!failed) return bytes;
    free(bytes);
    return NULL;
}

static int run(const char *command, struct policy *policy)
{
    return strcmp(command, "days") == 0 ? tell(policy) : answer_cases(policy);
}

int main(int count, char **arguments)
{
    bool understood = count == 3 && (strcmp(arguments[1], "days") == 0 || strcmp(arguments[1], "conformance") == 0);
    if (!understood) return fprintf(stderr, "say `days POLICY.wasm` or `conformance POLICY.wasm`\n"), 2;
    size_t size;
    char *bytes = read_file(arguments[2], &size);
    if (!bytes) return perror(arguments[2]), EXIT_FAILURE;
    struct policy policy;
    wasmtime_error_t *error = policy_load(&policy, bytes, size, IMPORTS);
    int code = EXIT_FAILURE;
    if (error) {
        json_t *words = words_of(error);
        fprintf(stderr, "error: %s: %s\n", arguments[2], json_string_value(words));
        json_decref(words);
    } else {
        code = run(arguments[1], &policy);
    }
    policy_delete(&policy);
    free(bytes);
    return code;
}
