/* A place in the feed as clients give it back: a decimal number that is printed as it was read, but
 * for zeros in front, or no place at all. */
#include <assert.h>
#include <stdio.h>

#include "events/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_from((const char *)data, size);
    int64_t place = -1;
    if (!feed_place_parse(text, &place)) {
        assert(place == -1);
        return 0;
    }
    char printed[32];
    (void)snprintf(printed, sizeof(printed), "%lld", (long long)place);
    while (text.len > 1 && text.ptr[0] == '0')
        text = str_after(text, 1);
    assert(place >= 0 && str_is(text, printed));
    return 0;
}
