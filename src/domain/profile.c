/* What a user sees of himself. Runs on a reader or in a command. */
#include "domain/profile.h"

#include "store/catalog.h"
#include "store/setting.h"

enum { URL_BYTES = 8 << 10 };

#define PREFERENCE(key, NAME)                                                                      \
    {                                                                                              \
        key, SETTING_ACCOUNTS_DEFAULT_USER_PREFERENCES_##NAME                                      \
    }

/* In the order in which they are shown; the default is the setting's value. */
static const struct {
    const char *key;
    enum setting_id fallback;
} preferences[] = {
    PREFERENCE("enableAutoAway", ENABLEAUTOAWAY),
    PREFERENCE("idleTimeLimit", IDLETIMELIMIT),
    PREFERENCE("desktopNotificationRequireInteraction", DESKTOPNOTIFICATIONREQUIREINTERACTION),
    PREFERENCE("desktopNotifications", DESKTOPNOTIFICATIONS),
    PREFERENCE("pushNotifications", PUSHNOTIFICATIONS),
    PREFERENCE("unreadAlert", UNREADALERT),
    PREFERENCE("useEmojis", USEEMOJIS),
    PREFERENCE("convertAsciiEmoji", CONVERTASCIIEMOJI),
    PREFERENCE("autoImageLoad", AUTOIMAGELOAD),
    PREFERENCE("saveMobileBandwidth", SAVEMOBILEBANDWIDTH),
    PREFERENCE("collapseMediaByDefault", COLLAPSEMEDIABYDEFAULT),
    PREFERENCE("hideUsernames", HIDEUSERNAMES),
    PREFERENCE("hideRoles", HIDEROLES),
    PREFERENCE("hideFlexTab", HIDEFLEXTAB),
    PREFERENCE("displayAvatars", DISPLAYAVATARS),
    PREFERENCE("sidebarGroupByType", SIDEBARGROUPBYTYPE),
    PREFERENCE("themeAppearence", THEMEAPPEARENCE),
    PREFERENCE("sidebarViewMode", SIDEBARVIEWMODE),
    PREFERENCE("sidebarDisplayAvatar", SIDEBARDISPLAYAVATAR),
    PREFERENCE("sidebarShowUnread", SIDEBARSHOWUNREAD),
    PREFERENCE("sidebarSortby", SIDEBARSORTBY),
    PREFERENCE("showThreadsInMainChannel", SHOWTHREADSINMAINCHANNEL),
    PREFERENCE("alsoSendThreadToChannel", ALSOSENDTHREADTOCHANNEL),
    PREFERENCE("sidebarShowFavorites", SIDEBARSHOWFAVORITES),
    PREFERENCE("sendOnEnter", SENDONENTER),
    PREFERENCE("emailNotificationMode", EMAILNOTIFICATIONMODE),
    PREFERENCE("newRoomNotification", NEWROOMNOTIFICATION),
    PREFERENCE("newMessageNotification", NEWMESSAGENOTIFICATION),
    PREFERENCE("muteFocusedConversations", MUTEFOCUSEDCONVERSATIONS),
    PREFERENCE("notificationsSoundVolume", NOTIFICATIONSSOUNDVOLUME),
    PREFERENCE("omnichannelTranscriptEmail", OMNICHANNELTRANSCRIPTEMAIL),
    PREFERENCE("notifyCalendarEvents", NOTIFYCALENDAREVENTS),
    PREFERENCE("enableMobileRinging", ENABLEMOBILERINGING),
    PREFERENCE("sidebarSectionsOrder", SIDEBARSECTIONSORDER),
    PREFERENCE("featuresPreview", FEATURESPREVIEW),
};

static const struct json *own_preferences(const struct user *u)
{
    return json_get_lit(json_get_lit(u->doc, "settings"), "preferences");
}

void preferences_put(struct rd *rd, struct buf *out, const struct user *u)
{
    struct str defaults[SETTING_COUNT];
    settings_load(rd, defaults);
    const struct json *own = own_preferences(u);
    struct json_out o = json_begin(out, '{');
    for (size_t i = 0; i < sizeof(preferences) / sizeof(preferences[0]); i++) {
        const struct json *chosen = json_get(own, str_of(preferences[i].key));
        if (chosen != NULL)
            json_member_json(&o, preferences[i].key, chosen);
        else
            json_member_raw(&o, preferences[i].key, defaults[preferences[i].fallback]);
    }
    json_end(&o);
}

void own_preferences_put(struct buf *out, const struct user *u)
{
    struct json_out o = json_begin(out, '{');
    const struct json *own = own_preferences(u);
    const struct json *p = json_is(own, JSON_OBJECT) ? own->items.first : NULL;
    for (; p != NULL; p = p->next) {
        json_member_copy(&o, p);
    }
    struct str language = user_text(u, "language");
    if (!str_empty(language))
        json_member_str(&o, "language", language);
    json_end(&o);
}

static void put_site(struct buf *url, struct str site)
{
    for (size_t i = 0; i < site.len; i++) {
        unsigned char c = (unsigned char)site.ptr[i];
        if (c > ' ' && c != 0x7f) /* the URL goes into a header */
            buf_add_char(url, (char)c);
    }
}

/* As one segment of a path. */
static void put_segment(struct buf *url, struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c != '\0' && strchr("-_.!~*'()", c) != NULL);
        if (plain)
            buf_add_char(url, (char)c);
        else
            buf_addf(url, "%%%02X", c);
    }
}

struct str avatar_url(struct rd *rd, struct str username)
{
    struct str site = catalog_setting_text(rd->catalog, SETTING_SITE_URL, rd->arena);
    while (str_ends(site, STR("/")))
        site = str_slice(site, 0, site.len - 1);
    BUF(url, URL_BYTES);
    put_site(&url, site);
    buf_lit(&url, "/avatar/");
    put_segment(&url, username);
    return arena_str(rd->arena, buf_str(&url));
}

static void put_settings(struct rd *rd, struct json_out *o, const struct user *u)
{
    json_key(o, "settings");
    struct json_out settings = json_begin(o->buf, '{');
    json_member_raw(&settings, "profile", STR("{}"));
    json_key(&settings, "preferences");
    preferences_put(rd, o->buf, u);
    json_member_raw(&settings, "calendar", STR("{}"));
    json_end(&settings);
}

void me_put_members(struct rd *rd, struct json_out *o, const struct user *u)
{
    user_put_members(o, u, USER_VIEW_ME);
    struct str email = user_verified_email(u);
    if (!str_empty(email))
        json_member_str(o, "email", email);
    put_settings(rd, o, u);
    json_member_str(o, "avatarUrl", avatar_url(rd, u->username));
    json_member_bool(o, "isOAuthUser", false);
    json_member_raw(o, "services",
                    str_empty(u->password_hash) ? STR("{\"password\":{\"exists\":false}}")
                                                : STR("{\"password\":{\"exists\":true}}"));
}
