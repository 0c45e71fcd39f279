/* From body and Content-Type to the content of a call. Any thread.
 *
 * The Content-Type decides only between forms and the rest: it is JSON if it reads as JSON, whether
 * the sender said so or not. What makes no sense is an empty object, which posts nothing and is
 * answered with success, because a sender can do nothing with a complaint. The one exception is a
 * form with a wrapped payload that is JSON but no object.
 */
#include "hooks/payload.h"

#include "base/utf8.h"
#include "domain/fault.h"
#include "http/query.h"

/* The body as text. A byte order mark is how some editors and systems begin a file, no character of
 * the text. */
static struct str text_of(struct arena *a, struct str body)
{
    struct str text = utf8_repair(a, body);
    return str_starts(text, STR("\xef\xbb\xbf")) ? str_after(text, 3) : text;
}

static struct json *object_or_null(struct arena *a, struct str text)
{
    struct json *value = json_parse(a, text);
    return json_is(value, JSON_OBJECT) ? value : NULL;
}

/* A name sent several times is one key. */
static bool is_only_key(const struct json *form, struct str key)
{
    for (const struct json *field = form->items.first; field != NULL; field = field->next) {
        if (!str_eq(field->key, key))
            return false;
    }
    return form->items.count > 0;
}

/* --- one reader for each kind of body; NULL and *err when it is refused --- */

typedef struct json *payload_reader(struct arena *a, struct str text, struct err *err);

static struct json *read_object(struct arena *a, struct str text, struct err *err)
{
    (void)err;
    struct json *object = object_or_null(a, text);
    return object != NULL ? object : json_object(a);
}

static struct json *read_nothing(struct arena *a, struct str text, struct err *err)
{
    (void)text;
    (void)err;
    return json_object(a);
}

/* The field `payload` of a form, alone: JSON, wrapped. When it is not, it is a field like any. */
static struct json *unwrap(struct arena *a, struct json *form, struct err *err)
{
    struct json *wrapped = json_parse(a, json_get_str(form, "payload"));
    if (wrapped == NULL)
        return form;
    if (wrapped->kind == JSON_OBJECT)
        return wrapped;
    (void)refuse(err, "Integration payload must be a JSON object, not an array or primitive");
    return NULL;
}

/* JSON under a form's type comes from clients that send this type unless told otherwise (curl). */
static struct json *read_form(struct arena *a, struct str text, struct err *err)
{
    struct json *object = object_or_null(a, text);
    if (object != NULL)
        return object;
    struct json *form = form_parse(a, text);
    return is_only_key(form, STR("payload")) ? unwrap(a, form, err) : form;
}

struct reader {
    struct str type; /* in lower case */
    bool anywhere;   /* it may stand anywhere in the Content-Type, else in front only */
    payload_reader *read;
};

/* The first row that fits decides; the last one fits always. */
static const struct reader readers[] = {
    {STR_INIT("application/json"), true, read_object},
    {STR_INIT("multipart/form-data"), false, read_nothing},
    {STR_INIT("application/x-www-form-urlencoded"), false, read_form},
    {STR_INIT(""), true, read_object},
};

static bool fits(const struct reader *reader, struct str lower_type)
{
    size_t at = str_find(lower_type, reader->type);
    return at == 0 || (reader->anywhere && at != SIZE_MAX);
}

static payload_reader *reader_of(enum http_method method, struct str lower_type)
{
    const struct reader *reader = readers;
    while (!fits(reader, lower_type))
        reader++;
    return method == HTTP_GET ? read_nothing : reader->read;
}

bool payload_parse(struct arena *a, enum http_method method, struct str content_type,
                   struct str body, struct payload *out, struct err *err)
{
    payload_reader *read = reader_of(method, arena_lower(a, content_type));
    struct str raw = text_of(a, body);
    struct json *content = read(a, raw, err);
    if (content == NULL)
        return false;
    *out = (struct payload){.content = content, .raw = raw};
    return true;
}

struct str payload_why_empty(struct arena *a, enum http_method method, struct str content_type,
                             struct str raw)
{
    if (method == HTTP_GET)
        return STR("a GET carries no content");
    if (reader_of(method, arena_lower(a, content_type)) == read_nothing)
        return STR("multipart forms are not read: send JSON or application/x-www-form-urlencoded");
    if (str_blank(raw))
        return STR("the body is empty");
    const struct json *value = json_parse(a, raw);
    if (value == NULL)
        return STR("the body is not valid JSON");
    return value->kind == JSON_OBJECT ? STR("the body is an object without members")
                                      : STR("the body is JSON, but not an object");
}
