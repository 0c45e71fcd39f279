/* The rules of files; see file.h. Commands run on the writer, questions on a reader too. */
#include "domain/file.h"

#include "domain/fault.h"
#include "domain/message_rules.h"

static const int64_t unconfirmed_ms = (int64_t)24 * 3600 * 1000;

/* --- uploading --- */

bool file_may_upload(struct rd *rd, struct str user_id, struct str room_id, struct room **out,
                     struct err *err)
{
    struct room *room = room_find(rd, room_id);
    if (room == NULL || !room_visible(rd, user_id, room))
        return refuse_forbidden(err);
    if (!catalog_setting_bool(rd->catalog, SETTING_FILEUPLOAD_ENABLED))
        return fault(err, "error-file-upload-disabled", "File uploads are disabled");
    *out = room;
    return true;
}

int64_t file_size_limit(const struct catalog *catalog)
{
    int64_t most = catalog_setting_int(catalog, SETTING_FILEUPLOAD_MAXFILESIZE);
    return most < 0 ? INT64_MAX : most;
}

bool file_refuse_size(struct err *err)
{
    return fault_with(err, STR(""), "error-file-too-large", "");
}

bool file_add(struct tx *tx, const struct actor *by, struct str room_id, struct file *file,
              struct err *err)
{
    struct room *room;
    if (!file_may_upload(tx_rd(tx), by->id, room_id, &room, err))
        return false;
    file->room_id = room->id;
    file->room_seq = room->seq;
    file->user_id = by->id;
    file->uploaded_at_ms = tx->rd.now_ms;
    file->expires_at_ms = tx->rd.now_ms + unconfirmed_ms;
    file_insert(tx, file);
    return true;
}

/* --- sending --- */

static bool refuse_file(struct err *err)
{
    return fault_with(err, STR(""), "invalid-file", "");
}

static struct message *message_with(struct arena *a, const struct file *file,
                                    const struct file_post *post)
{
    struct message *m = ARENA_NEW(a, struct message);
    m->doc = json_object(a);
    m->thread_id = post->thread_id;
    message_set(m, "msg", json_string(a, post->text));
    message_set(m, "groupable", json_bool(a, false));
    file_attach(a, file, post->description, m);
    if (post->custom_fields != NULL) {
        struct json *fields = ARENA_NEW(a, struct json);
        *fields = *post->custom_fields;
        fields->next = NULL;
        message_set(m, "customFields", fields);
    }
    return m;
}

static bool send_file(struct tx *tx, const struct user *by, struct room *room, struct file *file,
                      const struct file_post *post, struct message **out, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    if (!str_empty(post->name))
        file->name = file_name_of(rd->arena, post->name);
    struct message *m = message_with(rd->arena, file, post);
    if (!message_send(tx, by, room, m, err))
        return false;
    file->message_id = m->id;
    file_confirm(tx, file);
    *out = m;
    return true;
}

bool file_post(struct tx *tx, const struct user *by, struct str room_id, struct str file_id,
               const struct file_post *post, struct message **out, struct err *err)
{
    struct rd *rd = tx_rd(tx);
    struct room *room = room_find(rd, room_id);
    if (room == NULL || !room_visible(rd, by->id, room))
        return refuse_forbidden(err);
    struct file *file = file_find(rd, file_id);
    if (file == NULL || file->room_seq != room->seq || !str_eq(file->user_id, by->id))
        return refuse_file(err);
    if (post->description != NULL && !message_fits(rd->catalog, *post->description))
        return fault_with(err, STR(""), "error-message-size-exceeded", "");
    if (str_empty(file->message_id))
        return send_file(tx, by, room, file, post, out, err);
    *out = message_find(rd, file->message_id);
    return *out != NULL || refuse_file(err);
}

/* --- reading --- */

bool file_for(struct rd *rd, struct str user_id, struct str file_id, struct file **out,
              struct err *err)
{
    struct file *file = file_find(rd, file_id);
    const struct room *room = file != NULL ? room_find(rd, file->room_id) : NULL;
    if (room == NULL)
        return err_set(err, 404, NULL, "Resource not found");
    if (!room_visible(rd, user_id, room))
        return refuse_forbidden(err);
    *out = file;
    return true;
}
