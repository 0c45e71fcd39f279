/* URLs and addresses for the guard: whatever is written, no special address is let through, and two
 * readings of a URL agree. */
#include <arpa/inet.h>
#include <assert.h>

#include "http/guard.h"
#include "http/guard_address.h"
#include "http/guard_target.h"

static struct guard *guard;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    struct err err = ERR_NONE;
    guard = guard_new(NULL, 0, &err);
    return 0;
}

/* What libcurl would connect to when the host is an address. */
static bool permits_address(const struct target *t, struct err *err)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)t->port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)t->port)};
    if (inet_aton(t->host, &in.sin_addr) == 1)
        return guard_permits(guard, str_of(t->host), (const struct sockaddr *)&in, err);
    if (inet_pton(AF_INET6, t->host, &in6.sin6_addr) == 1)
        return guard_permits(guard, str_of(t->host), (const struct sockaddr *)&in6, err);
    return true;
}

static void check_url(struct str text)
{
    struct target t;
    struct err err = ERR_NONE;
    bool parsed = target_parse(&t, text, &err), permitted = guard_permits_url(guard, text, &err);
    assert(parsed || !permitted);
    if (!parsed)
        return;
    assert(t.host[0] != '\0' && t.port > 0 && t.port < 65536);
    assert(permitted == permits_address(&t, &err));
    struct target same = t;
    if (!target_follow(&t, STR("/there?x"), &err))
        assert(false);
    assert(str_is(str_of(t.host), same.host) && t.port == same.port && t.tls == same.tls);
    target_release(&t);
}

/* A redirect to anywhere is judged like a URL of its own. */
static void check_redirect(struct str text)
{
    struct target t;
    struct err err = ERR_NONE;
    if (!target_parse(&t, STR("http://from.example/a/b?c"), &err))
        assert(false);
    if (target_follow(&t, text, &err))
        assert(guard_permits_target(guard, &t, &err) == permits_address(&t, &err));
    target_release(&t);
}

/* An address that is read can be written and read again; a range holds its first address. */
static void check_address(struct str text)
{
    struct address a, again;
    struct address_range range;
    char space[ADDRESS_TEXT_BYTES];
    if (address_parse(text, &a)) {
        assert(address_parse(str_of(address_text(&a, space)), &again));
        assert(a.width == again.width && memcmp(a.bytes, again.bytes, a.width) == 0);
    }
    if (address_range_parse(text, &range))
        assert(range.bits <= range.first.width * 8 && address_in(&range.first, &range));
}

static void check_permit(struct str text)
{
    struct err err = ERR_NONE;
    struct guard *g = guard_new(&text, 1, &err);
    assert((g != NULL) == (err.status == 0));
    guard_free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_from((const char *)data, size);
    check_url(text);
    check_redirect(text);
    check_address(text);
    check_permit(text);
    return 0;
}
