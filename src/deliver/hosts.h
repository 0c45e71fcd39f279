/* How many calls a host gets at a time, whichever integrations make them. A host is the name and
 * port of a URL. One holder; not locked. */
#pragma once

#include "base/map.h"

struct host;

/* A place in a host's line; lies in whatever waits. */
struct host_place {
    struct host *host; /* NULL: neither in line nor calling */
    bool waiting;
    struct host_place *prev, *next;
};

struct hosts {
    unsigned limit;
    struct map map;
};

void hosts_init(struct hosts *h, unsigned limit);
/* Nobody calls and nobody waits. */
void hosts_release(struct hosts *h);

/* True: it may call now. False: it waits in the line of the URL's host. */
bool hosts_enter(struct hosts *h, struct str url, struct host_place *place);
/* It has ended, or waits no longer. Returns who may call now in its place, or NULL. */
struct host_place *hosts_leave(struct hosts *h, struct host_place *place);
