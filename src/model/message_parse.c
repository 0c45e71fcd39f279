/* What a message's text refers to: addresses, @users and #rooms, none of them inside code. One walk
 * over the bytes. Any thread.
 */
#include "model/message.h"

/* --- classes of bytes --- */

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

/* A byte of a word: names and all of UTF-8 beyond ASCII. */
static bool is_word_byte(char c)
{
    return is_name_byte(c) || (unsigned char)c >= 0x80;
}

static bool ends_url(char c)
{
    return (unsigned char)c <= ' ' || strchr("<>\"`|", c) != NULL;
}

static bool begins_word(struct str text, size_t at)
{
    return at == 0 || !(is_word_byte(text.ptr[at - 1]) || text.ptr[at - 1] == '@');
}

/* --- code --- */

/* The position behind the code that begins here, or behind the sign when it is not closed. */
static size_t skip_code(struct str text, size_t at)
{
    struct str rest = str_after(text, at);
    if (str_starts(rest, STR("```"))) {
        size_t close = str_find(str_after(rest, 3), STR("```"));
        return close == SIZE_MAX ? at + 3 : at + 3 + close + 3;
    }
    size_t close = str_find_char(str_after(rest, 1), '`');
    size_t line_end = str_find_char(rest, '\n');
    bool closed = close != SIZE_MAX && (line_end == SIZE_MAX || close + 1 < line_end);
    return closed ? at + 1 + close + 1 : at + 1;
}

/* --- lists --- */

static void add_once(struct str *list, size_t *count, struct str item)
{
    for (size_t i = 0; i < *count; i++)
        if (str_eq(list[i], item))
            return;
    if (*count < MESSAGE_REFERENCES)
        list[(*count)++] = item;
}

/* --- addresses --- */

static size_t count_of(struct str s, char c)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += s.ptr[i] == c;
    return count;
}

/* Signs at the end belong to the sentence; so does a closing bracket that was not opened inside. */
static struct str without_sentence_end(struct str url)
{
    while (url.len > 0) {
        char last = url.ptr[url.len - 1];
        bool opened = (last == ')' && count_of(url, '(') >= count_of(url, ')')) ||
                      (last == ']' && count_of(url, '[') >= count_of(url, ']'));
        if (opened || strchr(".,;:!?'*~)]}", last) == NULL)
            break;
        url.len--;
    }
    return url;
}

static size_t scheme_length(struct str rest)
{
    if (str_starts(rest, STR("https://")))
        return 8;
    return str_starts(rest, STR("http://")) ? 7 : 0;
}

static size_t take_url(struct str text, size_t at, struct references *out)
{
    size_t scheme = scheme_length(str_after(text, at)), end = at + scheme;
    while (end < text.len && !ends_url(text.ptr[end]))
        end++;
    struct str url = without_sentence_end(str_slice(text, at, end));
    if (url.len > scheme)
        add_once(out->urls, &out->url_count, url);
    return end;
}

/* --- names --- */

static size_t take_name(struct str text, size_t at, struct references *out)
{
    size_t end = at + 1;
    while (end < text.len && is_name_byte(text.ptr[end]))
        end++;
    struct str name = str_slice(text, at + 1, end);
    if (str_empty(name))
        return end;
    if (text.ptr[at] == '@')
        add_once(out->users, &out->user_count, name);
    else
        add_once(out->rooms, &out->room_count, name);
    return end;
}

struct str message_shorter_name(struct str name)
{
    bool shortens = name.len > 1 && strchr(".-_", name.ptr[name.len - 1]) != NULL;
    return shortens ? str_slice(name, 0, name.len - 1) : STR("");
}

void message_parse(struct str text, struct references *out)
{
    out->url_count = out->user_count = out->room_count = 0;
    for (size_t at = 0; at < text.len;) {
        char c = text.ptr[at];
        if (c == '`')
            at = skip_code(text, at);
        else if ((c == '@' || c == '#') && begins_word(text, at))
            at = take_name(text, at, out);
        else if (c == 'h' && begins_word(text, at) && scheme_length(str_after(text, at)) > 0)
            at = take_url(text, at, out);
        else
            at++;
    }
}
