/* A resolver of the tests' own: names whose answers are given, and change from one look-up to the
 * next. Runs on the client's thread.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "http/client_internal.h"
#include "http/guard_address.h"

enum { MAX_ANSWER = 1024 };

struct name {
    struct str host;
    struct str answers; /* from the next one on */
};

struct names {
    size_t count;
    struct name list[];
};

/* Address after address, as CURLOPT_RESOLVE lists them. */
static bool write_answer(struct buf *out, struct str answer)
{
    struct str part;
    struct address address;
    char space[ADDRESS_TEXT_BYTES];
    for (bool more = false; str_split(&answer, '+', &part); more = true) {
        if (!address_parse(part, &address))
            return false;
        buf_addf(out, address.width == 4 ? "%s%s" : "%s[%s]", more ? "," : "",
                 address_text(&address, space));
    }
    return buf_ok(out);
}

static bool parse_name(struct str entry, struct name *out)
{
    size_t colon = str_find_char(entry, ':');
    out->host = str_slice(entry, 0, colon);
    out->answers = str_after(entry, colon == SIZE_MAX ? entry.len : colon + 1);
    struct str rest = out->answers, answer;
    while (str_split(&rest, '|', &answer)) {
        BUF(text, MAX_ANSWER);
        if (!write_answer(&text, answer))
            return false;
    }
    return out->host.len > 0;
}

struct names *names_new(const struct str *entries, size_t count, struct err *err)
{
    struct names *names = mem_zalloc(sizeof(*names) + count * sizeof(names->list[0]));
    for (; names->count < count; names->count++) {
        if (parse_name(entries[names->count], &names->list[names->count]))
            continue;
        err_invalid(err, "\"%.*s\" is no name with its answers (host:10.0.0.1+::1|10.0.0.2).",
                    STR_FMT(str_slice(entries[names->count], 0, 200)));
        names_free(names);
        return NULL;
    }
    return names;
}

void names_free(struct names *names)
{
    free(names);
}

static struct str next_answer(struct name *name)
{
    struct str rest = name->answers, answer;
    (void)str_split(&rest, '|', &answer);
    if (rest.len != SIZE_MAX) /* there are more */
        name->answers = rest;
    return answer;
}

struct curl_slist *names_answer(struct names *names, const struct target *target)
{
    for (size_t i = 0; names != NULL && i < names->count; i++) {
        struct name *name = &names->list[i];
        if (!str_eq_nocase(name->host, str_of(target->host)))
            continue;
        BUF(text, TARGET_HOST_BYTES + 16 + MAX_ANSWER);
        buf_addf(&text, "%s:%u:", target->host, target->port);
        (void)write_answer(&text, next_answer(name));
        return curl_slist_append(NULL, text.ptr);
    }
    return NULL;
}
