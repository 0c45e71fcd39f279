/* channels.create and groups.create: what the body says becomes a draft. Runs on the writer. */
#include "api/rooms.h"
#include "domain/fault.h"
#include "store/team.h"

enum kind { WANT_SET, WANT_ARRAY, WANT_OBJECT };

/* A parameter that must be there, or must be of a kind when it is. An array passes for an object,
 * as in the reference's language. */
struct rule {
    const char *name;
    enum kind kind;
    const char *refusal;
};

static const struct rule channel_rules[] = {
    {"name", WANT_SET, "Param \"name\" is required"},
    {"members", WANT_ARRAY, "Param \"members\" must be an array if provided"},
    {"teams", WANT_ARRAY, "Param teams must be an array"},
    {NULL, WANT_SET, NULL},
};

static const struct rule group_rules[] = {
    {"name", WANT_SET, "Body param \"name\" is required"},
    {"members", WANT_ARRAY, "Body param \"members\" must be an array if provided"},
    {"customFields", WANT_OBJECT, "Body param \"customFields\" must be an object if provided"},
    {"extraData", WANT_OBJECT, "Body param \"extraData\" must be an object if provided"},
    {NULL, WANT_SET, NULL},
};

static bool fits(const struct json *value, enum kind kind)
{
    if (kind == WANT_SET)
        return json_truthy(value);
    if (!json_truthy(value) || value->kind == JSON_ARRAY)
        return true;
    return kind == WANT_OBJECT && value->kind == JSON_OBJECT;
}

static bool check_rules(const struct call *call, const struct rule *rules, struct err *err)
{
    for (const struct rule *rule = rules; rule->name != NULL; rule++)
        if (!fits(json_get(call->params, str_of(rule->name)), rule->kind))
            return refuse(err, "%s", rule->refusal);
    return true;
}

static bool check_right(struct rd *rd, const struct call *call, const struct room_draft *draft,
                        struct err *err)
{
    struct actor by = call_actor(call);
    if (room_may_create(rd, &by, draft->type, draft->team_id))
        return true;
    return refuse_forbidden(err);
}

/* The two families ask in a different order. */
static bool check(struct rd *rd, const struct call *call, const struct room_draft *draft,
                  struct err *err)
{
    if (draft->type == 'c')
        return check_right(rd, call, draft, err) && check_rules(call, channel_rules, err);
    return check_rules(call, group_rules, err) && check_right(rd, call, draft, err);
}

/* --- the draft --- */

void draft_take_extra(struct room_draft *draft, const struct json *extra)
{
    draft->team_id = json_get_str(extra, "teamId");
    draft->topic = json_get_str(extra, "topic");
    draft->description = json_get_str(extra, "description");
    draft->broadcast = json_get_true(extra, "broadcast");
    draft->encrypted = json_get_true(extra, "encrypted");
}

static struct room_draft draft_of(const struct call *call)
{
    const struct json *custom = json_get_lit(call->params, "customFields");
    struct room_draft draft = {
        .type = family_of(call)->type,
        .name = call_param(call, "name"),
        .read_only = json_get_true(call->params, "readOnly"),
        .exclude_self = json_truthy(json_get_lit(call->params, "excludeSelf")),
        .custom_fields = json_is(custom, JSON_OBJECT) ? custom : NULL,
    };
    draft_take_extra(&draft, json_get_lit(call->params, "extraData"));
    return draft;
}

/* --- members --- */

enum { NAMES_MAX = 2 * ROOM_USERS_AT_ONCE }; /* what one team more can add stays within it */

struct names {
    struct str items[NAMES_MAX];
    size_t count;
};

static bool refuse_too_many(struct err *err)
{
    return refuse(err, "A room can be made with %d members at most; invite the others later.",
                  ROOM_USERS_AT_ONCE);
}

static bool add_members_param(struct rd *rd, const struct call *call, struct names *names,
                              struct err *err)
{
    const struct json *members = json_get_lit(call->params, "members");
    if (!json_is(members, JSON_ARRAY))
        return true;
    struct str *given;
    size_t count;
    if (!text_list(rd->arena, members, &given, &count))
        return fault(err, "error-invalid-members",
                     "members should be an array of usernames if provided for rooms other than "
                     "direct messages");
    if (count > ROOM_USERS_AT_ONCE)
        return refuse_too_many(err);
    for (size_t i = 0; i < count; i++)
        names->items[names->count++] = given[i];
    return true;
}

/* A private team tells its members to its members only. */
static bool may_see_members(struct rd *rd, const struct call *call, const struct team *team)
{
    return !team->is_private || team_has_member(rd, team->id, call->user_id) ||
           access_allows_globally(rd, call->user_id, PERM_VIEW_ALL_TEAMS);
}

/* `teams` names teams whose members come into the channel too. */
static bool add_teams_param(struct rd *rd, const struct call *call, struct names *names,
                            struct err *err)
{
    const struct json *teams = json_get_lit(call->params, "teams");
    if (family_of(call)->type != 'c' || !json_is(teams, JSON_ARRAY))
        return true;
    for (const struct json *item = teams->items.first; item != NULL; item = item->next) {
        struct str name = item->kind == JSON_STRING ? item->string : STR("");
        const struct team *team = team_find_by_name(rd, name);
        if (team == NULL || !may_see_members(rd, call, team))
            continue;
        size_t room = NAMES_MAX - names->count;
        names->count += team_usernames(rd, team->id, names->items + names->count, room);
        if (names->count > ROOM_USERS_AT_ONCE)
            return refuse_too_many(err);
    }
    return true;
}

bool create_room(struct tx *tx, struct call *call, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct room_draft draft = draft_of(call);
    if (!check(rd, call, &draft, err))
        return false;
    struct names *names = ARENA_NEW(rd->arena, struct names);
    if (!add_members_param(rd, call, names, err) || !add_teams_param(rd, call, names, err))
        return false;
    draft.members = names->items;
    draft.member_count = names->count;
    struct actor by = call_actor(call);
    struct room *room;
    if (!room_create(tx, &by, &draft, &room, err))
        return false;
    answer_room(rd, call, family_of(call)->key, room);
    return true;
}
