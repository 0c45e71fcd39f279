/* Rules of verify.h from JSON and back. Any thread.
 *
 * What an owner writes is checked to the last member, because a rule that silently means something
 * else either refuses every call or, worse, none. Each text says what would be right.
 */
#include "hooks/verify.h"

#include "base/clock.h"

enum {
    SECRET_BYTES = 1024,
    HEADER_NAME_BYTES = 100,
    PREFIX_BYTES = 64,
    TEMPLATE_BYTES = 256,
    TOLERANCE_MAX_S = 24 * 60 * 60,
};

/* Names of choices, by their number; NULL ends the list. */
static const char *const hash_names[] = {
    [DIGEST_SHA256] = "sha256", [DIGEST_SHA512] = "sha512", NULL};
static const char *const encoding_names[] = {
    [VERIFY_HEX] = "hex", [VERIFY_BASE64] = "base64", NULL};

/* --- members --- */

static const struct member {
    const char *name;
    bool own_form; /* only for schemes whose form is the rule's own */
} members[] = {
    {"scheme", false},         {"secrets", false},  {"toleranceSeconds", false},
    {"header", true},          {"algorithm", true}, {"encoding", true},
    {"prefix", true},          {"template", true},  {"idHeader", true},
    {"timestampHeader", true},
};

static const struct member *member_find(struct str name)
{
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (str_is(name, members[i].name))
            return &members[i];
    }
    return NULL;
}

static bool check_members(const struct json *options, const struct verify_scheme *scheme,
                          struct err *err)
{
    for (const struct json *item = options->items.first; item != NULL; item = item->next) {
        const struct member *member = member_find(item->key);
        if (member == NULL)
            return err_invalid(err,
                               "verify.%.*s is unknown; there are scheme, secrets and "
                               "toleranceSeconds, and for hmac header, algorithm, encoding, "
                               "prefix, template, idHeader and timestampHeader.",
                               STR_FMT(str_slice(item->key, 0, HEADER_NAME_BYTES)));
        if (member->own_form && !scheme->own_form)
            return err_invalid(err,
                               "verify.%s is for the scheme hmac only; leave it out, %.*s "
                               "has its own.",
                               member->name, STR_FMT(scheme->name));
    }
    return true;
}

static bool read_scheme(const struct json *options, struct verify_rule *rule, struct err *err)
{
    rule->scheme = verify_scheme_find(json_get_str(options, "scheme"));
    if (rule->scheme != NULL) {
        rule->form = rule->scheme->form;
        return true;
    }
    BUF(names, ERR_TEXT_BYTES);
    const struct verify_scheme *scheme;
    for (size_t i = 0; (scheme = verify_scheme_at(i)) != NULL; i++)
        buf_addf(&names, "%s%.*s", i > 0 ? ", " : "", STR_FMT(scheme->name));
    return err_invalid(err, "verify.scheme must be one of %s.", names.ptr);
}

static bool read_tolerance(const struct json *options, struct verify_rule *rule, struct err *err)
{
    const struct json *given = json_get_lit(options, "toleranceSeconds");
    if (given == NULL)
        return true;
    if (!json_is(given, JSON_NUMBER) || !(given->number >= 1 && given->number <= TOLERANCE_MAX_S) ||
        given->number != (double)(int64_t)given->number)
        return err_invalid(err,
                           "verify.toleranceSeconds must be a whole number from 1 to %d; leave it "
                           "out for %d.",
                           TOLERANCE_MAX_S, VERIFY_TOLERANCE_S);
    rule->tolerance_s = (int64_t)given->number;
    return true;
}

/* --- the form of hmac --- */

static bool is_header_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (!http_is_token(name.ptr[i]))
            return false;
    }
    return name.len > 0 && name.len <= HEADER_NAME_BYTES;
}

static bool read_header(const struct json *options, const char *name, bool required,
                        struct str *out, struct err *err)
{
    const struct json *given = json_get(options, str_of(name));
    if (given == NULL && !required)
        return true;
    if (!json_is(given, JSON_STRING) || !is_header_name(given->string))
        return err_invalid(err, "verify.%s must be the name of a header, such as X-Signature.",
                           name);
    *out = given->string;
    return true;
}

static bool read_text(const struct json *options, const char *name, size_t max, struct str *out,
                      struct err *err)
{
    const struct json *given = json_get(options, str_of(name));
    if (given == NULL)
        return true;
    if (!json_is(given, JSON_STRING) || given->string.len > max)
        return err_invalid(err, "verify.%s must be a text of at most %zu bytes.", name, max);
    *out = given->string;
    return true;
}

/* The place of the given name in `names`; -1 and *err when it is none of them. */
static int read_choice(const struct json *options, const char *name, const char *const *names,
                       struct err *err)
{
    struct str given = json_get_str(options, name);
    for (int i = 0; names[i] != NULL; i++) {
        if (str_is(given, names[i]))
            return i;
    }
    (void)err_invalid(err, "verify.%s must be %s or %s.", name, names[0], names[1]);
    return -1;
}

static bool bad_template(struct err *err, const char *what)
{
    return err_invalid(err,
                       "verify.template %s. It is the signed text, with {body} and, where they are "
                       "signed, {id} and {timestamp}.",
                       what);
}

/* Each place stands once at most: the body twice would only cost twice. */
static bool check_place(struct str template, struct str place, bool needed, bool allowed,
                        struct err *err)
{
    size_t first = str_find(template, place);
    if (first == SIZE_MAX)
        return !needed || bad_template(err, "must have {body}");
    if (!allowed)
        return err_invalid(err, "verify.template has %.*s; add verify.%s, the header it comes in.",
                           STR_FMT(place), str_is(place, "{id}") ? "idHeader" : "timestampHeader");
    if (str_find(str_after(template, first + place.len), place) != SIZE_MAX)
        return bad_template(err, "has a place twice");
    return true;
}

static bool is_place(struct str text)
{
    return str_starts(text, STR("{id}")) || str_starts(text, STR("{timestamp}")) ||
           str_starts(text, STR("{body}"));
}

static bool check_template(const struct verify_form *form, struct err *err)
{
    for (struct str rest = form->template; rest.len > 0; rest = str_after(rest, 1)) {
        if (rest.ptr[0] == '{' && !is_place(rest))
            return bad_template(err, "has a { that begins none of its places");
    }
    const struct verify_names *names = &form->names[0];
    return check_place(form->template, STR("{body}"), true, true, err) &&
           check_place(form->template, STR("{id}"), false, names->id.len > 0, err) &&
           check_place(form->template, STR("{timestamp}"), false, names->timestamp.len > 0, err);
}

static bool read_own_form(const struct json *options, struct verify_rule *rule, struct err *err)
{
    if (!rule->scheme->own_form)
        return true;
    struct verify_form *form = &rule->form;
    struct verify_names *names = &form->names[0];
    if (!read_header(options, "header", true, &names->signature, err))
        return false;
    int hash = read_choice(options, "algorithm", hash_names, err);
    int encoding = hash < 0 ? -1 : read_choice(options, "encoding", encoding_names, err);
    if (encoding < 0)
        return false;
    form->hash = (enum digest_hash)hash;
    form->encoding = (enum verify_encoding)encoding;
    return read_text(options, "prefix", PREFIX_BYTES, &form->prefix, err) &&
           read_text(options, "template", TEMPLATE_BYTES, &form->template, err) &&
           read_header(options, "idHeader", false, &names->id, err) &&
           read_header(options, "timestampHeader", false, &names->timestamp, err) &&
           check_template(form, err);
}

/* --- secrets --- */

static bool has_control_character(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return true;
    }
    return false;
}

/* The bytes of the base64 behind a prefix of `cut` bytes; false when there are none. */
static bool decode_key(struct arena *a, struct verify_secret *secret, size_t cut)
{
    struct str text = str_after(secret->text, cut);
    char *bytes = arena_alloc(a, text.len + 1);
    secret->key.ptr = bytes;
    return digest_base64_decode(text, bytes, text.len, &secret->key.len) && secret->key.len > 0;
}

static bool read_prefixed_key(struct arena *a, struct verify_secret *secret)
{
    secret->public_key = str_starts(secret->text, STR("whpk_"));
    return (secret->public_key || str_starts(secret->text, STR("whsec_"))) &&
           decode_key(a, secret, secret->public_key ? strlen("whpk_") : strlen("whsec_")) &&
           (!secret->public_key || secret->key.len == DIGEST_ED25519_KEY_BYTES);
}

static bool read_key(struct arena *a, enum verify_key kind, struct verify_secret *secret,
                     size_t number, struct err *err)
{
    static const struct str encoded = STR_INIT("base64:");
    if (kind == VERIFY_KEY_PREFIXED)
        return read_prefixed_key(a, secret) ||
               err_invalid(err,
                           "verify.secrets[%zu] must be whsec_ and base64, or whpk_ and the base64 "
                           "of an Ed25519 public key, as the sender shows it.",
                           number);
    if (kind == VERIFY_KEY_ANY_FORM && str_starts(secret->text, encoded))
        return decode_key(a, secret, encoded.len) ||
               err_invalid(err,
                           "verify.secrets[%zu] must have standard base64, with padding, "
                           "behind base64:.",
                           number);
    secret->key = secret->text;
    return true;
}

static bool read_secret(struct arena *a, const struct verify_rule *rule, struct str text,
                        struct verify_secret *secret, struct err *err)
{
    size_t number = rule->secret_count;
    if (text.len == 0 || text.len > SECRET_BYTES)
        return err_invalid(err, "verify.secrets[%zu] must be a text of 1 to %d bytes.", number,
                           SECRET_BYTES);
    if (has_control_character(text))
        return err_invalid(err,
                           "verify.secrets[%zu] has a line break or another control "
                           "character, perhaps copied with it; take it out.",
                           number);
    secret->text = text;
    return read_key(a, rule->scheme->key, secret, number, err);
}

/* A given secret is its text; a stored one an object with its date. */
static struct str secret_text(const struct json *item, bool stored, int64_t *created_at_ms)
{
    if (!stored)
        return json_is(item, JSON_STRING) ? item->string : STR("");
    (void)clock_parse_iso(json_get_str(item, "createdAt"), created_at_ms);
    return json_get_str(item, "text");
}

static bool read_secrets(struct arena *a, const struct json *options, struct verify_rule *rule,
                         bool stored, int64_t now_ms, struct err *err)
{
    const struct json *list = json_get_lit(options, "secrets");
    if (!json_is(list, JSON_ARRAY) || list->items.count == 0 ||
        list->items.count > VERIFY_MAX_SECRETS)
        return err_invalid(err, "verify.secrets must be a list of 1 to %d texts, the newest first.",
                           VERIFY_MAX_SECRETS);
    for (const struct json *item = list->items.first; item != NULL; item = item->next) {
        struct verify_secret *secret = &rule->secrets[rule->secret_count];
        secret->created_at_ms = now_ms;
        struct str text = secret_text(item, stored, &secret->created_at_ms);
        if (!read_secret(a, rule, text, secret, err))
            return false;
        rule->secret_count++;
    }
    return true;
}

/* --- whole rules --- */

static struct verify_rule *read_rule(struct arena *a, const struct json *options, bool stored,
                                     int64_t now_ms, struct err *err)
{
    struct verify_rule *rule = ARENA_NEW(a, struct verify_rule);
    if (!json_is(options, JSON_OBJECT)) {
        (void)err_invalid(err, "verify must be an object, or null to take it away.");
        return NULL;
    }
    bool good = read_scheme(options, rule, err) && check_members(options, rule->scheme, err) &&
                read_tolerance(options, rule, err) && read_own_form(options, rule, err) &&
                read_secrets(a, options, rule, stored, now_ms, err);
    return good ? rule : NULL;
}

struct verify_rule *verify_read(struct arena *a, const struct json *options, int64_t now_ms,
                                struct err *err)
{
    return read_rule(a, options, false, now_ms, err);
}

struct verify_rule *verify_load(struct arena *a, const struct json *stored, struct err *err)
{
    struct err why;
    struct verify_rule *rule = read_rule(a, stored, true, 0, &why);
    if (rule == NULL)
        (void)err_internal(err, "A stored rule for signatures cannot be read: %.500s", why.text);
    return rule;
}

void verify_keep_dates(struct verify_rule *rule, const struct verify_rule *old)
{
    for (size_t i = 0; i < rule->secret_count; i++) {
        for (size_t j = 0; old != NULL && j < old->secret_count; j++) {
            if (str_eq(rule->secrets[i].text, old->secrets[j].text))
                rule->secrets[i].created_at_ms = old->secrets[j].created_at_ms;
        }
    }
}

/* --- printing --- */

static bool is_character_start(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

static size_t character_count(struct str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += is_character_start(s.ptr[i]);
    return count;
}

/* The last four characters, so that people can tell secrets apart; never more than half of it. */
static struct str last4(struct str secret)
{
    size_t shown = character_count(secret) / 2;
    size_t at = secret.len;
    for (shown = shown < 4 ? shown : 4; shown > 0; at--)
        shown -= is_character_start(secret.ptr[at - 1]);
    return str_after(secret, at);
}

static void put_secret(struct buf *out, const struct verify_secret *secret, enum verify_view view)
{
    struct json_out o = json_begin(out, '{');
    if (view == VERIFY_STORED)
        json_member_str(&o, "text", secret->text);
    else
        json_member_str(&o, "last4", last4(secret->text));
    json_member_time(&o, "createdAt", secret->created_at_ms);
    json_end(&o);
}

static void put_secrets(struct buf *out, const struct verify_rule *rule, enum verify_view view)
{
    struct json_out list = json_begin(out, '[');
    for (size_t i = 0; i < rule->secret_count; i++) {
        json_item(&list);
        put_secret(out, &rule->secrets[i], view);
    }
    json_end(&list);
}

static void put_unless_empty(struct json_out *o, const char *key, struct str value)
{
    if (value.len > 0)
        json_member_str(o, key, value);
}

static void put_own_form(struct json_out *o, const struct verify_form *form,
                         const struct verify_form *usual)
{
    json_member_str(o, "header", form->names[0].signature);
    json_member_str(o, "algorithm", str_of(hash_names[form->hash]));
    json_member_str(o, "encoding", str_of(encoding_names[form->encoding]));
    put_unless_empty(o, "prefix", form->prefix);
    if (!str_eq(form->template, usual->template))
        json_member_str(o, "template", form->template);
    put_unless_empty(o, "idHeader", form->names[0].id);
    put_unless_empty(o, "timestampHeader", form->names[0].timestamp);
}

void verify_put(struct buf *out, const struct verify_rule *rule, enum verify_view view)
{
    struct json_out o = json_begin(out, '{');
    json_member_str(&o, "scheme", rule->scheme->name);
    json_key(&o, "secrets");
    put_secrets(out, rule, view);
    if (rule->tolerance_s > 0)
        json_member_i64(&o, "toleranceSeconds", rule->tolerance_s);
    if (rule->scheme->own_form)
        put_own_form(&o, &rule->form, &rule->scheme->form);
    json_end(&o);
}
