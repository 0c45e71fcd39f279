/* The parts of the room that share the thread `queue`. All of it is touched by that thread alone,
 * but for what deliver.h and the lock say. */
#pragma once

#include <pthread.h>

#include "deliver/deliver.h"
#include "deliver/hosts.h"
#include "deliver/outcome.h"
#include "deliver/plan.h"
#include "deliver/reply.h"
#include "deliver/request.h"
#include "model/outgoing_entry.h"
#include "script/script.h"
#include "store/delivery.h"

struct attempt;

/* Rows that one claim took, and what the tries of them share. Freed when the last try has ended. */
struct claim {
    struct command command; /* first */
    struct deliveries *home;
    struct destination *destination;
    struct arena arena;
    unsigned asked, busy; /* slots: that it asks for, and those taken before */
    size_t refs;
    /* What the command found. */
    struct delivery_list rows;
    const struct integration *in;
    struct signing_secrets secrets;
    bool unsigned_calls; /* the secrets are sealed with another key */
    int64_t timeout_ms;  /* of the integration's calls; 0: the usual one */
    unsigned limit;      /* of its slots; 0: the usual one */
    int64_t next_ms;     /* what is left there is due then */
};

/* What people see of a try while its receiver takes its time. A command of its own, with memory of
 * its own, for the client holds the rest meanwhile. */
struct showing {
    struct command command; /* first */
    struct arena arena;
    struct attempt *attempt;
    struct outgoing_entry entry; /* as it was then */
};

enum row_end {
    ROW_STAYS, /* as it is: the try goes on */
    ROW_FINISH,
    ROW_WAIT,
    ROW_BURY,
};

/* What a command of a try does, all of it or nothing. */
struct order {
    const struct json *content; /* a message to be posted; NULL: none */
    struct str *posted_to;      /* the member of `entry` that keeps what was posted */
    bool enters;                /* the entry goes into the history */
    bool updates;               /* ... where it is already */
    bool switches_off;          /* the integration */
    enum row_end row;
    int64_t due_ms, tries; /* of ROW_WAIT */
    /* What came of it. */
    struct str posted; /* JSON; empty: nothing */
    bool nobody;       /* there was nobody who could post, or no room */
};

struct attempt_run {
    struct script_run run; /* first */
    struct attempt *attempt;
};

struct attempt_call {
    struct exchange exchange; /* first */
    struct attempt *attempt;
};

/* One try of one delivery. It waits for one piece of mail at a time. */
struct attempt {
    struct command command; /* first */
    struct attempt_run run;
    struct attempt_call call;
    struct host_place place;
    struct deliveries *home;
    struct attempt *prev, *next;  /* of all that are alive */
    struct attempt *next_refused; /* of those whose command found no room */
    struct claim *claim;
    const struct delivery *row;
    struct arena arena;

    void (*then)(struct attempt *a);    /* after the command */
    void (*refused)(struct attempt *a); /* ... when what it should post was refused */
    struct order order;
    struct outgoing_entry entry;
    struct outgoing_entry before; /* the one that was ordered last */
    const struct json *result;    /* of the prepare script */
    struct str argument;          /* JSON: the request as scripts see it */
    struct request request;
    struct str runs[2]; /* what is kept of the script's runs */
    size_t run_count;
    bool scripted;           /* the script can be asked */
    bool calling;            /* the exchange is under way */
    struct showing *showing; /* NULL: not shown */
    bool silent;             /* nothing is known of the receiver */
    int64_t began_us;
};

struct deliveries {
    struct deliver_config config;
    struct plan plan;
    struct hosts hosts;
    struct attempt *alive;
    size_t claims; /* on their way */
    struct attempt *refused;
    struct inbox jobs;    /* commands, runs of scripts, bells */
    struct inbox answers; /* exchanges */
    pthread_t thread;
    bool started;
    int64_t show_at_ms;  /* monotonic: when calls under way are looked at next */
    int64_t gauge_at_ms; /* ... and how much waits */
    bool gauging;        /* that question is on its way */
    bool cutting;        /* what comes home now is not the truth: it waits for the next start */

    pthread_mutex_t lock; /* leaf; guards the rest */
    pthread_cond_t changed;
    pthread_cond_t idle;
    bool rung, draining, cut, was_cut, stopping, busy;
};

/* --- attempt.c --- */

void attempt_start(struct claim *claim, const struct delivery *row);
/* The call has ended: who is next in the host's line may call, or does not call any more. */
void attempt_leave_host(struct attempt *a);
/* The server ends: what the try waits for is ended, as far as that can be done from here. */
void attempt_cut(struct attempt *a);

/* --- answer.c --- */

/* The exchange came home. */
void attempt_answered(struct attempt *a);

/* --- script.c --- */

/* Asks the script for a method of outcome.h; `response` is empty before the call. */
void attempt_ask_script(struct attempt *a, const char *method, struct str response,
                        void (*came)(struct job *job));
/* The run is home: takes what is kept of it. */
void attempt_note_run(struct attempt *a);
/* Why it failed, as the history has it. */
struct str attempt_script_stack(struct attempt *a);

/* --- record.c --- */

/* Notes a step in the entry. `number` ends the names that have one. */
void entry_step(struct arena *arena, struct outgoing_entry *e, enum step step, int64_t number);
void attempt_step(struct attempt *a, enum step which);
/* What httpError holds. `code` may be NULL. */
struct str error_json(struct arena *arena, struct str message, const char *code, const char *type);

/* Puts the entry into the history as it is now; the last order brings it up to date. */
void attempt_show(struct attempt *a);
/* Hands `order` to the writer; `then` is called when it is done, `refused` in its place when the
 * message was refused: then nothing was done and command.err says why. */
void attempt_order(struct attempt *a, void (*then)(struct attempt *a),
                   void (*refused)(struct attempt *a));
/* Once more, for an order that found no room or no working store. */
void attempt_order_again(struct attempt *a);

/* The ends of a try, each an order after which it is gone. */
void attempt_ended(struct attempt *a);
/* Its entry goes into the history and `row` says what becomes of the row; the rest is in `order`.
 */
void attempt_record(struct attempt *a, enum row_end row);
/* The same, and nothing more happens: the entry is finished. */
void attempt_finish(struct attempt *a, enum row_end row);
/* There is no answer, and there never will be one. */
void attempt_no_call(struct attempt *a, struct str error);
/* The row waits again as if this try had never been. */
void attempt_give_back(struct attempt *a, int64_t wait_ms);

/* --- queue.c --- */

/* A try has ended: its slot is free, and its memory. */
void deliveries_ended(struct attempt *a, enum plan_end end);

/* --- gauge.c --- */

/* Asks how much waits, when it is time to. */
void deliveries_gauge(struct deliveries *d);
