/* What every server has, from its first start on: roles, permissions, settings that are drawn once,
 * the room GENERAL, the accounts of the server itself and an administrator. Everything here may be
 * done again at each start; what is there already stays as it is. */
#pragma once

#include "domain/user.h"

struct start_options {
    struct str site_url; /* where clients reach the server, as start_site_url(); empty: as it was */
    char *const *environment; /* for OVERWRITE_SETTING_*; NULL: nothing is forced */
    struct user_start users;
};

/* One command, before requests come. */
bool start_seed(struct tx *tx, const struct start_options *options, struct err *err);

/* The default of Site_Url, for a server that learns its port only when it listens. It gives way to
 * a value that somebody chose, and is itself replaced at the next start. A '/' at the end is
 * dropped. */
void start_site_url(struct tx *tx, struct str url);
