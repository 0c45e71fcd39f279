/* What users.setPreferences takes: every preference that clients know. */
#include "api/schema_table.h"
#include "api/users.h"

static const struct schema_property dont_ask_properties[] = {
    PROPERTY("action", STRING),
    PROPERTY("label", STRING),
    END_OF_PROPERTIES,
};
static const struct schema dont_ask = {IS_OBJECT, .closed = true,
                                       .properties = dont_ask_properties};
static const struct schema dont_ask_list = {.types = {TYPE_ARRAY}, .items = &dont_ask};

static const struct schema_property feature_properties[] = {
    PROPERTY("name", STRING),
    PROPERTY("value", BOOLEAN),
    END_OF_PROPERTIES,
};
static const struct schema feature = {IS_OBJECT, .closed = true, .properties = feature_properties};
static const struct schema features = {.types = {TYPE_ARRAY}, .items = &feature};

static const struct schema volume = {
    .types = {TYPE_NUMBER},
    .limits = (const struct schema_limit[]){{MAXIMUM, 100}, {MINIMUM, 0}, {BOUND_END, 0}}};

static const struct schema_property preferences[] = {
    PROPERTY("newRoomNotification", STRING),
    PROPERTY("newMessageNotification", STRING),
    PROPERTY("clockMode", NUMBER),
    PROPERTY("useEmojis", BOOLEAN),
    PROPERTY("convertAsciiEmoji", BOOLEAN),
    PROPERTY("saveMobileBandwidth", BOOLEAN),
    PROPERTY("collapseMediaByDefault", BOOLEAN),
    PROPERTY("autoImageLoad", BOOLEAN),
    PROPERTY("emailNotificationMode", STRING),
    PROPERTY("unreadAlert", BOOLEAN),
    PROPERTY("notificationsSoundVolume", &volume),
    PROPERTY("masterVolume", &volume),
    PROPERTY("voipRingerVolume", &volume),
    PROPERTY("desktopNotifications", STRING),
    PROPERTY("pushNotifications", STRING),
    PROPERTY("enableAutoAway", BOOLEAN),
    PROPERTY("idleTimeLimit", NUMBER),
    PROPERTY("highlights", STRINGS),
    PROPERTY("showThreadsInMainChannel", BOOLEAN),
    PROPERTY("alsoSendThreadToChannel", STRING),
    PROPERTY("desktopNotificationRequireInteraction", BOOLEAN),
    PROPERTY("messageViewMode", NUMBER),
    PROPERTY("hideUsernames", BOOLEAN),
    PROPERTY("hideRoles", BOOLEAN),
    PROPERTY("displayAvatars", BOOLEAN),
    PROPERTY("hideFlexTab", BOOLEAN),
    PROPERTY("sendOnEnter", STRING),
    PROPERTY("language", STRING),
    PROPERTY("sidebarShowFavorites", BOOLEAN),
    PROPERTY("sidebarShowUnread", BOOLEAN),
    PROPERTY("sidebarSortby", STRING),
    PROPERTY("sidebarViewMode", STRING),
    PROPERTY("sidebarDisplayAvatar", BOOLEAN),
    PROPERTY("sidebarGroupByType", BOOLEAN),
    PROPERTY("sidebarSectionsOrder", STRINGS),
    PROPERTY("muteFocusedConversations", BOOLEAN),
    PROPERTY("dontAskAgainList", &dont_ask_list),
    PROPERTY("featuresPreview", &features),
    PROPERTY("themeAppearence", STRING),
    PROPERTY("fontSize", STRING),
    PROPERTY("receiveLoginDetectionEmail", BOOLEAN),
    PROPERTY("notifyCalendarEvents", BOOLEAN),
    PROPERTY("omnichannelTranscriptEmail", BOOLEAN),
    PROPERTY("omnichannelTranscriptPDF", BOOLEAN),
    PROPERTY("enableMobileRinging", BOOLEAN),
    PROPERTY("mentionsWithSymbol", BOOLEAN),
    END_OF_PROPERTIES,
};
static const struct schema data = {IS_OBJECT, .closed = true, .properties = preferences};

static const struct schema_property properties[] = {
    PROPERTY("userId", STRING),
    PROPERTY("data", &data),
    END_OF_PROPERTIES,
};
const struct schema schema_users_set_preferences = {IS_OBJECT, .required = NAMES("data"),
                                                    .closed = true, .properties = properties};
