/* Settings that administrators change while the server runs (not to be confused with the
 * configuration of the process, base/config.h). Which settings there are is part of the program
 * (setting.def); values that were changed are stored. A value is any JSON: the type is kept as it
 * was sent, and who reads a setting takes what it can use. Any thread. */
#pragma once

#include "base/str.h"

enum setting_id {
    SETTING_NONE, /* the answer for an unknown id */
#define SETTING(name, id, value, kind, readers) SETTING_##name,
#include "model/setting.def"
    SETTING_COUNT /* one more than the last */
};

/* What a value ought to be; NUMBER may have a fraction, LIST is an array of texts. */
enum setting_kind {
    SETTING_KIND_BOOL,
    SETTING_KIND_INT,
    SETTING_KIND_NUMBER,
    SETTING_KIND_STRING,
    SETTING_KIND_LIST,
};

enum setting_readers {
    SETTING_READERS_PUBLIC,  /* everybody, logged in or not */
    SETTING_READERS_PRIVATE, /* who may view privileged settings */
    SETTING_READERS_HIDDEN,  /* nobody: the API neither shows nor changes it */
};

struct setting_info {
    struct str id;
    struct str fallback; /* the default, JSON text */
    enum setting_kind kind;
    enum setting_readers readers;
    int64_t min, max; /* of numbers */
};

/* Of a setting other than SETTING_NONE. Ids are in ascending byte order. */
const struct setting_info *setting_info(enum setting_id id);
struct str setting_name(enum setting_id id);
struct str setting_default(enum setting_id id);
/* SETTING_NONE when there is no such setting. */
enum setting_id setting_find(struct str id);
