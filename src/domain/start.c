/* The seed of a server; see start.h. Runs in a command. */
#include "domain/start.h"

#include "base/id.h"
#include "base/json.h"
#include "domain/room.h"
#include "domain/setting.h"
#include "store/permission.h"
#include "store/role.h"

static struct str json_text(struct arena *arena, struct str text)
{
    BUF(json, SIZE_MAX);
    json_put_string(&json, text);
    return arena_str(arena, buf_str(&json));
}

/* Drawn at the first start and kept: clients and people know the server by it. */
static void draw_once(struct tx *tx, enum setting_id id)
{
    if (!setting_stored(tx_rd(tx), id))
        setting_save(tx, id, json_text(tx->rd.arena, id_short(tx->rd.arena)));
}

void start_site_url(struct tx *tx, struct str url)
{
    while (str_ends(url, STR("/")))
        url = str_slice(url, 0, url.len - 1);
    setting_save_default(tx, SETTING_SITE_URL, json_text(tx->rd.arena, url));
}

static void seed_settings(struct tx *tx, const struct start_options *options)
{
    draw_once(tx, SETTING_UNIQUEID);
    draw_once(tx, SETTING_ACCOUNTS_REGISTRATIONFORM_SECRETURL);
    if (!str_empty(options->site_url))
        start_site_url(tx, options->site_url);
    if (options->environment != NULL)
        settings_overwrite(tx, options->environment);
}

bool start_seed(struct tx *tx, const struct start_options *options, struct err *err)
{
    roles_seed(tx);
    permissions_seed(tx);
    seed_settings(tx, options);
    rooms_seed(tx);
    return users_seed(tx, &options->users, err);
}
