/* chat.*: messages of a room by what was done with them, threads, searches, and what has changed
 * since a moment. Runs on readers. */
#include "api/api.h"
#include "api/messages.h"
#include "api/schemas.h"
#include "base/clock.h"
#include "domain/fault.h"
#include "domain/message_marks.h"
#include "store/message_marks.h"
#include "store/subscription.h"

enum { CHANGES_MAX = 1000, SEARCH_COUNT = 20 };

/* --- parameters --- */

static bool find_seen(struct rd *rd, const struct call *call, struct str id, struct room **out,
                      struct err *err)
{
    *out = room_find(rd, id);
    if (*out != NULL && room_visible(rd, call->user_id, *out))
        return true;
    return fault(err, "error-not-allowed", "Not allowed");
}

static bool take_moment(const struct call *call, const char *name, int64_t *out, struct err *err)
{
    if (clock_parse_iso(call_param(call, name), out))
        return true;
    return fault(err, "error-invalid-date", "The \"%s\" query parameter must be a valid date.",
                 name);
}

static bool check_threads(const struct rd *rd, struct err *err)
{
    return catalog_setting_bool(rd->catalog, SETTING_THREADS_ENABLED) ||
           fault(err, "error-not-allowed", "Threads Disabled");
}

/* --- by mark --- */

static bool answer_marked(struct rd *rd, struct call *call, struct message_filter filter,
                          struct err *err)
{
    struct room *room;
    if (!find_seen(rd, call, call_param(call, "roomId"), &room, err))
        return false;
    filter.room_seq = room->seq;
    return answer_messages(rd, call, &filter, err);
}

static bool get_starred(struct rd *rd, struct call *call, struct err *err)
{
    return answer_marked(rd, call, (struct message_filter){.starred = call->user_id}, err);
}

static bool get_pinned(struct rd *rd, struct call *call, struct err *err)
{
    return answer_marked(rd, call, (struct message_filter){.pinned = true}, err);
}

static bool get_mentioned(struct rd *rd, struct call *call, struct err *err)
{
    return answer_marked(rd, call, (struct message_filter){.mentioned = call->user_id}, err);
}

/* There are no discussions here, so no message begins one. */
static bool get_discussions(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room;
    if (!find_seen(rd, call, call_param(call, "roomId"), &room, err))
        return false;
    struct page page = call_page(call);
    struct message_list none = {.count = 0};
    put_messages(rd, call, &none);
    struct json_out o = call_members(call);
    call_page_members(&o, &page, 0, 0);
    return true;
}

static bool search(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room;
    struct str text = call_param(call, "searchText");
    if (!find_seen(rd, call, call_param(call, "roomId"), &room, err))
        return false;
    if (text.len > SEARCH_BYTES)
        return refuse(err, "The text to search for may have %d bytes.", SEARCH_BYTES);
    struct page page = call_page(call);
    if (!call_has(call, "count"))
        page.count = SEARCH_COUNT;
    struct message_list found = messages_search(rd, room->seq, text, page.offset, page.count);
    put_messages(rd, call, &found);
    return true;
}

/* --- what was deleted --- */

static void put_removals(struct json_out *o, const char *key, const struct removal_list *removals,
                         bool with_moment)
{
    json_key(o, key);
    struct json_out list = json_begin(o->buf, '[');
    for (size_t i = 0; i < removals->count; i++) {
        json_item(&list);
        struct json_out entry = json_begin(o->buf, '{');
        json_member_str(&entry, "_id", removals->items[i].id);
        if (with_moment)
            json_member_time(&entry, "_deletedAt", removals->items[i].removed_at_ms);
        json_end(&entry);
    }
    json_end(&list);
}

static bool get_deleted(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room;
    struct change_span span = {.after_ms = 0};
    if (!find_seen(rd, call, call_param(call, "roomId"), &room, err) ||
        !take_moment(call, "since", &span.after_ms, err))
        return false;
    struct page page = call_page(call);
    struct removal_list list = messages_removed_page(rd, room->seq, &span, page.offset, page.count);
    struct json_out o = call_members(call);
    put_removals(&o, "messages", &list, false);
    call_page_members(&o, &page, (int64_t)list.count, messages_removed_total(rd, room->seq, &span));
    return true;
}

/* --- chat.syncMessages: all since a moment, or page by page --- */

static void put_changes(struct rd *rd, struct call *call, const struct room *room,
                        const struct change_span *span)
{
    struct message_list updated = messages_changed(rd, room->seq, span, CHANGES_MAX);
    struct removal_list deleted = messages_removed_page(rd, room->seq, span, 0, CHANGES_MAX);
    struct json_out o = call_members(call);
    json_key(&o, "result");
    struct json_out result = json_begin(&call->out, '{');
    put_message_list(rd, call, &result, "updated", &updated);
    put_removals(&result, "deleted", &deleted, true);
    json_end(&result);
}

static bool sync_all(struct rd *rd, struct call *call, const struct room *room, struct err *err)
{
    struct change_span span = {.after_ms = 0};
    if (!clock_parse_iso(call_param(call, "lastUpdate"), &span.after_ms))
        return fault(err, "error-lastUpdate-param-invalid",
                     "The \"lastUpdate\" query parameter must be a valid date");
    put_changes(rd, call, room, &span);
    return true;
}

/* A cursor is the moment of a change. */
static bool take_cursor(const struct call *call, struct change_span *span, struct err *err)
{
    struct str next = call_param(call, "next"), previous = call_param(call, "previous");
    *span = (struct change_span){.oldest_first = str_empty(previous)};
    if (!str_empty(next) && !str_empty(previous))
        return fault(err, "error-cursor-conflict",
                     "You cannot provide both \"next\" and \"previous\" parameters");
    if ((!str_empty(next) && !str_to_i64(next, &span->after_ms)) ||
        (!str_empty(previous) && !str_to_i64(previous, &span->before_ms)))
        return fault(err, "error-cursor-invalid", "The cursor must be a number of milliseconds");
    return true;
}

static void put_end(struct json_out *o, struct arena *a, const char *key, bool known, int64_t ms)
{
    if (known)
        json_member_str(o, key, arena_fmt(a, "%lld", (long long)ms));
    else
        json_member_raw(o, key, STR("null"));
}

/* Where to go on: behind the last one if there are more, and back from the first. */
struct page_ends {
    int64_t first_ms, last_ms;
    bool any, more;
};

/* How many of the `found` make a page of `count`, one more than which was looked for. A moment's
 * changes stay together, for a cursor cannot stand between them. */
static size_t cut_page(const int64_t *moments, size_t found, size_t count, struct page_ends *ends)
{
    size_t taken = found;
    if (found > count) {
        taken = count;
        while (taken > 0 && moments[taken - 1] == moments[count])
            taken--;
        if (taken == 0)
            taken = count;
    }
    *ends = (struct page_ends){.any = taken > 0, .more = taken < found};
    if (taken > 0) {
        ends->first_ms = moments[0];
        ends->last_ms = moments[taken - 1];
    }
    return taken;
}

static void put_cursor(struct json_out *o, const struct call *call, const struct change_span *span,
                       const struct page_ends *ends)
{
    json_key(o, "cursor");
    struct json_out cursor = json_begin(o->buf, '{');
    bool back = !span->oldest_first, inside = ends->any && span->after_ms != 0;
    put_end(&cursor, call->arena, "next", back ? ends->any : ends->more,
            back ? ends->first_ms : ends->last_ms);
    put_end(&cursor, call->arena, "previous", back ? ends->more : inside,
            back ? ends->last_ms : ends->first_ms);
    json_end(&cursor);
}

static struct page_ends put_updated(struct rd *rd, struct call *call, struct json_out *o,
                                    const struct room *room, const struct change_span *span,
                                    int64_t count)
{
    struct page_ends ends;
    struct message_list list = messages_changed(rd, room->seq, span, count + 1);
    int64_t *moments = ARENA_ARRAY(rd->arena, int64_t, list.count);
    for (size_t i = 0; i < list.count; i++)
        moments[i] = list.items[i]->updated_at_ms;
    list.count = cut_page(moments, list.count, (size_t)count, &ends);
    put_message_list(rd, call, o, "updated", &list);
    return ends;
}

static struct page_ends put_deleted(struct rd *rd, struct json_out *o, const struct room *room,
                                    const struct change_span *span, int64_t count)
{
    struct page_ends ends;
    struct removal_list list = messages_removed_page(rd, room->seq, span, 0, count + 1);
    int64_t *moments = ARENA_ARRAY(rd->arena, int64_t, list.count);
    for (size_t i = 0; i < list.count; i++)
        moments[i] = list.items[i].removed_at_ms;
    list.count = cut_page(moments, list.count, (size_t)count, &ends);
    put_removals(o, "deleted", &list, true);
    return ends;
}

static bool sync_page(struct rd *rd, struct call *call, const struct room *room, struct err *err)
{
    struct change_span span;
    bool updated = str_is(call_param(call, "type"), "UPDATED");
    if (!updated && !str_is(call_param(call, "type"), "DELETED"))
        return fault(err, "error-type-param-not-supported",
                     "The \"type\" parameter must be either \"UPDATED\" or \"DELETED\"");
    if (!take_cursor(call, &span, err))
        return false;
    int64_t count = call_page(call).count;
    count = count < CHANGES_MAX ? count : CHANGES_MAX;
    struct json_out o = call_members(call);
    json_key(&o, "result");
    struct json_out result = json_begin(&call->out, '{');
    struct page_ends ends = updated ? put_updated(rd, call, &result, room, &span, count)
                                    : put_deleted(rd, &result, room, &span, count);
    put_cursor(&result, call, &span, &ends);
    json_end(&result);
    return true;
}

static bool sync_messages(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room;
    bool typed = !str_empty(call_param(call, "type"));
    if (str_empty(call_param(call, "roomId")))
        return fault(err, "error-param-required", "The required \"roomId\" query param is missing");
    if (!typed && str_empty(call_param(call, "lastUpdate")))
        return fault(err, "error-param-required",
                     "The \"type\" or \"lastUpdate\" parameters must be provided");
    if (!find_seen(rd, call, call_param(call, "roomId"), &room, err))
        return false;
    return (typed ? sync_page : sync_all)(rd, call, room, err);
}

/* --- threads --- */

static bool keeps_following(const struct thread_filter *self, const struct message *m)
{
    return message_follows(m, self->user_id) && text_holds(message_text(m), self->text);
}

static bool keeps_unread(const struct thread_filter *self, const struct message *m)
{
    int64_t replied_at_ms = 0;
    return keeps_following(self, m) &&
           clock_parse_iso(json_get_str(m->doc, "tlm"), &replied_at_ms) &&
           replied_at_ms > self->seen_at_ms;
}

static bool keeps_text(const struct thread_filter *self, const struct message *m)
{
    return text_holds(message_text(m), self->text);
}

static void take_type(struct rd *rd, const struct call *call, struct str room_id,
                      struct thread_filter *filter)
{
    struct str type = call_param(call, "type");
    const struct subscription *s = subscription_find(rd, room_id, call->user_id);
    filter->user_id = call->user_id;
    filter->text = call_param(call, "text");
    filter->seen_at_ms = s != NULL ? s->seen_at_ms : 0;
    if (str_is(type, "following"))
        filter->keep = keeps_following;
    else if (str_is(type, "unread"))
        filter->keep = keeps_unread;
    else if (!str_empty(filter->text))
        filter->keep = keeps_text;
}

static bool get_threads(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room;
    if (!check_threads(rd, err) || !find_seen(rd, call, call_param(call, "rid"), &room, err))
        return false;
    struct thread_filter filter = {.room_seq = room->seq};
    take_type(rd, call, room->id, &filter);
    struct page page = call_page(call);
    int64_t total;
    struct message_list list = threads_page(rd, &filter, page.offset, page.count, &total);
    struct json_out o = call_members(call);
    put_message_list(rd, call, &o, "threads", &list);
    call_page_members(&o, &page, (int64_t)list.count, total);
    return true;
}

/* What was deleted is told whether or not it belonged to a thread. */
static void put_sync(struct rd *rd, struct call *call, const char *key, const struct room *room,
                     const struct message_list *update, int64_t since_ms)
{
    struct change_span span = {.after_ms = since_ms};
    struct removal_list gone = messages_removed_page(rd, room->seq, &span, 0, CHANGES_MAX);
    struct json_out o = call_members(call);
    json_key(&o, key);
    struct json_out inside = json_begin(&call->out, '{');
    put_message_list(rd, call, &inside, "update", update);
    put_removals(&inside, "remove", &gone, true);
    json_end(&inside);
}

static bool sync_threads(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room;
    struct thread_filter filter = {.room_seq = 0};
    int64_t total;
    if (!check_threads(rd, err) || !find_seen(rd, call, call_param(call, "rid"), &room, err) ||
        !take_moment(call, "updatedSince", &filter.changed_after_ms, err))
        return false;
    filter.room_seq = room->seq;
    struct message_list list = threads_page(rd, &filter, 0, CHANGES_MAX, &total);
    put_sync(rd, call, "threads", room, &list, filter.changed_after_ms);
    return true;
}

static bool sync_thread(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room;
    struct message_filter filter = {.oldest_first = true};
    const struct message *parent = message_find(rd, call_param(call, "tmid"));
    if (!check_threads(rd, err))
        return false;
    if (parent == NULL)
        return fault(err, "error-invalid-message", "Invalid Message");
    if (!find_seen(rd, call, parent->room_id, &room, err) ||
        !take_moment(call, "updatedSince", &filter.changed_after_ms, err))
        return false;
    filter.room_seq = room->seq;
    filter.thread_id = parent->id;
    struct page page = call_page(call);
    struct message_list list = messages_page(rd, &filter, page.offset, page.count);
    put_sync(rd, call, "messages", room, &list, filter.changed_after_ms);
    return true;
}

/* --- chat.getURLPreview --- */

/* What lies behind the address is not fetched. */
static bool preview_url(struct rd *rd, struct call *call, struct err *err)
{
    struct room *room;
    if (!find_seen(rd, call, call_param(call, "roomId"), &room, err))
        return false;
    struct json_out o = call_members(call);
    json_key(&o, "urlPreview");
    struct json_out preview = json_begin(&call->out, '{');
    json_member_str(&preview, "url", call_param(call, "url"));
    json_member_raw(&preview, "meta", STR("{}"));
    json_end(&preview);
    return true;
}

#define CHAT(name, of, ask)                                                                        \
    {                                                                                              \
        .method = HTTP_GET, .path = "/api/v1/chat." name, .schema = &schema_chat_##of, .steps = {  \
            ON_READ(ask)                                                                           \
        }                                                                                          \
    }

const struct endpoint endpoints_chat_lists[] = {
    CHAT("getStarredMessages", room_page, get_starred),
    CHAT("getPinnedMessages", room_page, get_pinned),
    CHAT("getMentionedMessages", room_page, get_mentioned),
    CHAT("getDeletedMessages", room_since, get_deleted),
    CHAT("getDiscussions", room_page, get_discussions),
    CHAT("search", search, search),
    CHAT("syncMessages", sync_messages, sync_messages),
    CHAT("getThreadsList", threads_list, get_threads),
    CHAT("syncThreadsList", sync_threads_list, sync_threads),
    CHAT("syncThreadMessages", sync_thread_messages, sync_thread),
    CHAT("getURLPreview", url_preview, preview_url),
    {.path = NULL},
};
