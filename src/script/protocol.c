/* What a frame may be: the checks of both sides, before a single text is looked at. Any thread. */
#include "script/protocol.h"

static const char *check_state(const struct engine_state *state)
{
    size_t end = (size_t)state->pages * CHANNEL_PAGE;
    if (end > CHANNEL_HEAP_BYTES)
        return "a heap larger than the channel's";
    if (state->stack >= end || state->root >= end)
        return "a state outside the heap";
    return NULL;
}

static const char *check_texts(const struct frame *frame, size_t room)
{
    for (size_t i = 0; i < FRAME_TEXTS; i++) {
        const struct frame_text *text = &frame->texts[i];
        if (text->at > room || text->len > room - text->at)
            return "a text outside the channel";
    }
    return NULL;
}

const char *frame_check_up(const struct frame *frame)
{
    if (frame->kind < FRAME_READY || frame->kind > FRAME_BAD)
        return "a kind that no worker sends";
    if (frame->verdict >= VERDICT_COUNT || (frame->kind == FRAME_BAD) != (frame->verdict != 0))
        return "a verdict that does not fit its kind";
    const char *why = check_state(&frame->state);
    return why != NULL ? why : check_texts(frame, CHANNEL_UP_BYTES);
}

const char *frame_check_down(const struct frame *frame)
{
    if (frame->kind < FRAME_CHECK || frame->kind > FRAME_RESUME)
        return "a kind that no pool sends";
    const char *why = check_state(&frame->state);
    return why != NULL ? why : check_texts(frame, CHANNEL_DOWN_BYTES);
}
