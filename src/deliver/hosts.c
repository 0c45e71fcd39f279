/* The lines of hosts.h. A host is there as long as somebody calls it. */
#include "deliver/hosts.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

struct host {
    struct str name;
    unsigned calling;
    struct host_place *first, *last; /* who waits */
    char text[];
};

static struct str name_of(const void *entry)
{
    return ((const struct host *)entry)->name;
}

void hosts_init(struct hosts *h, unsigned limit)
{
    *h = (struct hosts){.limit = limit};
    map_init(&h->map, name_of);
}

void hosts_release(struct hosts *h)
{
    assert(h->map.count == 0);
    map_release(&h->map);
}

/* What stands between "//" and the path, without user and password. What is no URL has a line too;
 * the client refuses it soon enough. */
static struct str authority(struct str url)
{
    size_t slashes = str_find(url, STR("//"));
    struct str rest = slashes == SIZE_MAX ? url : str_after(url, slashes + 2);
    size_t end = 0;
    while (end < rest.len && strchr("/?#\\", rest.ptr[end]) == NULL)
        end++;
    rest = str_slice(rest, 0, end);
    size_t at;
    while ((at = str_find_char(rest, '@')) != SIZE_MAX)
        rest = str_after(rest, at + 1);
    return rest;
}

static struct host *host_new(struct str name)
{
    struct host *host = mem_zalloc(sizeof(*host) + name.len);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        host->text[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    host->name = str_from(host->text, name.len);
    return host;
}

static struct host *host_get(struct hosts *h, struct str url)
{
    struct host *fresh = host_new(authority(url));
    struct host *known = map_get(&h->map, fresh->name);
    if (known == NULL) {
        map_put(&h->map, fresh);
        return fresh;
    }
    free(fresh);
    return known;
}

bool hosts_enter(struct hosts *h, struct str url, struct host_place *place)
{
    struct host *host = host_get(h, url);
    *place = (struct host_place){.host = host, .waiting = host->calling >= h->limit};
    if (!place->waiting) {
        host->calling++;
        return true;
    }
    place->prev = host->last;
    if (host->last != NULL)
        host->last->next = place;
    else
        host->first = place;
    host->last = place;
    return false;
}

static void step_out(struct host *host, struct host_place *place)
{
    if (place->prev != NULL)
        place->prev->next = place->next;
    else
        host->first = place->next;
    if (place->next != NULL)
        place->next->prev = place->prev;
    else
        host->last = place->prev;
    place->prev = place->next = NULL;
    place->waiting = false;
}

struct host_place *hosts_leave(struct hosts *h, struct host_place *place)
{
    struct host *host = place->host;
    bool waited = place->waiting;
    if (host == NULL)
        return NULL;
    if (waited)
        step_out(host, place);
    *place = (struct host_place){.host = NULL};
    if (waited)
        return NULL;
    struct host_place *next = host->first;
    if (next != NULL) {
        step_out(host, next);
        return next;
    }
    if (--host->calling == 0) {
        map_remove(&h->map, host->name);
        free(host);
    }
    return NULL;
}
