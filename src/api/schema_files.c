/* What the endpoints of files accept. */
#include "api/schema_table.h"
#include "api/schemas.h"

static const struct schema_property media_confirm_properties[] = {
    PROPERTY("msg", STRING_OR_NULL),    PROPERTY("description", STRING_OR_NULL),
    PROPERTY("tmid", STRING_OR_NULL),   PROPERTY("fileName", STRING_OR_NULL),
    PROPERTY("customFields", ANYTHING), END_OF_PROPERTIES,
};
const struct schema schema_rooms_media_confirm = {IS_OBJECT,
                                                  .properties = media_confirm_properties};
