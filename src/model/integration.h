/* An integration: an incoming webhook that posts messages, or an outgoing one that is called when
 * something happens. Plain data; one table (integration.c) names each field of the document, its
 * kind and its place, and drives both directions: document to struct and struct to document.
 *
 * A field is absent, null, or has a value. Absent fields are left out of the document; null occurs
 * only where an update said so. Memory is the arena's that the struct was made in.
 */
#pragma once

#include "base/json.h"

/* In the order of the members of a document. */
enum integration_field {
    INTEGRATION_ID,
    INTEGRATION_TYPE,
    INTEGRATION_USERNAME,
    INTEGRATION_CHANNEL,
    INTEGRATION_SCRIPT_ENABLED,
    INTEGRATION_SCRIPT,
    INTEGRATION_NAME,
    INTEGRATION_ENABLED,
    INTEGRATION_ALIAS,
    INTEGRATION_AVATAR,
    INTEGRATION_EMOJI,
    INTEGRATION_EVENT,
    INTEGRATION_TARGET_ROOM,
    INTEGRATION_URLS,
    INTEGRATION_TRIGGER_WORDS,
    INTEGRATION_TRIGGER_WORD_ANYWHERE,
    INTEGRATION_TOKEN,
    INTEGRATION_RUN_ON_EDITS,
    INTEGRATION_RETRY_FAILED_CALLS,
    INTEGRATION_RETRY_COUNT,
    INTEGRATION_RETRY_DELAY,
    INTEGRATION_IMPERSONATE_USER,
    INTEGRATION_OVERRIDE_DESTINATION,
    INTEGRATION_SCRIPT_ENGINE,
    INTEGRATION_SKIP_TRANSPILE,
    INTEGRATION_SCRIPT_COMPILED,
    INTEGRATION_SCRIPT_ERROR,
    INTEGRATION_USER_ID,
    INTEGRATION_CREATED_AT,
    INTEGRATION_CREATED_BY,
    INTEGRATION_UPDATED_AT,
    INTEGRATION_UPDATED_BY,
    INTEGRATION_FIELDS
};

struct text_list {
    struct str *items;
    size_t count;
};

struct user_ref {
    struct str id, username;
};

struct integration {
    uint64_t has;  /* bit per integration_field: it has a value */
    uint64_t null; /* bit per integration_field: it is null */
    struct str id, type, username, script, name, alias, avatar, emoji, event, target_room, token,
        retry_delay, script_engine, script_compiled, user_id;
    struct json *script_error; /* {"name","message","stack"}: why the script was not compiled */
    struct text_list channel, urls, trigger_words;
    bool script_enabled, enabled, trigger_word_anywhere, run_on_edits, retry_failed_calls,
        impersonate_user, override_destination, skip_transpile;
    double retry_count;
    int64_t created_at_ms, updated_at_ms;
    struct user_ref created_by, updated_by;
};

extern const struct str type_incoming, type_outgoing;

bool integration_is_incoming(const struct integration *in);

/* What is run of it: the compiled text; or the script of a record that was never compiled. Empty:
 * it has no script, or it is off, or wrong. */
struct str integration_runnable(const struct integration *in);

/* Marks a field after its value was set by hand, or takes it away. */
void integration_mark(struct integration *in, enum integration_field field);
void integration_drop(struct integration *in, enum integration_field field);
static inline bool integration_has(const struct integration *in, enum integration_field field)
{
    return (in->has >> field & 1) != 0;
}

/* Copies one field out of a JSON object, if it is there under its document name. A null member
 * drops the field (`keep_null` false) or makes it null. Strings are borrowed from the tree. */
void integration_take(struct integration *in, enum integration_field field, const struct json *from,
                      bool keep_null, struct arena *arena);

/* The whole document, both ways. integration_read() takes what it knows and ignores the rest. */
void integration_put(struct buf *out, const struct integration *in);
struct integration *integration_read(struct arena *arena, const struct json *document);

/* --- outgoing events --- */

enum event_kind {
    EVENT_MESSAGE_SENT, /* or edited, for those who run on edits */
    EVENT_FILE_UPLOADED,
    EVENT_ROOM_ARCHIVED,
    EVENT_ROOM_CREATED,
    EVENT_ROOM_JOINED,
    EVENT_ROOM_LEFT,
    EVENT_USER_CREATED,
    EVENT_MESSAGE_EDITED, /* these three are our own */
    EVENT_MESSAGE_DELETED,
    EVENT_REACTION_ADDED,
    EVENT_KINDS
};

struct outgoing_event {
    struct str name;
    enum event_kind kind;
    bool uses_channel, uses_trigger_words, uses_target_room;
};

/* NULL when there is no such event. */
const struct outgoing_event *outgoing_event_find(struct str name);
const struct outgoing_event *outgoing_event_of(enum event_kind kind);

/* --- channel lists as clients write them: "#general, @bob" --- */

/* The parts between commas, trimmed; with `skip_empty` without the empty ones. */
struct text_list channel_list_split(struct arena *arena, struct str text, bool skip_empty);
