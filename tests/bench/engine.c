/* The bare engine: calls of one script, one after the other, with nothing around them.
 *
 *     bench_engine SCRIPT ARGUMENT SECONDS
 *
 * ARGUMENT is a file with the JSON that the method gets. Prints one JSON object: how many calls,
 * and the microseconds of CPU time that each took. One thread, no jail, no pool. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "worker/engine.h"

enum { TEXT_MAX = 8 << 20 };

static int64_t cpu_us(void)
{
    struct timespec used;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

static struct str read_file(const char *path)
{
    char *text = malloc(TEXT_MAX);
    FILE *file = fopen(path, "rb");
    if (text == NULL || file == NULL) {
        (void)fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    size_t len = fread(text, 1, TEXT_MAX, file);
    (void)fclose(file);
    return str_from(text, len);
}

static void begin(struct engine *e, uint32_t flags)
{
    struct frame frame = {.kind = FRAME_CALL,
                          .flags = flags,
                          .state = engine_state(e),
                          .cpu_us = 3000000,
                          .heap_bytes = 8 << 20,
                          .result_bytes = 1 << 20,
                          .console_lines = 100,
                          .console_line_bytes = 4096};
    if (!slice_begin(e, &frame))
        exit(1);
}

static void must_be_done(const struct engine *e, const char *what)
{
    if (e->end == FRAME_DONE)
        return;
    (void)fprintf(stderr, "%s: %.*s\n", what, STR_FMT(buf_str(&e->text)));
    exit(1);
}

int main(int argc, char **argv)
{
    static struct engine engine;
    struct err err;
    if (argc != 4)
        return 2;
    digest_init();
    int channel = memfd_create("bench", MFD_CLOEXEC);
    if (channel < 0 || ftruncate(channel, CHANNEL_BYTES) != 0 ||
        !engine_open(&engine, channel, &err))
        return 1;
    struct str source = read_file(argv[1]), argument = read_file(argv[2]);
    begin(&engine, FRAME_FRESH);
    slice_evaluate(&engine, source, true);
    must_be_done(&engine, "evaluation");
    int64_t from_us = cpu_us(), until_us = from_us + strtol(argv[3], NULL, 10) * 1000000;
    long calls = 0;
    for (; cpu_us() < until_us; calls++) {
        begin(&engine, 0);
        slice_call(&engine, STR("process_incoming_request"), argument, STR(""));
        must_be_done(&engine, "call");
    }
    printf("{\"calls\":%ld,\"us\":%.2f}\n", calls, (double)(cpu_us() - from_us) / (double)calls);
    return 0;
}
