/* The schemes by which senders sign, a row each. Constant; any thread.
 *
 * What differs between senders is all here: which headers, which bytes are signed, what the text of
 * a secret stands for, how the value is written. verify.c knows no sender by name.
 */
#include "hooks/verify.h"

#define WEBHOOK_NAMES                                                                              \
    {                                                                                              \
        .signature = STR_INIT("webhook-signature"), .id = STR_INIT("webhook-id"),                  \
        .timestamp = STR_INIT("webhook-timestamp")                                                 \
    }
#define SVIX_NAMES                                                                                 \
    {                                                                                              \
        .signature = STR_INIT("svix-signature"), .id = STR_INIT("svix-id"),                        \
        .timestamp = STR_INIT("svix-timestamp")                                                    \
    }

static const struct verify_scheme schemes[] = {
    /* also Svix, under names of its own */
    {.name = STR_INIT("standard-webhooks"),
     .key = VERIFY_KEY_PREFIXED,
     .layout = VERIFY_VERSIONS,
     .form = {.names = {WEBHOOK_NAMES, SVIX_NAMES},
              .template = STR_INIT("{id}.{timestamp}.{body}"),
              .prefix = STR_INIT("v1,"),
              .encoding = VERIFY_BASE64}},
    /* also Gitea; and Bitbucket, which sends SHA-256 under the older name */
    {.name = STR_INIT("github"),
     .key = VERIFY_KEY_TEXT,
     .layout = VERIFY_ONE,
     .form = {.names = {{.signature = STR_INIT("X-Hub-Signature-256"),
                         .id = STR_INIT("X-GitHub-Delivery")},
                        {.signature = STR_INIT("X-Hub-Signature"),
                         .id = STR_INIT("X-GitHub-Delivery")}},
              .template = STR_INIT("{body}"),
              .prefix = STR_INIT("sha256=")}},
    {.name = STR_INIT("gitlab-token"),
     .key = VERIFY_KEY_TEXT,
     .layout = VERIFY_TOKEN,
     .form = {.names = {{.signature = STR_INIT("X-Gitlab-Token"),
                         .id = STR_INIT("X-Gitlab-Event-UUID")}}}},
    {.name = STR_INIT("gitlab"),
     .key = VERIFY_KEY_PREFIXED,
     .layout = VERIFY_VERSIONS,
     .form = {.names = {WEBHOOK_NAMES},
              .template = STR_INIT("{id}.{timestamp}.{body}"),
              .prefix = STR_INIT("v1,"),
              .encoding = VERIFY_BASE64}},
    {.name = STR_INIT("slack"),
     .key = VERIFY_KEY_TEXT,
     .layout = VERIFY_ONE,
     .form = {.names = {{.signature = STR_INIT("X-Slack-Signature"),
                         .timestamp = STR_INIT("X-Slack-Request-Timestamp")}},
              .template = STR_INIT("v0:{timestamp}:{body}"),
              .prefix = STR_INIT("v0=")}},
    /* its secrets begin with whsec_ too, but are keys as they stand */
    {.name = STR_INIT("stripe"),
     .key = VERIFY_KEY_TEXT,
     .layout = VERIFY_FIELDS,
     .form = {.names = {{.signature = STR_INIT("Stripe-Signature")}},
              .template = STR_INIT("{timestamp}.{body}"),
              .prefix = STR_INIT("v1=")}},
    {.name = STR_INIT("shopify"),
     .key = VERIFY_KEY_TEXT,
     .layout = VERIFY_ONE,
     .form = {.names = {{.signature = STR_INIT("X-Shopify-Hmac-Sha256"),
                         .id = STR_INIT("X-Shopify-Webhook-Id")}},
              .template = STR_INIT("{body}"),
              .encoding = VERIFY_BASE64}},
    {.name = STR_INIT("hmac"),
     .key = VERIFY_KEY_ANY_FORM,
     .layout = VERIFY_ONE,
     .own_form = true,
     .form = {.template = STR_INIT("{body}")}},
};

const struct verify_scheme *verify_scheme_at(size_t index)
{
    return index < sizeof(schemes) / sizeof(schemes[0]) ? &schemes[index] : NULL;
}

const struct verify_scheme *verify_scheme_find(struct str name)
{
    const struct verify_scheme *scheme;
    for (size_t i = 0; (scheme = verify_scheme_at(i)) != NULL; i++) {
        if (str_eq(scheme->name, name))
            return scheme;
    }
    return NULL;
}
