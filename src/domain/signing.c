/* Secrets of outgoing calls; see signing.h. Stored as a JSON array, the newest first, sealed. */
#include "domain/signing.h"

enum {
    SECRET_BYTES = 32, /* of a new one */
    SECRET_MIN_BYTES = 16,
    SECRET_MAX_BYTES = 128,
    STORED_BYTES = 8192,
};

#define PREFIX STR("whsec_")

static struct str place_of(struct arena *a, struct str integration_id)
{
    return arena_fmt(a, "signing %.*s", STR_FMT(integration_id));
}

/* --- at rest --- */

static int64_t number_of(const struct json *object, const char *name)
{
    const struct json *member = json_get(object, str_of(name));
    return json_is(member, JSON_NUMBER) ? (int64_t)member->number : 0;
}

static bool is_over(const struct signing_secret *s, int64_t now_ms)
{
    return s->until_ms != 0 && s->until_ms <= now_ms;
}

static void load(const struct json *stored, int64_t now_ms, struct signing *out)
{
    const struct json *at = json_is(stored, JSON_ARRAY) ? stored->items.first : NULL;
    for (; at != NULL && out->count < SIGNING_SECRETS; at = at->next) {
        struct signing_secret s = {.text = json_get_str(at, "text"),
                                   .created_ms = number_of(at, "created"),
                                   .until_ms = number_of(at, "until")};
        if (!is_over(&s, now_ms))
            out->secrets[out->count++] = s;
    }
}

bool signing_open(struct arena *a, const uint8_t key[DIGEST_SEAL_KEY_BYTES],
                  struct str integration_id, struct str sealed, int64_t now_ms, struct signing *out)
{
    *out = (struct signing){.count = 0};
    if (str_empty(sealed))
        return true;
    size_t len;
    struct str plain;
    char *bytes = arena_alloc(a, sealed.len + 1);
    if (!digest_base64_decode(sealed, bytes, sealed.len, &len) ||
        !digest_open(a, key, place_of(a, integration_id), str_from(bytes, len), &plain))
        return false;
    load(json_parse(a, plain), now_ms, out);
    return true;
}

struct str signing_seal(struct arena *a, const uint8_t key[DIGEST_SEAL_KEY_BYTES],
                        struct str integration_id, const struct signing *signing)
{
    BUF(plain, STORED_BYTES);
    struct json_out list = json_begin(&plain, '[');
    for (size_t i = 0; i < signing->count; i++) {
        json_item(&list);
        struct json_out s = json_begin(&plain, '{');
        json_member_str(&s, "text", signing->secrets[i].text);
        json_member_i64(&s, "created", signing->secrets[i].created_ms);
        json_member_i64(&s, "until", signing->secrets[i].until_ms);
        json_end(&s);
    }
    json_end(&list);
    struct str sealed = digest_seal(a, key, place_of(a, integration_id), buf_str(&plain));
    return digest_base64(a, sealed);
}

/* --- changing --- */

static struct str draw_secret(struct arena *a)
{
    char bytes[SECRET_BYTES];
    digest_random(bytes, sizeof(bytes));
    struct str parts[] = {PREFIX, digest_base64(a, str_from(bytes, sizeof(bytes)))};
    return arena_join(a, parts, 2);
}

static bool is_secret(struct arena *a, struct str text)
{
    if (!str_starts(text, PREFIX))
        return false;
    size_t len;
    struct str encoded = str_after(text, PREFIX.len);
    char *bytes = arena_alloc(a, encoded.len + 1);
    return encoded.len <= (size_t)2 * SECRET_MAX_BYTES &&
           digest_base64_decode(encoded, bytes, encoded.len, &len) && len >= SECRET_MIN_BYTES &&
           len <= SECRET_MAX_BYTES;
}

static bool take_overlap(const struct json *order, int64_t *out_ms, struct err *err)
{
    const struct json *given = json_get_lit(order, "overlapSeconds");
    *out_ms = (int64_t)SIGNING_OVERLAP_S * 1000;
    if (given == NULL)
        return true;
    if (!json_is(given, JSON_NUMBER) ||
        !(given->number >= 0 && given->number <= SIGNING_OVERLAP_MAX_S))
        return err_invalid(err,
                           "signing.overlapSeconds must be a number from 0 to %d; leave it out for "
                           "%d.",
                           SIGNING_OVERLAP_MAX_S, SIGNING_OVERLAP_S);
    *out_ms = (int64_t)(given->number * 1000);
    return true;
}

/* Empty: the secrets stay. */
static bool take_secret(struct arena *a, const struct json *order, const struct signing *signing,
                        struct str *out, struct err *err)
{
    const struct json *given = json_get_lit(order, "secret");
    *out = STR("");
    if (given != NULL) {
        if (!json_is(given, JSON_STRING) || !is_secret(a, given->string))
            return err_invalid(err,
                               "signing.secret must be whsec_ and the base64 of %d to %d bytes; "
                               "leave it out, and the server makes one.",
                               SECRET_MIN_BYTES, SECRET_MAX_BYTES);
        *out = given->string;
    } else if (json_get_true(order, "rotate") || signing->count == 0) {
        *out = draw_secret(a);
    }
    return true;
}

/* The old ones end with the overlap, or before when they were to. */
static void put_first(struct signing *signing, struct str text, int64_t now_ms, int64_t overlap_ms)
{
    struct signing old = *signing;
    signing->secrets[0] = (struct signing_secret){.text = text, .created_ms = now_ms};
    signing->count = 1;
    for (size_t i = 0; i < old.count && signing->count < SIGNING_SECRETS; i++) {
        struct signing_secret s = old.secrets[i];
        int64_t end_ms = now_ms + overlap_ms;
        if (s.until_ms == 0 || s.until_ms > end_ms)
            s.until_ms = end_ms;
        if (!is_over(&s, now_ms) && !str_eq(s.text, text))
            signing->secrets[signing->count++] = s;
    }
}

bool signing_change(struct arena *a, const struct json *order, int64_t now_ms,
                    struct signing *signing, bool *out_new, struct err *err)
{
    int64_t overlap_ms;
    struct str text;
    if (!take_overlap(order, &overlap_ms, err) || !take_secret(a, order, signing, &text, err))
        return false;
    *out_new = !str_empty(text);
    if (*out_new)
        put_first(signing, text, now_ms, overlap_ms);
    return true;
}

/* --- showing --- */

static void put_reduced(struct buf *out, const struct signing_secret *s)
{
    struct json_out o = json_begin(out, '{');
    json_member_str(&o, "last4", str_after(s->text, s->text.len - 4));
    json_member_time(&o, "createdAt", s->created_ms);
    if (s->until_ms != 0)
        json_member_time(&o, "validUntil", s->until_ms);
    json_end(&o);
}

void signing_put(struct buf *out, const struct signing *signing, bool whole)
{
    struct json_out o = json_begin(out, '{');
    if (whole) {
        json_member_str(&o, "secret", signing->secrets[0].text);
        json_member_time(&o, "createdAt", signing->secrets[0].created_ms);
    } else {
        json_key(&o, "secret");
        put_reduced(out, &signing->secrets[0]);
    }
    json_key(&o, "previous");
    struct json_out list = json_begin(out, '[');
    for (size_t i = 1; i < signing->count; i++) {
        json_item(&list);
        put_reduced(out, &signing->secrets[i]);
    }
    json_end(&list);
    json_end(&o);
}
