/* What the files of the user rules share; nobody else includes it. */
#pragma once

#include "domain/fault.h"
#include "domain/user.h"

#define ROCKET_CAT STR("rocket.cat")
#define ROLE_ADMIN STR("admin")

#define METHOD_SAVE            "insertOrUpdateUser"
#define DETAILS_ACTION(action) STR("{\"method\":\"" METHOD_SAVE "\",\"action\":\"" action "\"}")

/* {"method":<method>,<name>:<value>} */
struct str details_with(struct arena *arena, const char *method, const char *name,
                        struct str value);
/* Text as HTML shows it. */
struct str html_escaped(struct arena *arena, struct str text);

/* Whether it fits the pattern of the settings. */
bool username_fits(struct rd *rd, struct str username);
/* Raises error-input-is-not-a-valid-field when it does not. */
bool check_username_form(struct rd *rd, struct str username, struct err *err);
/* Raises error-blocked-username when it is reserved. */
bool check_username_free_to_use(struct rd *rd, struct str username, struct err *err);
/* Whether a user or a team has it. */
bool username_taken(struct rd *rd, struct str username);
bool email_taken(struct rd *rd, struct str email, struct str but_by_user_id);
/* Something on both sides of one '@'. */
bool email_well_formed(struct str email);
/* The texts and the doc together are bounded: a user is held in memory, and read whole. */
bool check_user_size(const struct user *u, struct err *err);
bool refuse_taken(struct rd *rd, struct str value, struct err *err);

/* An array of role ids as a list in the arena, each once. Other elements are left out. */
struct role_ids {
    struct str *items;
    size_t count;
};
struct role_ids role_ids_of(struct arena *arena, const struct json *array);
/* Every role must be there; admin needs the right to make one, unless `had_admin`. */
bool check_roles(struct rd *rd, const struct actor *by, const struct role_ids *roles,
                 bool had_admin, struct err *err);

/* Whether he is the one active administrator. */
bool is_last_admin(struct rd *rd, const struct user *u);
