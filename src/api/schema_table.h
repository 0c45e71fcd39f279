/* The words that tables of schema.h are written with; included by schema_*.c tables alone, for the
 * words are short.
 *
 *     static const struct schema_property things_get[] = {
 *         PROPERTY("thingId", STRING),
 *         PROPERTY("createdBy", STRING_OR_NULL),
 *         END_OF_PROPERTIES,
 *     };
 *     const struct schema schema_things_get = {
 *         IS_OBJECT, .required = NAMES("thingId"), .closed = true, .properties = things_get};
 */
#pragma once

#include "api/schema.h"

#define IS_OBJECT .types = {TYPE_OBJECT}
#define PROPERTY(key, of)                                                                          \
    {                                                                                              \
        .name = STR_INIT(key), .schema = (of)                                                      \
    }
#define END_OF_PROPERTIES                                                                          \
    {                                                                                              \
        .schema = NULL                                                                             \
    }

#define NAMES(...)     ((const char *const[]){__VA_ARGS__, NULL})
#define SCHEMAS(...)   ((const struct schema *const[]){__VA_ARGS__, NULL})
#define CHOICES(...)   ((const struct json *const[]){__VA_ARGS__, NULL})
#define TEXT(value)    (&(const struct json){.kind = JSON_STRING, .string = STR_INIT(value)})
#define NUMERAL(value) (&(const struct json){.kind = JSON_NUMBER, .number = (value)})

/* The schemas that most properties have. */
#define ANYTHING         (&schema_anything)
#define STRING           (&schema_string)
#define STRING_OR_NULL   (&schema_string_or_null)
#define STRING_NOT_EMPTY (&schema_string_not_empty)
#define NUMBER           (&schema_number)
#define NUMBER_OR_NULL   (&schema_number_or_null)
#define BOOLEAN          (&schema_boolean)
#define BOOLEAN_OR_NULL  (&schema_boolean_or_null)
#define OBJECT           (&schema_object)
#define OBJECT_OR_NULL   (&schema_object_or_null)
#define STRINGS          (&schema_strings)
#define STRINGS_OR_NULL  (&schema_strings_or_null)

extern const struct schema schema_anything;
extern const struct schema schema_string, schema_string_or_null, schema_string_not_empty;
extern const struct schema schema_number, schema_number_or_null;
extern const struct schema schema_boolean, schema_boolean_or_null;
extern const struct schema schema_object, schema_object_or_null;
extern const struct schema schema_strings, schema_strings_or_null;
