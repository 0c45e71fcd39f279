/* Checking the signature of one call. Any thread.
 *
 * A walk of four steps, each of which may refuse: find the headers, read the signatures out of
 * theirs, look at the time, try the secrets. Only the last one computes with secrets; what is
 * compared there has equal length and is compared in constant time. The reasons of the others tell
 * nothing that the caller did not send himself.
 */
#include "hooks/verify.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"

enum { SIGNATURE_BYTES = 64, PLACES = 3, PARTS = 2 * PLACES + 1 };

struct signature {
    bool ed25519; /* else a MAC */
    size_t len;
    uint8_t bytes[SIGNATURE_BYTES];
};

/* What one call brought. */
struct attempt {
    const struct verify_rule *rule;
    const struct verify_names *names;
    struct str value, id, timestamp; /* as sent */
    struct signature signatures[VERIFY_MAX_SIGNATURES];
    size_t count;
    bool too_many;
    struct str parts[PARTS]; /* the signed bytes */
    size_t part_count;
    struct verify_outcome *out;
};

static bool __attribute__((format(printf, 2, 3)))
refused(struct attempt *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(at->out->reason, sizeof(at->out->reason), format, args);
    va_end(args);
    return false;
}

/* --- the headers --- */

struct header_list {
    const struct http_header *headers;
    size_t count;
};

/* The header of that name, from position *at on; NULL when there is no more. */
static const struct http_header *next_header(const struct header_list *list, struct str name,
                                             size_t *at)
{
    while (*at < list->count) {
        const struct http_header *header = &list->headers[(*at)++];
        if (str_eq_nocase(header->name, name))
            return header;
    }
    return NULL;
}

static bool has_header(const struct header_list *list, struct str name)
{
    size_t at = 0;
    return name.len > 0 && next_header(list, name, &at) != NULL;
}

/* A header that may be missing, but not be there twice: which one would be checked? */
static bool take_header(struct attempt *at, const struct header_list *list, struct str name,
                        struct str *value)
{
    size_t position = 0;
    const struct http_header *first = next_header(list, name, &position);
    if (name.len == 0 || first == NULL)
        return true;
    if (next_header(list, name, &position) != NULL)
        return refused(at, "%.*s is there more than once", STR_FMT(name));
    *value = first->value;
    return true;
}

static bool needed(struct attempt *at, struct str name, struct str value)
{
    return value.len > 0 || refused(at, "%.*s is missing or empty", STR_FMT(name));
}

static bool find_headers(struct attempt *at, const struct header_list *list)
{
    const struct verify_form *form = &at->rule->form;
    bool other_names =
        !has_header(list, form->names[0].signature) && has_header(list, form->names[1].signature);
    at->names = &form->names[other_names];
    bool signs_id = str_find(form->template, STR("{id}")) != SIZE_MAX;
    return take_header(at, list, at->names->signature, &at->value) &&
           take_header(at, list, at->names->id, &at->id) &&
           take_header(at, list, at->names->timestamp, &at->timestamp) &&
           needed(at, at->names->signature, at->value) &&
           (!signs_id || needed(at, at->names->id, at->id)) &&
           (at->names->timestamp.len == 0 || needed(at, at->names->timestamp, at->timestamp));
}

/* --- the signatures in their header --- */

/* Keeps a signature if it is well-formed; what is not can match nothing. */
static void take_signature(struct attempt *at, struct str text, enum verify_encoding encoding,
                           size_t size, bool ed25519)
{
    struct signature signature = {.ed25519 = ed25519, .len = size};
    bool good = encoding == VERIFY_HEX
                    ? digest_hex_decode(text, signature.bytes, size)
                    : digest_base64_decode(text, signature.bytes, size, &signature.len);
    if (!good || signature.len != size)
        return;
    if (at->count == VERIFY_MAX_SIGNATURES)
        at->too_many = true;
    else
        at->signatures[at->count++] = signature;
}

/* A MAC behind the form's prefix; anything else is passed over. */
static void take_mac(struct attempt *at, struct str item)
{
    const struct verify_form *form = &at->rule->form;
    if (str_starts(item, form->prefix))
        take_signature(at, str_after(item, form->prefix.len), form->encoding,
                       digest_mac_size(form->hash), false);
}

static bool read_one(struct attempt *at)
{
    take_mac(at, at->value);
    return true;
}

static bool read_versions(struct attempt *at)
{
    static const struct str ed25519 = STR_INIT("v1a,");
    struct str rest = at->value, item;
    while (str_split(&rest, ' ', &item)) {
        take_mac(at, item);
        if (str_starts(item, ed25519))
            take_signature(at, str_after(item, ed25519.len), VERIFY_BASE64,
                           DIGEST_ED25519_SIGNATURE_BYTES, true);
    }
    return true;
}

static bool read_fields(struct attempt *at)
{
    struct str rest = at->value, item;
    while (str_split(&rest, ',', &item)) {
        item = str_trim(item);
        take_mac(at, item);
        if (!str_starts(item, STR("t=")))
            continue;
        if (at->timestamp.len > 0)
            return refused(at, "%.*s has more than one t=", STR_FMT(at->names->signature));
        at->timestamp = str_after(item, 2);
    }
    return at->timestamp.len > 0 || refused(at, "%.*s has no t=", STR_FMT(at->names->signature));
}

static bool no_signature(struct attempt *at)
{
    const struct verify_form *form = &at->rule->form;
    size_t size = digest_mac_size(form->hash);
    bool hex = form->encoding == VERIFY_HEX;
    return refused(at, "%.*s has no signature of the form %.*s<%s%zu %s>",
                   STR_FMT(at->names->signature), STR_FMT(form->prefix), hex ? "" : "base64 of ",
                   hex ? 2 * size : size, hex ? "hexadecimal digits" : "bytes");
}

static bool read_signatures(struct attempt *at)
{
    static bool (*const readers[])(struct attempt *) = {
        [VERIFY_ONE] = read_one, [VERIFY_VERSIONS] = read_versions, [VERIFY_FIELDS] = read_fields};
    if (at->rule->scheme->layout == VERIFY_TOKEN)
        return true;
    if (!readers[at->rule->scheme->layout](at))
        return false;
    if (at->too_many)
        return refused(at, "%.*s has more than %d signatures", STR_FMT(at->names->signature),
                       VERIFY_MAX_SIGNATURES);
    return at->count > 0 || no_signature(at);
}

/* --- the time --- */

static bool only_digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    }
    return s.len > 0;
}

/* Unix seconds. Senders without a scheme of their own also write milliseconds (these have thirteen
 * digits since 2001) and ISO times. */
static bool read_time(struct str text, bool any_form, int64_t *seconds)
{
    enum { SECONDS_DIGITS = 12, MILLISECONDS_DIGITS = 15 };
    bool digits = only_digits(text);
    if (digits && text.len <= SECONDS_DIGITS)
        return str_to_i64(text, seconds);
    int64_t ms = 0;
    bool good = digits ? text.len <= MILLISECONDS_DIGITS && str_to_i64(text, &ms)
                       : clock_parse_iso(text, &ms);
    *seconds = ms / 1000;
    return any_form && good;
}

static bool check_time(struct attempt *at, int64_t now_ms)
{
    if (at->timestamp.len == 0)
        return true;
    int64_t sent,
        tolerance = at->rule->tolerance_s > 0 ? at->rule->tolerance_s : VERIFY_TOLERANCE_S;
    if (!read_time(at->timestamp, at->rule->scheme->own_form, &sent))
        return refused(at, "the timestamp is no time in Unix seconds");
    int64_t age = now_ms / 1000 - sent;
    if (age > tolerance)
        return refused(at, "the timestamp is %lld s old, allowed are %lld", (long long)age,
                       (long long)tolerance);
    if (age < -tolerance)
        return refused(at, "the timestamp is %lld s ahead of this server's clock, allowed are %lld",
                       (long long)-age, (long long)tolerance);
    return true;
}

/* --- the signed bytes --- */

struct place {
    struct str name, value;
};

/* Cuts the next part off a template: what a place stands for, or the text up to the next place. */
static struct str cut_part(struct str *rest, const struct place *places)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (str_starts(*rest, places[i].name)) {
            *rest = str_after(*rest, places[i].name.len);
            return places[i].value;
        }
    }
    size_t end = str_find_char(*rest, '{');
    assert(end > 0); /* templates are checked when they are read */
    struct str text = str_slice(*rest, 0, end);
    *rest = str_after(*rest, end);
    return text;
}

/* If the text that follows {id} could be in the id, a signature would fit another id with another
 * rest as well. */
static bool id_ends_clearly(struct str template, struct str id)
{
    size_t at = str_find(template, STR("{id}"));
    struct str behind = str_after(template, at == SIZE_MAX ? at : at + strlen("{id}"));
    struct str text = str_slice(behind, 0, str_find_char(behind, '{'));
    return text.len == 0 || str_find(id, text) == SIZE_MAX;
}

static bool lay_out(struct attempt *at, struct str body)
{
    struct str rest = at->rule->form.template;
    const struct place places[PLACES] = {
        {STR("{id}"), at->id}, {STR("{timestamp}"), at->timestamp}, {STR("{body}"), body}};
    if (!id_ends_clearly(rest, at->id))
        return refused(at, "%.*s holds the text that ends it in the signed bytes",
                       STR_FMT(at->names->id));
    while (rest.len > 0) {
        assert(at->part_count < PARTS);
        at->parts[at->part_count++] = cut_part(&rest, places);
    }
    return true;
}

/* --- the secrets --- */

static bool mac_matches(const struct attempt *at, struct str key)
{
    uint8_t mac[DIGEST_MAC_BYTES];
    size_t len = digest_hmac(at->rule->form.hash, key, at->parts, at->part_count, mac);
    bool matches = false;
    for (size_t i = 0; i < at->count; i++) {
        const struct signature *given = &at->signatures[i];
        matches |=
            !given->ed25519 && str_eq_secret(str_from((const char *)given->bytes, given->len),
                                             str_from((const char *)mac, len));
    }
    return matches;
}

static void join_parts(const struct attempt *at, struct buf *out)
{
    for (size_t i = 0; i < at->part_count; i++)
        (void)buf_add(out, at->parts[i]);
}

/* Ed25519 wants its message in one piece, so it is only put together when there is a signature. */
static bool ed25519_matches(const struct attempt *at, struct str key)
{
    bool matches = false;
    BUF(message, SIZE_MAX);
    for (size_t i = 0; i < at->count && !matches; i++) {
        const struct signature *given = &at->signatures[i];
        if (!given->ed25519)
            continue;
        if (message.len == 0)
            join_parts(at, &message);
        matches = digest_ed25519_verify(key, str_from((const char *)given->bytes, given->len),
                                        buf_str(&message));
    }
    return matches;
}

static bool secret_matches(const struct attempt *at, const struct verify_secret *secret)
{
    if (at->rule->scheme->layout == VERIFY_TOKEN)
        return str_eq_secret(at->value, secret->key);
    return secret->public_key ? ed25519_matches(at, secret->key) : mac_matches(at, secret->key);
}

static bool check_secrets(struct attempt *at)
{
    const struct verify_rule *rule = at->rule;
    for (size_t i = 0; i < rule->secret_count; i++) {
        if (secret_matches(at, &rule->secrets[i])) {
            at->out->secret = i;
            return true;
        }
    }
    return refused(at, "%.*s fits none of the secrets (%zu)", STR_FMT(at->names->signature),
                   rule->secret_count);
}

bool verify_signature(const struct verify_rule *rule, const struct http_header *headers,
                      size_t header_count, struct str raw_body, int64_t now_ms,
                      struct verify_outcome *out)
{
    *out = (struct verify_outcome){.secret = 0};
    struct attempt at = {.rule = rule, .out = out};
    if (!find_headers(&at, &(struct header_list){headers, header_count}))
        return false;
    out->id = at.id;
    return read_signatures(&at) && check_time(&at, now_ms) && lay_out(&at, raw_body) &&
           check_secrets(&at);
}
