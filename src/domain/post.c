/* Posting to destinations; see post.h. Finding them is in post_target.c, the message they get in
 * post_content.c. Runs in a command. */
#include "domain/post.h"

#include "domain/fault.h"
#include "domain/message_rules.h"
#include "domain/post_parts.h"

enum { TARGETS_MAX = 100 }; /* that one post can name */

struct str fault_code(const struct err *err)
{
    if (err->type != NULL)
        return str_of(err->type);
    return err->text[0] != '\0' ? str_of(err->text) : STR("Unknown error");
}

/* --- sizes --- */

static bool fits(const struct catalog *catalog, const struct json *text)
{
    return !json_is(text, JSON_STRING) || message_fits(catalog, text->string);
}

bool post_check_size(const struct catalog *catalog, const struct json *content, struct err *err)
{
    bool ok = fits(catalog, json_get_lit(content, "text"));
    const struct json *attachments = json_get_lit(content, "attachments");
    if (json_is(attachments, JSON_ARRAY)) {
        for (const struct json *at = attachments->items.first; at != NULL; at = at->next)
            ok = ok && fits(catalog, json_get_lit(at, "text"));
    }
    return ok || refuse(err, "error-message-size-exceeded");
}

/* --- to whom --- */

static void add_once(struct str *names, size_t *count, struct str name)
{
    for (size_t i = 0; i < *count; i++)
        if (str_eq(names[i], name))
            return;
    names[(*count)++] = name;
}

/* A text, or the texts of an array. False: it names nobody. */
static bool names_in(struct arena *a, const struct json *value, struct str **out, size_t *count)
{
    bool one = json_is(value, JSON_STRING) && !str_empty(value->string);
    bool many = json_is(value, JSON_ARRAY) && value->items.count > 0;
    if (!one && !many)
        return false;
    *out = ARENA_ARRAY(a, struct str, one ? 1 : value->items.count);
    *count = 0;
    const struct json *item = one ? value : value->items.first;
    for (; item != NULL; item = one ? NULL : item->next)
        add_once(*out, count, item->kind == JSON_STRING ? item->string : STR(""));
    return true;
}

static bool find_names(struct arena *a, const struct poster *poster, const struct json *content,
                       struct str **out, size_t *count, struct err *err)
{
    *count = 0;
    if (!names_in(a, json_get_lit(content, "channel"), out, count) &&
        !names_in(a, json_get_lit(content, "roomId"), out, count)) {
        *out = ARENA_ARRAY(a, struct str, poster->channel_count);
        for (size_t i = 0; i < poster->channel_count; i++)
            add_once(*out, count, poster->channels[i]);
    }
    if (*count <= TARGETS_MAX)
        return true;
    return refuse(err, "A message can be posted to %d destinations at once.", TARGETS_MAX);
}

/* --- posting --- */

static bool find_target(struct tx *tx, const struct poster *poster, struct str name,
                        struct room **out, struct err *err)
{
    return target_find(tx, poster->user, name, out, err) &&
           message_may_send(tx_rd(tx), poster->user, *out, err);
}

static bool store(struct tx *tx, const struct poster *poster, const struct json *content,
                  struct room *room, struct post_result *result, struct err *err)
{
    struct message *m = content_message(tx->rd.arena, poster, content, err);
    if (m == NULL)
        return false;
    m->depth = poster->depth;
    if (!message_store(tx, poster->user, room, m, err))
        return false;
    result->message = m;
    return true;
}

static void post_separately(struct tx *tx, const struct poster *poster, const struct json *content,
                            struct posted *posted)
{
    for (size_t i = 0; i < posted->count; i++) {
        struct post_result *result = &posted->results[i];
        struct err err = ERR_NONE;
        struct room *room;
        if (find_target(tx, poster, result->channel, &room, &err) &&
            store(tx, poster, content, room, result, &err))
            posted->sent++;
        else
            result->error = err.type == NULL && err.text[0] == '\0'
                                ? STR("unknown-error")
                                : arena_str(tx->rd.arena, fault_code(&err));
    }
}

static bool post_together(struct tx *tx, const struct poster *poster, const struct json *content,
                          struct posted *posted, struct err *err)
{
    struct room **rooms = ARENA_ARRAY(tx->rd.arena, struct room *, posted->count);
    for (size_t i = 0; i < posted->count; i++)
        if (!find_target(tx, poster, posted->results[i].channel, &rooms[i], err))
            return false;
    for (size_t i = 0; i < posted->count; i++) {
        if (!store(tx, poster, content, rooms[i], &posted->results[i], err))
            return false;
        posted->sent++;
    }
    return true;
}

/* Whom it goes to, without a message each. */
static bool posted_to(struct arena *a, const struct poster *poster, const struct json *content,
                      struct posted *out, struct err *err)
{
    struct str *names = NULL;
    if (!find_names(a, poster, content, &names, &out->count, err))
        return false;
    out->results = ARENA_ARRAY(a, struct post_result, out->count);
    for (size_t i = 0; i < out->count; i++)
        out->results[i].channel = names[i];
    return true;
}

bool message_preview(struct arena *arena, const struct poster *poster,
                     const struct post_draft *draft, struct posted *out, struct err *err)
{
    struct posted posted = {.count = 0};
    if (!posted_to(arena, poster, draft->content, &posted, err))
        return false;
    for (size_t i = 0; i < posted.count; i++) {
        posted.results[i].message = content_message(arena, poster, draft->content, err);
        if (posted.results[i].message == NULL ||
            !message_check(posted.results[i].message->doc, err))
            return false;
        posted.sent++;
    }
    *out = posted;
    return true;
}

bool message_post(struct tx *tx, const struct poster *poster, const struct post_draft *draft,
                  struct posted *out, struct err *err)
{
    struct posted posted = {.count = 0};
    if (!posted_to(tx->rd.arena, poster, draft->content, &posted, err))
        return false;
    if (draft->separate)
        post_separately(tx, poster, draft->content, &posted);
    else if (!post_together(tx, poster, draft->content, &posted, err))
        return false;
    *out = posted;
    return true;
}
