/* A store in a temporary folder, and commands on it that a test waits for. For tests of the rooms
 * store and domain; include it after cmocka.h. */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/digest.h"
#include "store/store.h"

struct store_fixture {
    char folder[64];
    struct store_config config;
    struct store *store;
    struct arena arena;
    struct err err; /* of the last command that failed */
};

static inline bool fixture_open(struct store_fixture *f)
{
    f->err = ERR_NONE;
    f->store = store_open(&f->config, &f->err);
    return f->store != NULL;
}

static inline void fixture_close(struct store_fixture *f)
{
    store_close(f->store);
    f->store = NULL;
}

static inline int fixture_setup(void **state)
{
    static struct store_fixture f;
    digest_init();
    (void)snprintf(f.folder, sizeof(f.folder), "/tmp/gantry-unit-XXXXXX");
    assert_non_null(mkdtemp(f.folder));
    f.config = (struct store_config){
        .folder = f.folder, .readers = 2, .max_jobs = 100, .max_bytes = 100 << 20};
    arena_init(&f.arena, SIZE_MAX);
    assert_true(fixture_open(&f));
    *state = &f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct store_fixture *f = *state;
    fixture_close(f);
    arena_release(&f->arena);
    DIR *folder = opendir(f->folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] != '.')
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    closedir(folder);
    (void)rmdir(f->folder);
    return 0;
}

/* Runs a command, or a question, and waits; `arg` goes to it. */
static inline bool fixture_write(struct store_fixture *f,
                                 bool (*apply)(struct tx *tx, void *arg, struct err *err),
                                 void *arg)
{
    f->err = ERR_NONE;
    return store_write_now(f->store, &f->arena, apply, arg, &f->err);
}

static inline bool fixture_read(struct store_fixture *f,
                                bool (*ask)(struct rd *rd, void *arg, struct err *err), void *arg)
{
    f->err = ERR_NONE;
    return store_read_now(f->store, &f->arena, ask, arg, &f->err);
}
