/* The schemas that most properties have, for schema_table.h. */
#include "api/schema_table.h"

const struct schema schema_anything = {.nullable = false};

const struct schema schema_string = {.types = {TYPE_STRING}};
const struct schema schema_string_or_null = {.types = {TYPE_STRING}, .nullable = true};
const struct schema schema_string_not_empty = {.types = {TYPE_STRING}, .min_length = 1};

const struct schema schema_number = {.types = {TYPE_NUMBER}};
const struct schema schema_number_or_null = {.types = {TYPE_NUMBER}, .nullable = true};

const struct schema schema_boolean = {.types = {TYPE_BOOLEAN}};
const struct schema schema_boolean_or_null = {.types = {TYPE_BOOLEAN}, .nullable = true};

const struct schema schema_object = {.types = {TYPE_OBJECT}};
const struct schema schema_object_or_null = {.types = {TYPE_OBJECT}, .nullable = true};

const struct schema schema_strings = {.types = {TYPE_ARRAY}, .items = STRING};
const struct schema schema_strings_or_null = {
    .types = {TYPE_ARRAY}, .nullable = true, .items = STRING};
