/* What a user sees of himself: preferences, and the object of /api/v1/me. */
#pragma once

#include "store/user.h"

/* Every preference: the user's own where he set one, else the server's default. An object. */
void preferences_put(struct rd *rd, struct buf *out, const struct user *u);
/* Those he set himself, and his language. An object. */
void own_preferences_put(struct buf *out, const struct user *u);

/* The members of the object that users see of themselves. */
void me_put_members(struct rd *rd, struct json_out *o, const struct user *u);

/* Where the picture of that user is. */
struct str avatar_url(struct rd *rd, struct str username);
