/* The verbs of verbs.h: each takes its request apart, runs one command or question on the store,
 * and writes its members of the answer. Runs where the caller may wait. */
#include "main/verbs.h"

#include "base/id.h"
#include "base/json.h"
#include "domain/password.h"
#include "domain/user.h"
#include "store/role.h"
#include "store/token.h"

enum {
    REQUEST_ARENA_BYTES = 16 * 1024 * 1024,
    LIST_PAGE = 500,
    TOKEN_LAST_PART = 6,
    LABEL_CHARACTERS = 6, /* of a label that nobody gave */
};

/* A request on its way: what the verb needs and what it leaves. */
struct verb_call {
    struct store *store;
    struct arena *arena;
    const struct json *request;
    struct json_out *answer; /* "ok" is there already */
};

static struct str text_of(const struct verb_call *call, const char *member)
{
    return json_get_str(call->request, member);
}

/* --- ping --- */

static bool ping(struct verb_call *call, struct err *err)
{
    (void)err;
    json_member_str(call->answer, "version", STR(GANTRY_VERSION));
    return true;
}

/* --- user add --- */

static void put_roles(struct json_out *o, const struct user *user)
{
    json_key(o, "roles");
    struct json_out roles = json_begin(o->buf, '[');
    for (size_t i = 0; i < user->role_count; i++) {
        json_item(&roles);
        json_put_string(o->buf, user->roles[i]);
    }
    json_end(&roles);
}

struct adding {
    struct user_draft draft;
    struct user *user; /* the result */
};

/* Absent, or a list of roles that exist. */
static bool check_roles(struct rd *rd, const struct json *roles, struct err *err)
{
    if (roles != NULL && roles->kind != JSON_ARRAY)
        return err_invalid(err, "The roles must be a list.");
    const struct json *role = roles != NULL ? roles->items.first : NULL;
    for (; role != NULL; role = role->next) {
        struct str id = role->kind == JSON_STRING ? role->string : STR("");
        if (role_find(rd, id) == NULL)
            return err_invalid(err, "There is no role \"%.*s\".", STR_FMT(id));
    }
    return true;
}

static bool apply_user_add(struct tx *tx, void *arg, struct err *err)
{
    struct adding *adding = arg;
    return check_roles(tx_rd(tx), adding->draft.roles, err) &&
           user_add(tx, &adding->draft, &adding->user, err);
}

static bool hash_password(const struct verb_call *call, struct str *out, struct err *err)
{
    struct password password;
    char hash[PASSWORD_HASH_BYTES];
    if (!password_read(json_get_lit(call->request, "password"), &password))
        return err_invalid(err, "The password is missing.");
    if (!password_hash(&password, hash))
        return err_internal(err, "The password cannot be hashed.");
    *out = arena_str(call->arena, str_of(hash));
    return true;
}

static bool add_user(struct verb_call *call, struct err *err)
{
    struct str username = text_of(call, "username"), name = text_of(call, "name");
    struct adding adding = {.draft = {.id = id_short(call->arena),
                                      .username = username,
                                      .name = str_blank(name) ? username : name,
                                      .email = text_of(call, "email"),
                                      .verified = true,
                                      .roles = json_get_lit(call->request, "roles")}};
    if (!hash_password(call, &adding.draft.password_hash, err) ||
        !store_write_now(call->store, call->arena, apply_user_add, &adding, err))
        return false;
    json_member_str(call->answer, "userId", adding.user->id);
    json_member_str(call->answer, "username", adding.user->username);
    put_roles(call->answer, adding.user);
    return true;
}

/* --- user list --- */

struct listing {
    int64_t offset;
    struct user_list list; /* the result */
};

static bool ask_user_list(struct rd *rd, void *arg, struct err *err)
{
    (void)err;
    struct listing *listing = arg;
    listing->list = users_list(rd, &(struct user_filter){.active_only = false},
                               STR("username_key ASC"), listing->offset, LIST_PAGE);
    return true;
}

static void put_user(struct buf *out, const struct user *user)
{
    struct json_out o = json_begin(out, '{');
    json_member_str(&o, "id", user->id);
    json_member_str(&o, "username", user->username);
    json_member_str(&o, "name", user->name);
    json_member_str(&o, "email", user->email_count > 0 ? user->emails[0].address : STR(""));
    json_member_bool(&o, "active", user->active);
    put_roles(&o, user);
    json_end(&o);
}

static bool list_users(struct verb_call *call, struct err *err)
{
    const struct json *offset = json_get_lit(call->request, "offset");
    struct listing listing = {.offset = json_is(offset, JSON_NUMBER) ? (int64_t)offset->number : 0};
    if (!store_read_now(call->store, call->arena, ask_user_list, &listing, err))
        return false;
    json_member_i64(call->answer, "total", listing.list.total);
    json_key(call->answer, "users");
    struct json_out users = json_begin(call->answer->buf, '[');
    for (size_t i = 0; i < listing.list.count; i++) {
        json_item(&users);
        put_user(users.buf, listing.list.items[i]);
    }
    json_end(&users);
    return true;
}

/* --- token create --- */

struct minting {
    struct str username;
    struct token token; /* user_id is the result */
};

static bool apply_token_create(struct tx *tx, void *arg, struct err *err)
{
    struct minting *minting = arg;
    struct token *token = &minting->token;
    struct user *user = user_find_by_username_nocase(tx_rd(tx), minting->username);
    if (user == NULL)
        return err_invalid(err, "There is no user \"%.*s\". gantry user list shows all.",
                           STR_FMT(minting->username));
    if (token_find_personal(tx_rd(tx), user->id, token->name) != NULL)
        return err_invalid(err, "%.*s has a token named \"%.*s\" already. Choose another --name.",
                           STR_FMT(user->username), STR_FMT(token->name));
    token->user_id = user->id;
    token->created_at_ms = tx_rd(tx)->now_ms;
    token_insert(tx, token);
    return true;
}

static struct str label_of(const struct verb_call *call)
{
    struct str label = str_trim(text_of(call, "name"));
    if (!str_empty(label))
        return label;
    struct str random = id_random(call->arena, LABEL_CHARACTERS);
    return arena_fmt(call->arena, "command line %.*s", STR_FMT(random));
}

static bool create_token(struct verb_call *call, struct err *err)
{
    char hash[DIGEST_TOKEN_BYTES];
    struct str secret = id_token(call->arena);
    digest_token(secret, hash);
    struct minting minting = {
        .username = text_of(call, "user"),
        .token = {.hash = str_of(hash),
                  .personal = true,
                  .name = label_of(call),
                  .last_part = str_after(secret, secret.len - TOKEN_LAST_PART),
                  .bypass_two_factor = false}};
    if (!store_write_now(call->store, call->arena, apply_token_create, &minting, err))
        return false;
    json_member_str(call->answer, "userId", minting.token.user_id);
    json_member_str(call->answer, "name", minting.token.name);
    json_member_str(call->answer, "token", secret);
    return true;
}

/* --- the table --- */

static const struct {
    const char *name;
    bool (*run)(struct verb_call *call, struct err *err);
} verbs[] = {
    {"ping", ping},
    {"user add", add_user},
    {"user list", list_users},
    {"token create", create_token},
};

static bool run_verb(struct verb_call *call, struct err *err)
{
    struct str name = text_of(call, "verb");
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (str_is(name, verbs[i].name))
            return verbs[i].run(call, err);
    }
    return err_invalid(err, "This gantry, version " GANTRY_VERSION ", does not know \"%.*s\".",
                       STR_FMT(name));
}

static void put_failure(struct buf *out, struct str text)
{
    buf_clear(out);
    struct json_out o = json_begin(out, '{');
    json_member_bool(&o, "ok", false);
    json_member_str(&o, "error", text);
    json_end(&o);
}

void verbs_serve(void *store, struct str request, struct buf *answer)
{
    struct err err = ERR_NONE;
    struct arena arena;
    arena_init(&arena, REQUEST_ARENA_BYTES);
    struct json_out o = json_begin(answer, '{');
    json_member_bool(&o, "ok", true);
    struct verb_call call = {
        .store = store, .arena = &arena, .request = json_parse(&arena, request), .answer = &o};
    bool ok = run_verb(&call, &err);
    json_end(&o);
    if (!ok)
        put_failure(answer, str_of(err.text));
    else if (!buf_ok(answer))
        put_failure(answer, STR("The answer is too large."));
    arena_release(&arena);
}
