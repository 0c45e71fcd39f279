/* Which deliveries are the same. Any thread. */
#include "hooks/hook.h"

/* Where senders say which delivery this is, in lower case; the first that is there counts. */
static const struct str id_headers[] = {
    STR_INIT("idempotency-key"), /* whoever asks for it by hand */
    STR_INIT("x-github-delivery"),   STR_INIT("webhook-id"),           STR_INIT("svix-id"),
    STR_INIT("x-gitlab-event-uuid"), STR_INIT("x-shopify-webhook-id"),
};

static struct str id_of(const struct http_request *rq)
{
    struct str id = STR("");
    for (size_t i = 0; i < sizeof(id_headers) / sizeof(id_headers[0]) && str_empty(id); i++)
        id = http_header(rq, id_headers[i]);
    return id;
}

struct str delivery_key(const struct http_request *rq, struct str signed_id, struct arena *arena)
{
    /* What the signature vouches for comes first: a call that was overheard and is sent again must
     * not become a new one by another header. */
    struct str id = str_empty(signed_id) ? id_of(rq) : signed_id;
    if (str_empty(id))
        return id;
    char digest[DIGEST_TOKEN_BYTES];
    digest_token(id, digest);
    return arena_str(arena, str_of(digest));
}
