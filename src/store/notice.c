/* Notices of notice.h, rendered on the writer while the command runs. How they are kept until the
 * commit is catalog.c's affair. */
#include "store/notice.h"

#include "store/catalog.h"

enum { DATA_BYTES = 2 * MESSAGE_DOC_BYTES };

bool tx_listened(const struct tx *tx)
{
    return catalog_listened(tx->rd.catalog);
}

static void put_whole(struct json_out *o, const struct message *m)
{
    struct message shown = *m;
    shown.starred_by = STR(""); /* that is between the message and its reader */
    json_key(o, "message");
    message_put(o->buf, &shown);
}

void notice_message(struct tx *tx, enum notice_kind kind, const struct message *m)
{
    if (!tx_listened(tx))
        return;
    BUF(data, DATA_BYTES);
    struct json_out o = json_begin(&data, '{');
    json_member_str(&o, "rid", m->room_id);
    if (kind == NOTICE_MESSAGE_DELETED)
        json_member_str(&o, "_id", m->id);
    else
        put_whole(&o, m);
    json_end(&o);
    if (buf_ok(&data))
        tx_notice(tx, kind, m->room_seq, STR(""), buf_str(&data));
}

void notice_history(struct tx *tx, const char *action, struct str integration_id, struct str id,
                    const char *member, struct str json)
{
    if (!tx_listened(tx))
        return;
    BUF(data, DATA_BYTES);
    struct json_out o = json_begin(&data, '{');
    json_member_str(&o, "action", str_of(action));
    json_member_str(&o, "integrationId", integration_id);
    if (!str_empty(id))
        json_member_str(&o, "id", id);
    if (!str_empty(json))
        json_member_raw(&o, member, json);
    json_end(&o);
    if (buf_ok(&data))
        tx_notice(tx, NOTICE_HISTORY, 0, integration_id, buf_str(&data));
}

void notice_rights(struct tx *tx, struct str user_id)
{
    if (tx_listened(tx))
        tx_notice(tx, NOTICE_RIGHTS, 0, user_id, STR(""));
}

void notice_room_rights(struct tx *tx, int64_t room_seq)
{
    if (tx_listened(tx))
        tx_notice(tx, NOTICE_RIGHTS, room_seq, STR(""), STR(""));
}
