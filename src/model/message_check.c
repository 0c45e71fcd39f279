/* What a sender may give with a message: the types of its members, links that can be shown, fields
 * with a title and a value. Any thread.
 *
 * The rules are the reference's; null counts as absent. A link that a browser would run as a
 * program never passes, because only three beginnings are absolute.
 */
#include "model/message.h"

enum { PATH_BYTES = 512 };

enum rule { TEXT, TEXT_OR_NUMBER, VALUE, FLAG, LINK, AVATAR, FIELDS, ACTIONS, ATTACHMENTS };

struct member {
    const char *name;
    enum rule rule;
};

static const struct member message_members[] = {
    {"alias", TEXT},
    {"msg", TEXT},
    {"emoji", TEXT},
    {"avatar", AVATAR},
    {"attachments", ATTACHMENTS},
    {NULL, TEXT},
};

static const struct member attachment_members[] = {
    {"color", TEXT},
    {"text", TEXT},
    {"ts", TEXT_OR_NUMBER},
    {"thumb_url", LINK},
    {"button_alignment", TEXT},
    {"actions", ACTIONS},
    {"message_link", LINK},
    {"collapsed", FLAG},
    {"author_name", TEXT},
    {"author_link", LINK},
    {"author_icon", LINK},
    {"title", TEXT},
    {"title_link", LINK},
    {"title_link_download", FLAG},
    {"image_url", LINK},
    {"audio_url", LINK},
    {"video_url", LINK},
    {"fields", FIELDS},
    {"attachments", ATTACHMENTS},
    {NULL, TEXT},
};

static const struct member action_members[] = {{"url", LINK}, {"image_url", LINK}, {NULL, TEXT}};

static const struct member field_members[] = {
    {"short", FLAG}, {"title", TEXT}, {"value", VALUE}, {NULL, TEXT}};

/* Where in the message the checker is. It becomes a text only for people who are refused. */
struct path {
    const struct path *outer; /* NULL: the message itself, which has no name */
    const char *name;
    size_t index; /* in a list; SIZE_MAX: it is none */
};

/* attachments[0].title */
static void put_path(struct buf *out, const struct path *path)
{
    if (path->outer->outer != NULL) {
        put_path(out, path->outer);
        (void)buf_add_char(out, '.');
    }
    (void)buf_add(out, str_of(path->name));
    if (path->index != SIZE_MAX)
        (void)buf_addf(out, "[%zu]", path->index);
}

/* --- refusals --- */

static const char *kind_name(const struct json *value)
{
    static const char *const names[] = {"null", "boolean", "number", "string", "array", "object"};
    return names[value->kind];
}

static bool mismatch(struct err *err, const char *expected, const struct json *value,
                     const struct path *path)
{
    BUF(where, PATH_BYTES);
    put_path(&where, path);
    return err_invalid(err, "Match error: Expected %s, got %s in field %s", expected,
                       kind_name(value), where.ptr);
}

static bool no_alternative(struct err *err, const struct path *path)
{
    BUF(where, PATH_BYTES);
    put_path(&where, path);
    return err_invalid(
        err,
        "Match error: Failed Match.OneOf, Match.Maybe or Match.Optional validation in "
        "field %s",
        where.ptr);
}

static bool bad_link(struct err *err)
{
    return err_invalid(err, "Invalid href value provided");
}

/* --- links --- */

static bool is_absolute(struct str link)
{
    return str_starts(link, STR("http://")) || str_starts(link, STR("https://")) ||
           str_starts(link, STR("data:"));
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool has_scheme(struct str link)
{
    size_t colon = str_find_char(link, ':');
    if (colon == SIZE_MAX || colon == 0 || !is_letter(link.ptr[0]))
        return false;
    for (size_t i = 1; i < colon; i++) {
        char c = link.ptr[i];
        if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '+' && c != '.' && c != '-')
            return false;
    }
    return true;
}

/* Browsers skip control characters and blanks in front of a scheme and inside it. */
static bool has_control(struct str link)
{
    for (size_t i = 0; i < link.len; i++)
        if ((unsigned char)link.ptr[i] < 0x20)
            return true;
    return link.len > 0 && link.ptr[0] == ' ';
}

static bool is_relative(struct str link)
{
    return !str_empty(link) && !has_scheme(link) && !str_starts(link, STR("//")) &&
           !has_control(link);
}

static bool check_link(const struct json *value, bool relative_too, const struct path *path,
                       struct err *err)
{
    if (value->kind != JSON_STRING)
        return mismatch(err, "string", value, path);
    struct str link = value->string;
    if (is_absolute(link) || str_starts(link, STR("/file-upload")))
        return true;
    return (relative_too && is_relative(link)) || bad_link(err);
}

/* --- members --- */

static bool check_members(const struct json *object, const struct member *members,
                          const struct path *path, struct err *err);

static bool check_field(const struct json *field, const struct path *path, struct err *err)
{
    if (!json_truthy(json_get_lit(field, "title")) || !json_truthy(json_get_lit(field, "value")))
        return err_invalid(err, "Invalid attachment field, title and value is required");
    return check_members(field, field_members, path, err);
}

static bool check_item(const struct json *item, enum rule rule, const struct path *path,
                       struct err *err)
{
    if (item->kind != JSON_OBJECT)
        return mismatch(err, "object", item, path);
    if (rule == FIELDS)
        return check_field(item, path, err);
    return check_members(item, rule == ACTIONS ? action_members : attachment_members, path, err);
}

static bool check_list(const struct json *list, enum rule rule, const char *name,
                       const struct path *outer, struct err *err)
{
    struct path path = {outer, name, SIZE_MAX};
    if (list->kind != JSON_ARRAY)
        return mismatch(err, "array", list, &path);
    for (const struct json *item = list->items.first; item != NULL; item = item->next) {
        path.index++; /* from SIZE_MAX to 0 */
        if (!check_item(item, rule, &path, err))
            return false;
    }
    return true;
}

static bool check_member(const struct json *value, const struct member *member,
                         const struct path *outer, struct err *err)
{
    if (member->rule >= FIELDS)
        return check_list(value, member->rule, member->name, outer, err);
    struct path path = {outer, member->name, SIZE_MAX};
    bool text = value->kind == JSON_STRING, number = value->kind == JSON_NUMBER;
    switch (member->rule) {
    case TEXT:
        return text || mismatch(err, "string", value, &path);
    case FLAG:
        return value->kind == JSON_BOOL || mismatch(err, "boolean", value, &path);
    case TEXT_OR_NUMBER:
        return text || number || no_alternative(err, &path);
    case VALUE:
        return text || number || value->kind == JSON_BOOL || no_alternative(err, &path);
    default:
        return check_link(value, member->rule == AVATAR, &path, err);
    }
}

static bool check_members(const struct json *object, const struct member *members,
                          const struct path *path, struct err *err)
{
    for (const struct member *m = members; m->name != NULL; m++) {
        const struct json *value = json_get(object, str_of(m->name));
        if (value != NULL && value->kind != JSON_NULL && !check_member(value, m, path, err))
            return false;
    }
    return true;
}

bool message_check(const struct json *doc, struct err *err)
{
    return check_members(doc, message_members, &(struct path){.outer = NULL}, err);
}
