/* URLs by libcurl's parser; see guard_target.h. It turns all the ways to write an IPv4 address
 * (0x7f.1, 2130706433, 0177.0.0.1, %31...) into the usual one. Any thread.
 */
#include "http/guard_target.h"

#include "base/buf.h"

enum { PARSE_FLAGS = CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE };

static bool ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text >= 0x80)
            return false;
    }
    return true;
}

/* Fills in what a handle says, or tells why it cannot be asked. */
static bool read_host(struct target *t, const char *host, struct err *err)
{
    struct str name = str_of(host);
    if (str_starts(name, STR("[")) && str_ends(name, STR("]")))
        name = str_slice(name, 1, name.len - 1);
    else if (str_ends(name, STR(".")))
        name.len--;
    if (name.len == 0 || name.len >= TARGET_HOST_BYTES)
        return err_invalid(err, "The URL has no host that can be asked.");
    if (!ascii(host))
        return err_invalid(err, "The URL's host has letters beyond ASCII. Write it in its "
                                "\"xn--\" form.");
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        t->host[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    t->host[name.len] = '\0';
    return true;
}

static bool read_scheme(struct target *t, const char *scheme, struct err *err)
{
    t->tls = strcmp(scheme, "https") == 0;
    return t->tls || strcmp(scheme, "http") == 0 ||
           err_invalid(err, "The URL's scheme is \"%.40s\". Only http and https are asked.",
                       scheme);
}

static bool read_port(struct target *t, const char *port, struct err *err)
{
    int64_t number = 0;
    if (!str_to_i64(str_of(port), &number) || number < 1 || number > 65535)
        return err_invalid(err, "The URL's port is none.");
    t->port = (unsigned)number;
    return true;
}

static bool refuse_url(struct err *err, CURLUcode code)
{
    return err_invalid(err, "The URL is not valid: %s. Write it whole, with http:// or https://.",
                       curl_url_strerror(code));
}

static bool read_part(struct target *t, CURLUPart part, unsigned flags,
                      bool (*read)(struct target *, const char *, struct err *), struct err *err)
{
    char *text = NULL;
    CURLUcode code = curl_url_get(t->url, part, &text, flags);
    bool ok = code == CURLUE_OK ? read(t, text, err) : refuse_url(err, code);
    curl_free(text);
    return ok;
}

static bool read_parts(struct target *t, struct err *err)
{
    return read_part(t, CURLUPART_SCHEME, 0, read_scheme, err) &&
           read_part(t, CURLUPART_HOST, 0, read_host, err) &&
           read_part(t, CURLUPART_PORT, CURLU_DEFAULT_PORT, read_port, err);
}

/* A blank inside is written as browsers do; libcurl would make '+' of it in a query. */
static bool write_url(struct buf *out, struct str url)
{
    url = str_trim(url);
    if (str_find_char(url, '\0') != SIZE_MAX)
        return false;
    for (size_t i = 0; i < url.len && buf_ok(out); i++) {
        if (url.ptr[i] == ' ')
            buf_lit(out, "%20");
        else
            buf_add_char(out, url.ptr[i]);
    }
    return buf_ok(out);
}

/* Takes `handle` over, which is an empty one or where a relative URL starts from. */
static bool target_set(struct target *out, CURLU *handle, struct str url, struct err *err)
{
    struct target t = {.url = handle};
    BUF(text, TARGET_MAX_URL);
    CURLUcode code = CURLUE_OK;
    bool ok = write_url(&text, url) ||
              err_invalid(err, "The URL is longer than %d bytes, or has a zero byte in it.",
                          TARGET_MAX_URL);
    if (ok)
        code = curl_url_set(handle, CURLUPART_URL, text.ptr, PARSE_FLAGS);
    if (code != CURLUE_OK)
        ok = refuse_url(err, code);
    if (ok && read_parts(&t, err)) {
        *out = t;
        return true;
    }
    curl_url_cleanup(handle);
    return false;
}

bool target_parse(struct target *t, struct str url, struct err *err)
{
    CURLU *handle = curl_url();
    return handle != NULL ? target_set(t, handle, url, err)
                          : err_internal(err, "No memory for a URL.");
}

bool target_follow(struct target *t, struct str location, struct err *err)
{
    struct target next;
    CURLU *handle = curl_url_dup(t->url);
    if (handle == NULL)
        return err_internal(err, "No memory for a URL.");
    if (!target_set(&next, handle, location, err))
        return false;
    target_release(t);
    *t = next;
    return true;
}

void target_release(struct target *t)
{
    curl_url_cleanup(t->url);
    t->url = NULL;
}
