/* Files as documents and headers. Memory only; any thread. */
#include "model/file.h"

enum { ENCODED_BYTES = 3 * FILE_NAME_BYTES };

/* --- names --- */

/* Old browsers send whole paths, with the separators of their system. */
static struct str last_part(struct str name)
{
    for (size_t at = name.len; at > 0; at--)
        if (name.ptr[at - 1] == '/' || name.ptr[at - 1] == '\\')
            return str_after(name, at);
    return name;
}

/* Cut in front of a character that does not fit whole. */
static struct str cut(struct str name, size_t most)
{
    size_t len = name.len < most ? name.len : most;
    while (len < name.len && len > 0 && ((unsigned char)name.ptr[len] & 0xc0) == 0x80)
        len--;
    return str_slice(name, 0, len);
}

struct str file_name_of(struct arena *a, struct str given)
{
    struct str name = arena_str(a, cut(str_trim(last_part(given)), FILE_NAME_BYTES));
    bool none = str_empty(name) || str_is(name, ".") || str_is(name, "..");
    return none ? STR("file") : name;
}

/* What stands behind the last dot, as people write it; "file" when there is none. */
static struct str ending(struct str name)
{
    for (size_t at = name.len; at > 1; at--)
        if (name.ptr[at - 1] == '.')
            return str_after(name, at);
    return STR("");
}

static struct str format_of(struct arena *a, struct str name)
{
    struct str end = ending(name);
    if (str_empty(end))
        return STR("file");
    char *upper = arena_cstr(a, end);
    for (size_t i = 0; i < end.len; i++)
        if (upper[i] >= 'a' && upper[i] <= 'z')
            upper[i] = (char)(upper[i] - 'a' + 'A');
    return str_from(upper, end.len);
}

/* --- types --- */

static const struct {
    const char *ending, *type;
} known_types[] = {
    {"png", "image/png"},       {"jpg", "image/jpeg"},        {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},       {"webp", "image/webp"},       {"svg", "image/svg+xml"},
    {"mp3", "audio/mpeg"},      {"ogg", "audio/ogg"},         {"wav", "audio/wav"},
    {"mp4", "video/mp4"},       {"webm", "video/webm"},       {"txt", "text/plain"},
    {"csv", "text/csv"},        {"html", "text/html"},        {"md", "text/markdown"},
    {"pdf", "application/pdf"}, {"json", "application/json"}, {"zip", "application/zip"},
};

static bool is_token_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$&^_.+-", c) != NULL);
}

static bool is_word(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_token_char(s.ptr[i]))
            return false;
    return s.len > 0;
}

/* Nothing in it that could end a header. */
static bool is_visible(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < ' ' || s.ptr[i] > '~')
            return false;
    return true;
}

/* Without its parameters. */
static struct str bare_type(struct str type)
{
    return str_trim(str_slice(type, 0, str_find_char(type, ';')));
}

static bool is_type(struct str type)
{
    struct str bare = bare_type(type);
    size_t slash = str_find_char(bare, '/');
    return slash != SIZE_MAX && is_word(str_slice(bare, 0, slash)) &&
           is_word(str_after(bare, slash + 1)) && is_visible(type) && type.len <= FILE_TYPE_BYTES;
}

struct str file_type_of(struct arena *a, struct str given, struct str name)
{
    static const struct str bytes = STR_INIT("application/octet-stream");
    struct str type = str_trim(given);
    if (is_type(type) && !str_eq_nocase(type, bytes))
        return arena_lower(a, type);
    struct str end = ending(name);
    for (size_t i = 0; i < sizeof(known_types) / sizeof(known_types[0]); i++)
        if (str_eq_nocase(end, str_of(known_types[i].ending)))
            return str_of(known_types[i].type);
    return bytes;
}

/* --- addresses --- */

static bool is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void put_encoded(struct buf *out, struct str text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (is_plain(text.ptr[i])) {
            buf_add_char(out, text.ptr[i]);
            continue;
        }
        buf_add_char(out, '%');
        buf_add_char(out, digits[c >> 4]);
        buf_add_char(out, digits[c & 15]);
    }
}

struct str file_path(struct arena *a, const struct file *file)
{
    BUF(path, ENCODED_BYTES + 100);
    buf_addf(&path, "/file-upload/%.*s/", STR_FMT(file->id));
    put_encoded(&path, file->name);
    return arena_str(a, buf_str(&path));
}

static bool is_shown(struct str type)
{
    static const char *const shown[] = {"image/png", "image/jpeg", "image/gif", "image/webp",
                                        "text/plain"};
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
        if (str_is(bare_type(type), shown[i]))
            return true;
    return str_starts(type, STR("audio/")) || str_starts(type, STR("video/"));
}

/* The name twice: for everybody in ASCII, and as it is. */
struct str file_disposition(struct arena *a, const struct file *file, bool download)
{
    BUF(text, ENCODED_BYTES + FILE_NAME_BYTES + 100);
    buf_addf(&text, "%s; filename=\"", is_shown(file->type) && !download ? "inline" : "attachment");
    for (size_t i = 0; i < file->name.len; i++) {
        char c = file->name.ptr[i];
        buf_add_char(&text, c >= ' ' && c <= '~' && c != '"' && c != '%' ? c : '_');
    }
    buf_lit(&text, "\"; filename*=UTF-8''");
    put_encoded(&text, file->name);
    return arena_str(a, buf_str(&text));
}

/* --- documents --- */

void file_put(struct buf *out, struct arena *a, const struct file *file)
{
    struct str path = file_path(a, file);
    struct json_out o = json_begin(out, '{');
    json_member_str(&o, "_id", file->id);
    json_member_str(&o, "name", file->name);
    json_member_str(&o, "type", file->type);
    json_member_i64(&o, "size", file->size);
    json_member_str(&o, "rid", file->room_id);
    json_member_str(&o, "url", path);
    json_member_str(&o, "path", path);
    json_member_time(&o, "uploadedAt", file->uploaded_at_ms);
    json_member_bool(&o, "complete", true);
    json_key(&o, "user");
    struct json_out user = json_begin(out, '{');
    json_member_str(&user, "_id", file->user_id);
    json_member_str(&user, "username", file->username);
    if (!str_empty(file->user_name))
        json_member_str(&user, "name", file->user_name);
    json_end(&user);
    json_end(&o);
}

static struct json *file_json(struct arena *a, const struct file *file, struct str format)
{
    struct json *o = json_object(a);
    json_set(o, STR("_id"), json_string(a, file->id));
    json_set(o, STR("name"), json_string(a, file->name));
    json_set(o, STR("type"), json_string(a, file->type));
    json_set(o, STR("size"), json_number(a, (double)file->size));
    json_set(o, STR("format"), json_string(a, format));
    return o;
}

/* How clients show it: the words in front of _url, _type and _size. */
static const char *kind_of(struct str type)
{
    static const char *const kinds[] = {"image", "audio", "video"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct str kind = str_of(kinds[i]);
        if (str_starts(type, kind) && type.len > kind.len && type.ptr[kind.len] == '/')
            return kinds[i];
    }
    return NULL;
}

static struct json *attachment_json(struct arena *a, const struct file *file, struct str format,
                                    const struct str *description)
{
    struct str path = file_path(a, file);
    const char *kind = kind_of(file->type);
    struct json *o = json_object(a);
    json_set(o, STR("title"), json_string(a, file->name));
    json_set(o, STR("type"), json_string(a, STR("file")));
    if (description != NULL)
        json_set(o, STR("description"), json_string(a, *description));
    json_set(o, STR("title_link"), json_string(a, path));
    json_set(o, STR("title_link_download"), json_bool(a, true));
    if (kind != NULL) {
        json_set(o, arena_fmt(a, "%s_url", kind), json_string(a, path));
        json_set(o, arena_fmt(a, "%s_type", kind), json_string(a, file->type));
        json_set(o, arena_fmt(a, "%s_size", kind), json_number(a, (double)file->size));
    } else {
        json_set(o, STR("format"), json_string(a, format));
        json_set(o, STR("size"), json_number(a, (double)file->size));
    }
    json_set(o, STR("fileId"), json_string(a, file->id));
    return o;
}

void file_attach(struct arena *a, const struct file *file, const struct str *description,
                 struct message *m)
{
    struct str format = format_of(a, file->name);
    struct json *files = json_array(a), *attachments = json_array(a);
    json_append(files, file_json(a, file, format));
    json_append(attachments, attachment_json(a, file, format, description));
    message_set(m, "file", file_json(a, file, format));
    message_set(m, "files", files);
    message_set(m, "attachments", attachments);
}
