/* A small dialer with a Dialguard policy embedded.
 *
 *     ./dialer days POLICY.wasm          three days of it, and what happens when something fails
 *     ./dialer conformance POLICY.wasm   answers `dialguard conformance` */
#include "dialer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file's bytes; MAP_FAILED if it cannot be read. */
static void *read_file(const char *path, size_t *size)
{
    int file = open(path, O_RDONLY);
    if (file < 0) return MAP_FAILED;
    struct stat about = {0};
    fstat(file, &about);
    *size = (size_t)about.st_size;
    void *bytes = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    return bytes;
}

int main(int count, char **arguments)
{
    bool days = count == 3 && strcmp(arguments[1], "days") == 0;
    if (!days && !(count == 3 && strcmp(arguments[1], "conformance") == 0))
        return fputs("error: say `days POLICY.wasm` or `conformance POLICY.wasm`\n", stderr), 2;
    size_t size;
    void *bytes = read_file(arguments[2], &size);
    if (bytes == MAP_FAILED) return perror(arguments[2]), EXIT_FAILURE;
    struct policy policy;
    wasmtime_error_t *error = policy_load(&policy, bytes, size, IMPORTS);
    munmap(bytes, size);
    int code = EXIT_FAILURE;
    if (error) {
        json_t *words = words_of(error);
        fprintf(stderr, "error: %s: %s\n", arguments[2], json_string_value(words));
        json_decref(words);
    } else {
        code = days ? tell_days(&policy) : answer_cases(&policy);
    }
    policy_delete(&policy);
    return code;
}
