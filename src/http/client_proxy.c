/* Which proxy the operator wants asked in place of a host. Any thread, but for the environment. */
#include "http/client_internal.h"
#include "http/guard_address.h"

static const char *variable(const char *lower, const char *upper)
{
    const char *value = getenv(lower);
    return value != NULL && *value != '\0' ? value : getenv(upper);
}

void client_config_environment(struct client_config *config)
{
    const char *all = variable("all_proxy", "ALL_PROXY");
    config->http_proxy = variable("http_proxy", "HTTP_PROXY");
    config->https_proxy = variable("https_proxy", "HTTPS_PROXY");
    config->no_proxy = variable("no_proxy", "NO_PROXY");
    if (config->http_proxy == NULL)
        config->http_proxy = all;
    if (config->https_proxy == NULL)
        config->https_proxy = all;
}

/* "example.com", ".example.com" and "*.example.com" all mean it and everything below it. */
static bool names_host(struct str entry, struct str host)
{
    if (str_starts(entry, STR("*.")))
        entry = str_after(entry, 2);
    else if (str_starts(entry, STR(".")))
        entry = str_after(entry, 1);
    if (entry.len == 0 || entry.len > host.len)
        return false;
    size_t front = host.len - entry.len;
    return str_eq_nocase(str_after(host, front), entry) &&
           (front == 0 || host.ptr[front - 1] == '.');
}

static bool entry_holds(struct str entry, const struct target *target)
{
    struct address address;
    struct address_range range;
    struct str host = str_of(target->host);
    if (str_is(entry, "*"))
        return true;
    if (address_range_parse(entry, &range))
        return address_parse(host, &address) && address_in(&address, &range);
    size_t colon = str_find_char(entry, ':');
    int64_t port = target->port;
    if (colon != SIZE_MAX && !str_to_i64(str_after(entry, colon + 1), &port))
        return false;
    return port == target->port && names_host(str_slice(entry, 0, colon), host);
}

static bool exempt(struct str list, const struct target *target)
{
    struct str part, entry;
    while (str_split(&list, ',', &part)) {
        while (str_split(&part, ' ', &entry)) {
            if (entry.len > 0 && entry_holds(entry, target))
                return true;
        }
    }
    return false;
}

const char *proxy_for(const struct client_config *config, const struct target *target)
{
    const char *proxy = target->tls ? config->https_proxy : config->http_proxy;
    if (proxy == NULL || exempt(str_of(config->no_proxy), target))
        return "";
    return proxy;
}
