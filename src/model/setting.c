/* The table of settings and the ways to look into it. Constant data: any thread. */
#include "model/setting.h"

#include <assert.h>

#define TEXT(s) "\"" s "\""

static const struct setting_info table[SETTING_COUNT] = {
#define SETTING(name, id, value, kind, readers)                                                    \
    SETTING_WITHIN(name, id, value, kind, readers, INT64_MIN, INT64_MAX)
#define SETTING_WITHIN(name, id, value, kind, readers, min, max)                                   \
    [SETTING_##name] = {                                                                           \
        STR_INIT(id), STR_INIT(value), SETTING_KIND_##kind, SETTING_READERS_##readers, min, max},
#include "model/setting.def"
};

const struct setting_info *setting_info(enum setting_id id)
{
    assert(id > SETTING_NONE && id < SETTING_COUNT);
    return &table[id];
}

struct str setting_name(enum setting_id id)
{
    return setting_info(id)->id;
}

struct str setting_default(enum setting_id id)
{
    return setting_info(id)->fallback;
}

enum setting_id setting_find(struct str id)
{
    enum setting_id low = SETTING_NONE + 1, high = SETTING_COUNT;
    while (low < high) {
        enum setting_id middle = low + (high - low) / 2;
        int order = str_cmp(id, table[middle].id);
        if (order == 0)
            return middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return SETTING_NONE;
}
