/* The steps of the users family; private to its files. users.c has the table, users_read.c what is
 * asked, users_change.c what is changed. */
#pragma once

#include "api/api.h"
#include "api/endpoint.h"
#include "domain/profile.h"
#include "domain/user.h"

/* users_read.c */
bool users_me(struct rd *rd, struct call *call, struct err *err);
bool users_info(struct rd *rd, struct call *call, struct err *err);
bool users_list_page(struct rd *rd, struct call *call, struct err *err);
bool users_get_presence(struct rd *rd, struct call *call, struct err *err);
bool users_get_status(struct rd *rd, struct call *call, struct err *err);
bool users_presence(struct rd *rd, struct call *call, struct err *err);
bool users_get_preferences(struct rd *rd, struct call *call, struct err *err);
bool users_get_avatar(struct rd *rd, struct call *call, struct err *err);
bool users_avatar_image(struct call *call, struct err *err);

/* users_change.c: a step that hashes a password leaves the hash in call->state */
bool users_register_allowed(struct call *call, struct err *err);
bool users_register_hash(struct call *call, struct err *err);
bool users_register(struct tx *tx, struct call *call, struct err *err);
bool users_create_allowed(struct call *call, struct err *err);
bool users_create_hash(struct call *call, struct err *err);
bool users_create(struct tx *tx, struct call *call, struct err *err);
bool users_update_hash(struct call *call, struct err *err);
bool users_update(struct tx *tx, struct call *call, struct err *err);
bool users_delete(struct tx *tx, struct call *call, struct err *err);
bool users_set_active_status(struct tx *tx, struct call *call, struct err *err);
bool users_set_status(struct tx *tx, struct call *call, struct err *err);
bool users_set_preferences(struct tx *tx, struct call *call, struct err *err);
bool users_forgot_password(struct call *call, struct err *err);

/* schema_preferences.c */
extern const struct schema schema_users_set_preferences;
