/* What the endpoints accept: one schema for each, named after it. Those of GET are for the query
 * (SCHEMA_QUERY), the others for the body.
 *
 * An endpoint that answers a missing parameter in its own words has a schema that does not require
 * it; an endpoint that is not here takes anything. */
#pragma once

#include "api/schema.h"

/* schema_integrations.c */
extern const struct schema schema_integrations_create;
extern const struct schema schema_integrations_update;
extern const struct schema schema_integrations_remove;
extern const struct schema schema_integrations_get;
extern const struct schema schema_integrations_history;
extern const struct schema schema_integrations_list;
extern const struct schema schema_integrations_clear_history;
extern const struct schema schema_integrations_replay_outgoing;

/* schema_users.c */
extern const struct schema schema_users_register;
extern const struct schema schema_users_create;
extern const struct schema schema_users_update;
extern const struct schema schema_users_info;
extern const struct schema schema_users_list;
extern const struct schema schema_users_delete;
extern const struct schema schema_users_set_active_status;
extern const struct schema schema_users_logout;
extern const struct schema schema_users_create_token;
extern const struct schema schema_users_generate_personal_access_token;
extern const struct schema schema_users_regenerate_personal_access_token;
extern const struct schema schema_users_remove_personal_access_token;
extern const struct schema schema_users_get_presence; /* and users.getStatus, users.getAvatar */
extern const struct schema schema_users_presence;
extern const struct schema schema_users_set_status;
extern const struct schema schema_users_forgot_password;

/* schema_accounts.c */
extern const struct schema schema_permissions_list_all;
extern const struct schema schema_permissions_update;
extern const struct schema schema_roles_create; /* a failure is answered in the endpoint's words */
extern const struct schema schema_roles_update;
extern const struct schema schema_roles_delete;
extern const struct schema schema_roles_add_user_to_role;
extern const struct schema schema_roles_remove_user_from_role;
extern const struct schema schema_roles_get_users_in_role;
extern const struct schema schema_roles_sync;
extern const struct schema schema_settings_public;
extern const struct schema schema_settings_list;
extern const struct schema schema_settings_update; /* one; without a value the endpoint refuses */
extern const struct schema schema_settings_update_many;

/* schema_rooms.c; those named rooms_ are for channels.* and groups.* alike. A room's id or name
 * alone, the list of channels and teams.*: rooms.h */
extern const struct schema schema_rooms_create;
extern const struct schema schema_rooms_info;
extern const struct schema schema_rooms_members;
extern const struct schema schema_rooms_invite; /* and groups.kick */
extern const struct schema schema_channels_kick;
extern const struct schema schema_channels_messages;
extern const struct schema schema_groups_messages;
extern const struct schema schema_subscriptions_get;
extern const struct schema schema_subscriptions_get_one;
extern const struct schema schema_subscriptions_read;
extern const struct schema schema_subscriptions_unread;

/* schema_messages.c */
extern const struct schema schema_chat_post_message;
extern const struct schema schema_chat_send_message;
extern const struct schema schema_chat_get_message;
extern const struct schema schema_chat_update;
extern const struct schema schema_chat_delete;
extern const struct schema schema_chat_get_thread_messages;
extern const struct schema schema_channels_history;
extern const struct schema schema_im_create;
extern const struct schema schema_im_room;      /* roomId */
extern const struct schema schema_im_set_topic; /* roomId, topic */

/* schema_marks.c */
extern const struct schema schema_chat_react;
extern const struct schema schema_chat_message_id; /* messageId */
extern const struct schema schema_chat_follow;     /* mid */
extern const struct schema schema_chat_report;
extern const struct schema schema_chat_ignore_user;
extern const struct schema schema_chat_room_page; /* roomId, and a page */
extern const struct schema schema_chat_room_since;
extern const struct schema schema_chat_search;
extern const struct schema schema_chat_threads_list;
extern const struct schema schema_chat_sync_threads_list;
extern const struct schema schema_chat_sync_thread_messages;
extern const struct schema schema_chat_sync_messages;
extern const struct schema schema_chat_url_preview;

/* schema_files.c */
extern const struct schema schema_rooms_media_confirm;
