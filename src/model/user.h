/* An account: who somebody is, and how the API shows him.
 *
 * Members that nothing looks up, sorts or decides by are kept in `doc`, a JSON object under the
 * names the API uses: status, statusDefault, statusText, statusConnection, utcOffset, bio,
 * nickname, avatarETag, avatarOrigin, language, settings, customFields, requirePasswordChange,
 * requirePasswordChangeReason, reason. An absent member is an empty one. The password's hash is
 * never rendered. Any thread.
 */
#pragma once

#include "base/json.h"

struct user_email {
    struct str address;
    bool verified;
};

struct user {
    struct str id, username;
    struct str name; /* empty: none */
    struct str type; /* "user", "bot" or "app" */
    bool active;
    struct user_email *emails;
    size_t email_count;
    struct str *roles; /* ids of his global roles */
    size_t role_count;
    struct str password_hash; /* bcrypt; empty: he cannot log in with a password */
    int64_t created_at_ms, updated_at_ms;
    int64_t last_login_ms; /* 0: never */
    struct json *doc;      /* an object, never NULL */
};

/* Which members are shown, and in which order. */
enum user_view {
    USER_VIEW_ME,           /* to himself: /api/v1/me and login */
    USER_VIEW_FULL,         /* the stored object, to callers with view-full-other-user-info */
    USER_VIEW_REDUCED,      /* the stored object, to everybody else */
    USER_VIEW_INFO_FULL,    /* users.info, to callers with that permission and to himself */
    USER_VIEW_INFO_REDUCED, /* users.info, to everybody else */
    USER_VIEW_LIST_FULL,    /* users.list, likewise */
    USER_VIEW_LIST_REDUCED,
    USER_VIEW_PRESENCE,     /* users.presence, and members of rooms */
    USER_VIEW_PUBLIC_ROLES, /* roles.getUsersInPublicRoles */
    USER_VIEW_IN_ROLE,      /* roles.getUsersInRole */
    USER_VIEW_EVENT,        /* in what outgoing webhooks are told: nothing secret, no settings */
    USER_VIEWS
};

/* The whole object. */
void user_put(struct buf *out, const struct user *u, enum user_view view);
/* Its members only, into an object that is being written. */
void user_put_members(struct json_out *o, const struct user *u, enum user_view view);

bool user_has_role(const struct user *u, struct str role_id);
/* The first verified address, or an empty view. */
struct str user_verified_email(const struct user *u);

/* A text of `doc`, or an empty view. */
struct str user_text(const struct user *u, const char *member);
/* Sets a text of `doc` (borrowed: it must live as long as the arena); an empty one takes it out. */
void user_set_text(struct user *u, struct arena *arena, const char *member, struct str value);
/* Sets any member of `doc`; NULL takes it out. */
void user_set_member(struct user *u, const char *member, struct json *value);
