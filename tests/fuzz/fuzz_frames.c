/* Frames between the pool and a worker that may lie: both checks, then the texts of what passed.
 *
 * The input is a frame, as many of its bytes as there are, and behind it what lies in the channel.
 * What must hold: a frame that passed has texts that lie in the channel and a state whose image can
 * be copied, and what its JSON says survives being written and read again. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "script/protocol.h"

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check_state(const struct engine_state *state)
{
    uint64_t end = (uint64_t)state->pages * CHANNEL_PAGE;
    must(end <= CHANNEL_HEAP_BYTES && state->stack < end && state->root >= state->stack &&
         state->root < end);
}

/* As the pool does it: a copy first, then the tree. */
static void read_text(struct str text)
{
    struct arena a;
    struct buf once, twice;
    arena_init(&a, 64 << 20);
    buf_init(&once, 64 << 20);
    buf_init(&twice, 64 << 20);
    struct json *tree = json_parse(&a, arena_str(&a, text));
    if (tree != NULL) {
        json_put(&once, tree);
        struct json *again = json_parse(&a, buf_str(&once));
        must(again != NULL);
        json_put(&twice, again);
        must(str_eq(buf_str(&once), buf_str(&twice)));
    }
    buf_release(&once);
    buf_release(&twice);
    arena_release(&a);
}

static void read_texts(const struct frame *frame, struct str channel, uint32_t bytes)
{
    check_state(&frame->state);
    for (size_t i = 0; i < FRAME_TEXTS; i++) {
        const struct frame_text *text = &frame->texts[i];
        must((uint64_t)text->at + text->len <= bytes);
        read_text(str_slice(channel, text->at, (size_t)text->at + text->len));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct frame frame = {.kind = 0};
    size_t head = size < sizeof(frame) ? size : sizeof(frame);
    if (head > 0)
        memcpy(&frame, data, head);
    struct str channel = head < size ? str_from((const char *)data + head, size - head) : STR("");
    bool up = frame_check_up(&frame) == NULL, down = frame_check_down(&frame) == NULL;
    must(!(up && down));
    if (up)
        read_texts(&frame, channel, CHANNEL_UP_BYTES);
    if (down)
        read_texts(&frame, channel, CHANNEL_DOWN_BYTES);
    return 0;
}
