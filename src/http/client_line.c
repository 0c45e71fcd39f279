/* Who may go next: every host has a line of its own and a number of places, and hosts that have
 * both somebody waiting and a place free take turns. libcurl has such limits too, but there a full
 * host can hold up those behind it. Runs on the client's thread.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "http/client_internal.h"

enum { KEY_BYTES = TARGET_HOST_BYTES + 8 };

static struct str key_of(const void *entry)
{
    return ((const struct host *)entry)->key;
}

void lines_init(struct lines *l, const struct client_config *config)
{
    assert(config->max_connections > 0 && config->max_per_host > 0);
    *l =
        (struct lines){.max_active = config->max_connections, .max_per_host = config->max_per_host};
    map_init(&l->hosts, key_of);
}

static struct host *host_new(struct str key)
{
    struct host *host = mem_zalloc(sizeof(*host) + key.len);
    char *text = (char *)(host + 1);
    memcpy(text, key.ptr, key.len);
    host->key = str_from(text, key.len);
    return host;
}

static struct host *host_of(struct lines *l, const struct target *target)
{
    char space[KEY_BYTES];
    int len = snprintf(space, sizeof(space), "%s:%u", target->host, target->port);
    struct str key = str_from(space, (size_t)len);
    struct host *host = map_get(&l->hosts, key);
    if (host == NULL) {
        host = host_new(key);
        map_put(&l->hosts, host);
    }
    return host;
}

static void forget_if_idle(struct lines *l, struct host *host)
{
    if (host->active > 0 || host->first != NULL || host->ready)
        return;
    map_remove(&l->hosts, host->key);
    free(host);
}

static void line_append(struct host *host, struct transfer *t)
{
    t->line_previous = host->last;
    t->line_next = NULL;
    if (host->last != NULL)
        host->last->line_next = t;
    else
        host->first = t;
    host->last = t;
}

static void line_remove(struct host *host, struct transfer *t)
{
    if (t->line_previous != NULL)
        t->line_previous->line_next = t->line_next;
    else
        host->first = t->line_next;
    if (t->line_next != NULL)
        t->line_next->line_previous = t->line_previous;
    else
        host->last = t->line_previous;
}

static void call_up(struct lines *l, struct host *host)
{
    if (host->ready || host->first == NULL || host->active >= l->max_per_host)
        return;
    host->ready = true;
    host->next_ready = NULL;
    if (l->last_ready != NULL)
        l->last_ready->next_ready = host;
    else
        l->first_ready = host;
    l->last_ready = host;
}

static struct host *take_ready(struct lines *l)
{
    struct host *host = l->first_ready;
    l->first_ready = host->next_ready;
    if (l->first_ready == NULL)
        l->last_ready = NULL;
    host->ready = false;
    return host;
}

/* Hosts that were called up, and whose line has left since, are still in the list. */
void lines_release(struct lines *l)
{
    while (l->first_ready != NULL)
        forget_if_idle(l, take_ready(l));
    assert(l->active == 0 && l->hosts.count == 0);
    map_release(&l->hosts);
}

void lines_join(struct lines *l, struct transfer *t)
{
    t->host = host_of(l, &t->target);
    line_append(t->host, t);
    call_up(l, t->host);
}

struct transfer *lines_next(struct lines *l)
{
    while (l->first_ready != NULL && l->active < l->max_active) {
        struct host *host = take_ready(l);
        struct transfer *t = host->first;
        if (t == NULL) { /* who waited has left */
            forget_if_idle(l, host);
            continue;
        }
        line_remove(host, t);
        host->active++;
        l->active++;
        t->running = true;
        call_up(l, host);
        return t;
    }
    return NULL;
}

void lines_leave(struct lines *l, struct transfer *t)
{
    struct host *host = t->host;
    if (t->running) {
        host->active--;
        l->active--;
    } else {
        line_remove(host, t);
    }
    t->running = false;
    t->host = NULL;
    call_up(l, host);
    forget_if_idle(l, host);
}
