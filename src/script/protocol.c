/* The checks of protocol.h: tables of what may be in which frame. Pure; any thread. */
#include "script/protocol.h"

enum { STACK_ALIGN = 16, ROOT_ALIGN = 8 };

/* Of each kind: its direction, the flags it may have, and how many texts. */
static const struct {
    bool known, up;
    uint32_t flags;
    size_t texts;
} kinds[] = {
    [FRAME_CHECK] = {true, false, FRAME_SLOPPY | FRAME_FRESH, 1},
    [FRAME_EVALUATE] = {true, false, FRAME_SLOPPY | FRAME_FRESH, 1},
    [FRAME_CALL] = {true, false, FRAME_SLOPPY, 3},
    [FRAME_RESUME] = {true, false, FRAME_SLOPPY, 1},
    [FRAME_READY] = {true, true, FRAME_FRESH, 0},
    [FRAME_DONE] = {true, true, 0, 3},
    [FRAME_WAIT] = {true, true, 0, 2},
    [FRAME_BAD] = {true, true, 0, 2},
};

/* An image is the heap from `stack` to its end, and the root lies in it. */
static bool state_is_whole(const struct engine_state *s)
{
    const uint64_t end = (uint64_t)s->pages * CHANNEL_PAGE;
    return s->pages > 0 && end <= CHANNEL_HEAP_BYTES && s->stack % STACK_ALIGN == 0 &&
           s->root % ROOT_ALIGN == 0 && s->stack <= s->root && s->root < end;
}

static bool text_is_inside(const struct frame_text *text, uint32_t bytes)
{
    return text->at <= bytes && text->len <= bytes - text->at;
}

static const char *check(const struct frame *frame, bool up, uint32_t bytes)
{
    const size_t count = sizeof(kinds) / sizeof(kinds[0]);
    if (frame->kind >= count || !kinds[frame->kind].known || kinds[frame->kind].up != up)
        return "a frame of another kind";
    if ((frame->flags & ~kinds[frame->kind].flags) != 0)
        return "flags that its kind does not have";
    for (size_t i = 0; i < FRAME_TEXTS; i++) {
        if (!text_is_inside(&frame->texts[i], bytes))
            return "a text outside the channel";
        if (i >= kinds[frame->kind].texts && frame->texts[i].len > 0)
            return "a text that its kind does not have";
    }
    return state_is_whole(&frame->state) ? NULL : "a state that no engine can have";
}

const char *frame_check_up(const struct frame *frame)
{
    bool bad = frame->kind == FRAME_BAD;
    if (frame->verdict >= VERDICT_COUNT || bad != (frame->verdict != VERDICT_NONE))
        return "a verdict that does not fit";
    return check(frame, true, CHANNEL_UP_BYTES);
}

const char *frame_check_down(const struct frame *frame)
{
    if (frame->verdict != VERDICT_NONE)
        return "a verdict on the way down";
    return check(frame, false, CHANNEL_DOWN_BYTES);
}
