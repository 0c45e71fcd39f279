/* Signatures of incoming calls: is this call really from the sender who shares a secret with us?
 *
 * A rule belongs to an integration. It names one of the known schemes, or describes one of its own
 * ("hmac"), and has one to five secrets, so that one can be replaced without losing calls. What is
 * checked are the bytes as they were received, before anybody parses them. A rule with a secret and
 * a call without a signature is a refusal; there is no "no header, no check".
 *
 * Pure: memory only, any thread, after digest_init().
 */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "base/json.h"
#include "http/http.h"

enum {
    VERIFY_MAX_SECRETS = 5,
    VERIFY_MAX_SIGNATURES = 10, /* in one header */
    VERIFY_TOLERANCE_S = 300,   /* unless the rule says otherwise */
    VERIFY_REASON_BYTES = 200,
};

struct verify_scheme;

/* Headers of one sender; empty where there is none. */
struct verify_names {
    struct str signature, id, timestamp;
};

enum verify_encoding { VERIFY_HEX, VERIFY_BASE64 };

/* Where a signature is found and what it signs. */
struct verify_form {
    struct verify_names names[2]; /* the second: other names for the same */
    struct str template;          /* the signed bytes: text with {id}, {timestamp} and {body} */
    struct str prefix;            /* of the header's value */
    enum digest_hash hash;
    enum verify_encoding encoding;
};

struct verify_secret {
    struct str text; /* as it was given */
    struct str key;  /* the bytes it stands for */
    bool public_key; /* an Ed25519 key, not a shared secret */
    int64_t created_at_ms;
};

struct verify_rule {
    const struct verify_scheme *scheme; /* static */
    struct verify_form form;            /* of the scheme, or the rule's own */
    int64_t tolerance_s;                /* seconds a timestamp may be off; 0: the usual */
    struct verify_secret secrets[VERIFY_MAX_SECRETS]; /* newest first */
    size_t secret_count;
};

struct verify_outcome {
    char reason[VERIFY_REASON_BYTES]; /* why it was refused, for the owner's eyes; holds no secret
                                         and nothing of the body; "" when it was not */
    struct str id;                    /* the sender's id of this delivery: a view into the headers,
                                         empty when there is none */
    size_t secret;                    /* which one matched */
};

/* True when the signature is good. *out is filled either way; its `id` is to be trusted only when
 * the answer is true, and even then only some schemes sign it. */
bool verify_signature(const struct verify_rule *rule, const struct http_header *headers,
                      size_t header_count, struct str raw_body, int64_t now_ms,
                      struct verify_outcome *out);

/* --- rules as JSON (verify_options.c) --- */

/* A rule as its owner writes it; its secrets get `now_ms`. NULL and *err (400) when it cannot be
 * used; the text says what to change. The rule borrows the tree's strings. */
struct verify_rule *verify_read(struct arena *a, const struct json *options, int64_t now_ms,
                                struct err *err);
/* What VERIFY_STORED wrote. NULL and *err (500) when it was something else. */
struct verify_rule *verify_load(struct arena *a, const struct json *stored, struct err *err);

enum verify_view {
    VERIFY_SHOWN,  /* secrets are only {"last4", "createdAt"} */
    VERIFY_STORED, /* whole: the caller seals this (digest_seal) */
};
void verify_put(struct buf *out, const struct verify_rule *rule, enum verify_view view);

/* Secrets that the old rule had too stay as old as they are. `old` may be NULL. */
void verify_keep_dates(struct verify_rule *rule, const struct verify_rule *old);

/* --- the schemes (verify_scheme.c) --- */

/* What the text of a secret stands for. */
enum verify_key {
    VERIFY_KEY_TEXT,     /* itself */
    VERIFY_KEY_PREFIXED, /* whsec_ or whpk_ and base64: decoded */
    VERIFY_KEY_ANY_FORM, /* itself, or decoded after base64: */
};

/* How signatures lie in their header. */
enum verify_layout {
    VERIFY_ONE,      /* prefix, value */
    VERIFY_VERSIONS, /* v1,<base64> v1a,<base64> ... */
    VERIFY_FIELDS,   /* t=<time>,v1=<hex>,v1=<hex> ... */
    VERIFY_TOKEN,    /* the secret itself */
};

struct verify_scheme {
    struct str name;
    enum verify_key key;
    enum verify_layout layout;
    bool own_form; /* the rule brings the form */
    struct verify_form form;
};

/* NULL: no such scheme. */
const struct verify_scheme *verify_scheme_find(struct str name);
/* In order, for lists; NULL at the end. */
const struct verify_scheme *verify_scheme_at(size_t index);
