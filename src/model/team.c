/* The team's document. Memory only; any thread. */
#include "model/team.h"

void team_put(struct buf *out, const struct team *team)
{
    struct json_out o = json_begin(out, '{');
    json_member_str(&o, "_id", team->id);
    json_member_str(&o, "name", team->name);
    json_member_i64(&o, "type", team->is_private ? 1 : 0);
    json_member_time(&o, "createdAt", team->created_at_ms);
    json_key(&o, "createdBy");
    struct json_out by = json_begin(o.buf, '{');
    json_member_str(&by, "_id", team->creator_id);
    json_member_str(&by, "username", team->creator_username);
    json_end(&by);
    json_member_str(&o, "roomId", team->room_id);
    json_member_time(&o, "_updatedAt", team->updated_at_ms);
    json_end(&o);
}
