/* All connections of a loop: rings of those that wait for the same thing, the one that began first
 * in front. Here are the deadlines and the ends that concern many; what a single one does then is
 * conn.c's. On the loop.
 */
#include <assert.h>
#include <stddef.h>
#include <sys/socket.h>

#include "http/conn.h"

static struct conn *conn_of(struct wait_link *link)
{
    struct conn *c = (struct conn *)(void *)((char *)link - offsetof(struct conn, link));
    assert(c->magic == CONN_MAGIC);
    return c;
}

void conns_expire(struct loop *loop)
{
    for (enum wait wait = 0; wait < WAIT_ANSWER; wait++) {
        struct wait_link *ring = &loop->waiting[wait];
        while (ring->next != ring && conn_of(ring->next)->wait_end_ms <= loop_now_ms(loop))
            conn_expire(conn_of(ring->next));
    }
}

/* Whether bytes, and not the end, have come that nobody has read yet. */
static bool has_unread(const struct conn *c)
{
    char byte;
    return recv(c->fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) > 0;
}

static void close_between(struct wait_link *ring)
{
    for (struct wait_link *link = ring->next, *next; link != ring; link = next) {
        next = link->next;
        struct conn *c = conn_of(link);
        if (reader_holds(&c->reader) == 0 && !has_unread(c))
            conn_close(c);
    }
}

void conns_close_idle(struct loop *loop)
{
    close_between(&loop->waiting[WAIT_IDLE]);
    close_between(&loop->waiting[WAIT_HEAD]);
}

void conns_close_all(struct loop *loop)
{
    for (enum wait wait = 0; wait < WAIT_KINDS; wait++) {
        while (loop->waiting[wait].next != &loop->waiting[wait])
            conn_close(conn_of(loop->waiting[wait].next));
    }
}

static void end_streams(struct wait_link *ring)
{
    for (struct wait_link *link = ring->next, *next; link != ring; link = next) {
        next = link->next;
        if (conn_of(link)->sse != NULL)
            conn_close(conn_of(link));
    }
}

void conns_end_streams(struct loop *loop)
{
    end_streams(&loop->waiting[WAIT_STREAM]);
    end_streams(&loop->waiting[WAIT_WRITE]);
}
