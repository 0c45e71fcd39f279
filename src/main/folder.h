/* The data folder: the store opened, with everything in it that every server has. Needs
 * digest_init(). Used by the main thread. */
#pragma once

#include "main/options.h"
#include "store/store.h"

enum folder_use {
    FOLDER_USUAL,
    FOLDER_PRESENT, /* it must be there already, with a database in it */
    FOLDER_DEMO     /* holds an account whose token is public */
};

/* NULL and *err when the folder cannot be used, or another gantry uses it. A demonstration's folder
 * is opened by demonstrations only, and they open no other, so that the public token never gets
 * into a server that is meant. */
struct store *folder_open(const struct options *options, enum folder_use use, struct err *err);
bool folder_has_database(const char *folder);
