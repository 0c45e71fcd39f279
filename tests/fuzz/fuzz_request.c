/* Reading requests: head and body of whatever comes, in one piece and cut in pieces. Both must read
 * the same requests, with all their bytes, and refuse in the same place. The first byte of an input
 * says how it is cut. */
#include <assert.h>
#include <string.h>

#include "unit/http/transcript.h"

/* The text of a refusal may differ: a piece may break a limit before the rest breaks the grammar.
 */
static struct str without_reason(const struct transcript *t)
{
    struct str text = buf_str(&t->text);
    size_t at = str_find(text, STR("\nrefused "));
    if (str_starts(text, STR("refused ")))
        return STR("refused ");
    return at == SIZE_MAX ? text : str_slice(text, 0, at + strlen("\nrefused "));
}

static void read_pieces(struct transcript *t, const char *bytes, size_t size, size_t piece)
{
    transcript_begin(t, &transcript_limits);
    for (size_t at = 0; at < size; at += piece)
        transcript_add(t, bytes + at, piece < size - at ? piece : size - at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *bytes = (const char *)data + 1;
    size_t piece = (size_t)data[0] + 1;
    struct transcript whole, cut;
    read_pieces(&whole, bytes, size - 1, size - 1);
    read_pieces(&cut, bytes, size - 1, piece);
    assert(str_eq(without_reason(&whole), without_reason(&cut)));
    transcript_end(&whole);
    transcript_end(&cut);
    return 0;
}
