/* The table of special ranges, the operator's list of what is allowed nevertheless, and the verdict
 * over an address; see guard.h. Constant after guard_new(); any thread.
 */
#include "http/guard.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "http/guard_address.h"
#include "http/guard_target.h"

/* Read from top to bottom: the first range that holds an address tells what it is. Those without a
 * name are public. Of IPv6 only 2000::/3 is given out for hosts of the Internet. */
static const struct {
    const char *range, *what;
} special[] = {
    {"0.0.0.0/8", "an unspecified address"},
    {"10.0.0.0/8", "a private address"},
    {"100.64.0.0/10", "an address that a provider's customers share"},
    {"127.0.0.0/8", "a loopback address"},
    {"168.63.129.16/32", "the address of a cloud's own services"},
    {"169.254.0.0/16", "a link-local address"},
    {"172.16.0.0/12", "a private address"},
    {"192.0.0.0/24", "an address of protocols"},
    {"192.0.2.0/24", "an address of documentation"},
    {"192.31.196.0/24", "an address of name servers for private ranges"},
    {"192.52.193.0/24", "an address of multicast relays"},
    {"192.88.99.0/24", "an address of 6to4 relays"},
    {"192.168.0.0/16", "a private address"},
    {"192.175.48.0/24", "an address of name servers for private ranges"},
    {"198.18.0.0/15", "an address of benchmarks"},
    {"198.51.100.0/24", "an address of documentation"},
    {"203.0.113.0/24", "an address of documentation"},
    {"224.0.0.0/4", "a multicast address"},
    {"255.255.255.255/32", "the broadcast address"},
    {"240.0.0.0/4", "a reserved address"},
    {"0.0.0.0/0", NULL},
    {"::/128", "the unspecified address"},
    {"::1/128", "the loopback address"},
    {"::/96", "an IPv4-compatible address"},
    {"64:ff9b::/96", NULL}, /* NAT64: what hides in it is judged */
    {"64:ff9b:1::/48", "an address of local translation"},
    {"100::/64", "an address that discards"},
    {"2001::/32", "an address of a Teredo tunnel"},
    {"2001::/23", "an address of protocols"},
    {"2001:db8::/32", "an address of documentation"},
    {"2620:4f:8000::/48", "an address of name servers for private ranges"},
    {"3fff::/20", "an address of documentation"},
    {"2000::/3", NULL},
    {"fc00::/7", "a unique-local address"},
    {"fe80::/10", "a link-local address"},
    {"fec0::/10", "a site-local address"},
    {"ff00::/8", "a multicast address"},
    {"::/0", "a reserved address"},
};
enum { SPECIAL_COUNT = sizeof(special) / sizeof(*special) };

/* Ranges of IPv6 that carry an IPv4 address for somebody on the way to take out, and where. */
static const struct {
    const char *range;
    unsigned at;
} carriers[] = {
    {"64:ff9b::/96", 12}, {"2002::/16", 2}, /* 6to4 */
};
enum { CARRIER_COUNT = sizeof(carriers) / sizeof(*carriers) };

/* What the operator allows: a range when `host` is NULL. */
struct permit {
    struct address_range range;
    char *host;    /* owned */
    unsigned port; /* 0: any */
};

struct guard {
    struct address_range special[SPECIAL_COUNT], carriers[CARRIER_COUNT]; /* as in the tables */
    size_t permit_count;
    struct permit permits[];
};

static struct address_range table_range(const char *text)
{
    struct address_range range;
    bool ok = address_range_parse(str_of(text), &range);
    assert(ok);
    return range;
}

static bool digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    }
    return s.len > 0;
}

/* A name whose last label is a number would be read as an address by some. */
static bool is_label(struct str label, bool last)
{
    for (size_t i = 0; i < label.len; i++) {
        char c = label.ptr[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            c != '-' && c != '_')
            return false;
    }
    return label.len > 0 && label.len <= 63 &&
           !(last && (digits(label) || str_eq_nocase(str_slice(label, 0, 2), STR("0x"))));
}

static bool is_host(struct str host)
{
    struct str rest = host, label;
    if (host.len > 253)
        return false;
    while (str_split(&rest, '.', &label)) {
        bool last = label.ptr + label.len == host.ptr + host.len;
        if (!is_label(label, last))
            return false;
    }
    return true;
}

/* Cuts ":8443" off the end, and the brackets around what is in front of it. */
static bool cut_port(struct str *text, unsigned *out_port)
{
    size_t end = text->len;
    while (end > 0 && text->ptr[end - 1] >= '0' && text->ptr[end - 1] <= '9')
        end--;
    int64_t port = 0;
    if (end > 0 && text->ptr[end - 1] == ':') {
        if (!str_to_i64(str_after(*text, end), &port) || port < 1 || port > 65535)
            return false;
        text->len = end - 1;
    }
    if (str_starts(*text, STR("[")) && str_ends(*text, STR("]")))
        *text = str_slice(*text, 1, text->len - 1);
    *out_port = (unsigned)port;
    return true;
}

static bool parse_permit(struct str text, struct permit *out)
{
    *out = (struct permit){.port = 0};
    if (address_range_parse(text, &out->range))
        return true;
    if (!cut_port(&text, &out->port))
        return false;
    if (str_find_char(text, '/') == SIZE_MAX && address_range_parse(text, &out->range))
        return true;
    if (str_ends(text, STR(".")))
        text.len--;
    if (!is_host(text))
        return false;
    out->host = mem_alloc(text.len + 1);
    memcpy(out->host, text.ptr, text.len);
    out->host[text.len] = '\0';
    return true;
}

struct guard *guard_new(const struct str *allow, size_t count, struct err *err)
{
    struct guard *g = mem_zalloc(sizeof(*g) + count * sizeof(g->permits[0]));
    for (size_t i = 0; i < SPECIAL_COUNT; i++)
        g->special[i] = table_range(special[i].range);
    for (size_t i = 0; i < CARRIER_COUNT; i++)
        g->carriers[i] = table_range(carriers[i].range);
    for (; g->permit_count < count; g->permit_count++) {
        struct str entry = str_trim(allow[g->permit_count]);
        if (parse_permit(entry, &g->permits[g->permit_count]))
            continue;
        err_invalid(err,
                    "outbound.allow: \"%.*s\" is none of a range (10.0.0.0/8), an address (::1) or "
                    "a host (ci.example, ci.example:8443).",
                    STR_FMT(str_slice(entry, 0, 200)));
        guard_free(g);
        return NULL;
    }
    return g;
}

void guard_free(struct guard *g)
{
    if (g == NULL)
        return;
    for (size_t i = 0; i < g->permit_count; i++)
        free(g->permits[i].host);
    free(g);
}

/* Somewhere one wants to go: `host` as it was asked for, `address` where that is. */
struct visit {
    struct str host;
    struct address address;
    unsigned port;
};

static bool permit_holds(const struct permit *p, const struct visit *v)
{
    if (p->port != 0 && p->port != v->port)
        return false;
    return p->host != NULL ? str_eq_nocase(v->host, str_of(p->host))
                           : address_in(&v->address, &p->range);
}

static bool allowed(const struct guard *g, const struct visit *v)
{
    for (size_t i = 0; i < g->permit_count; i++) {
        if (permit_holds(&g->permits[i], v))
            return true;
    }
    return false;
}

/* The row of `special`; every address is in one. */
static size_t row_of(const struct guard *g, const struct address *a)
{
    size_t i = 0;
    while (!address_in(a, &g->special[i]))
        i++;
    return i;
}

static bool refuse(const struct visit *v, const struct address *judged, size_t row, struct err *err)
{
    char outer[ADDRESS_TEXT_BYTES], inner[ADDRESS_TEXT_BYTES];
    bool hidden = judged != &v->address;
    return err_invalid(err,
                       "This server may not connect to %s%s%s, %s (%s). Its operator can allow it "
                       "with outbound.allow.",
                       address_text(&v->address, outer), hidden ? ", which hides " : "",
                       hidden ? address_text(judged, inner) : "", special[row].what,
                       special[row].range);
}

/* The IPv4 address inside, as a place of its own. */
static bool take_out(const struct guard *g, const struct visit *v, struct visit *out)
{
    for (size_t i = 0; i < CARRIER_COUNT; i++) {
        if (!address_in(&v->address, &g->carriers[i]))
            continue;
        *out = *v;
        out->address = (struct address){.width = 4};
        memcpy(out->address.bytes, v->address.bytes + carriers[i].at, 4);
        return true;
    }
    return false;
}

static bool judge(const struct guard *g, const struct visit *v, struct err *err)
{
    if (allowed(g, v))
        return true;
    size_t row = row_of(g, &v->address);
    if (special[row].what != NULL)
        return refuse(v, &v->address, row, err);
    struct visit inner;
    if (!take_out(g, v, &inner) || allowed(g, &inner))
        return true;
    row = row_of(g, &inner.address);
    return special[row].what == NULL || refuse(v, &inner.address, row, err);
}

/* Without what may stand around a name in a URL. */
static struct str bare_host(struct str host)
{
    if (str_starts(host, STR("[")) && str_ends(host, STR("]")))
        return str_slice(host, 1, host.len - 1);
    return str_ends(host, STR(".")) ? str_slice(host, 0, host.len - 1) : host;
}

bool guard_permits(const struct guard *g, struct str host, const struct sockaddr *address,
                   struct err *err)
{
    struct visit v = {.host = bare_host(host)};
    if (!address_of(address, &v.address, &v.port))
        return err_invalid(err, "This server connects to addresses of the Internet alone.");
    return judge(g, &v, err);
}

bool guard_permits_target(const struct guard *g, const struct target *t, struct err *err)
{
    struct visit v = {.host = str_of(t->host), .port = t->port};
    return !address_parse_loose(t->host, &v.address) || judge(g, &v, err);
}

bool guard_permits_url(const struct guard *g, struct str url, struct err *err)
{
    struct target t;
    if (!target_parse(&t, url, err))
        return false;
    bool ok = guard_permits_target(g, &t, err);
    target_release(&t);
    return ok;
}
