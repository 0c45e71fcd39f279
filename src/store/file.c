/* SQL of files; see file.h. */
#include "store/file.h"

enum { QUERY_BYTES = 2048, PATTERN_BYTES = 4096 };

/* The columns of read_row(), in its order. */
#define COLUMNS                                                                                    \
    "f.id, r.id, f.room_seq, f.user_id, u.username, u.name, f.name, f.type, f.size, "              \
    "f.message_id, f.uploaded_at_ms, f.expires_at_ms"
/* Rooms that were deleted have no files. */
#define FROM                                                                                       \
    " FROM files f JOIN rooms r ON r.seq = f.room_seq AND r.type < 'x' "                           \
    "LEFT JOIN users u ON u.id = f.user_id WHERE f.gone = 0 "                                      \
    "AND (f.expires_at_ms IS NULL OR f.expires_at_ms > $1) "

static struct file *read_row(struct rd *rd, struct stmt *q)
{
    struct file *f = ARENA_NEW(rd->arena, struct file);
    f->id = col_str(q, 0, rd->arena);
    f->room_id = col_str(q, 1, rd->arena);
    f->room_seq = col_i64(q, 2);
    f->user_id = col_str(q, 3, rd->arena);
    f->username = col_str(q, 4, rd->arena);
    f->user_name = col_str(q, 5, rd->arena);
    f->name = col_str(q, 6, rd->arena);
    f->type = col_str(q, 7, rd->arena);
    f->size = col_i64(q, 8);
    f->message_id = col_str(q, 9, rd->arena);
    f->uploaded_at_ms = col_i64(q, 10);
    f->expires_at_ms = col_i64(q, 11);
    return f;
}

struct file *file_find(struct rd *rd, struct str id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT " COLUMNS FROM "AND f.id = $2");
    stmt_i64(q, 1, rd->now_ms);
    stmt_str(q, 2, id);
    struct file *f = stmt_next(q) ? read_row(rd, q) : NULL;
    stmt_done(q);
    return f;
}

bool file_row_exists(struct rd *rd, struct str id)
{
    struct stmt *q = db_stmt(rd->db, "SELECT 1 FROM files WHERE id = $1");
    stmt_str(q, 1, id);
    return stmt_any(q);
}

/* --- lists --- */

#define FILTER                                                                                     \
    "AND f.room_seq = $2 AND ($3 = '' OR lower(f.name) LIKE lower($3) ESCAPE '!') "                \
    "AND ($4 = '' OR f.type LIKE $4 ESCAPE '!') AND ($5 = 0 OR f.message_id IS NOT NULL) "

/* The text between the two, with the pattern's own characters taken literally; empty stays empty.
 */
static struct str pattern_of(struct arena *a, const char *before, struct str text,
                             const char *behind)
{
    BUF(pattern, PATTERN_BYTES);
    if (str_empty(text))
        return text;
    buf_add(&pattern, str_of(before));
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '%' || text.ptr[i] == '_' || text.ptr[i] == '!')
            buf_add_char(&pattern, '!');
        buf_add_char(&pattern, text.ptr[i]);
    }
    buf_add(&pattern, str_of(behind));
    return arena_str(a, buf_str(&pattern));
}

static void bind_filter(struct rd *rd, struct stmt *q, const struct file_filter *f)
{
    stmt_i64(q, 1, rd->now_ms);
    stmt_i64(q, 2, f->room_seq);
    stmt_str(q, 3, pattern_of(rd->arena, "%", f->name, "%"));
    stmt_str(q, 4, pattern_of(rd->arena, "", f->group, "/%"));
    stmt_i64(q, 5, f->confirmed);
}

struct file_list files_page(struct rd *rd, const struct file_filter *f, int64_t offset,
                            int64_t count)
{
    int64_t left = files_total(rd, f) - offset;
    size_t most = left <= 0 ? 0 : (size_t)(left < count ? left : count);
    struct file_list list = {.items = ARENA_ARRAY(rd->arena, struct file *, most)};
    BUF(sql, QUERY_BYTES);
    buf_addf(&sql, "SELECT " COLUMNS FROM FILTER "ORDER BY %.*s, f.seq LIMIT $6 OFFSET $7",
             STR_FMT(f->order));
    struct stmt *q = db_stmt_once(rd->db, buf_str(&sql));
    bind_filter(rd, q, f);
    stmt_i64(q, 6, (int64_t)most);
    stmt_i64(q, 7, offset);
    while (list.count < most && stmt_next(q))
        list.items[list.count++] = read_row(rd, q);
    stmt_done(q);
    return list;
}

int64_t files_total(struct rd *rd, const struct file_filter *f)
{
    struct stmt *q = db_stmt(rd->db, "SELECT COUNT(*)" FROM FILTER);
    bind_filter(rd, q, f);
    return stmt_number(q);
}

/* --- writing --- */

void file_insert(struct tx *tx, const struct file *file)
{
    struct stmt *q = db_stmt(tx->rd.db, "INSERT INTO files (id, room_seq, user_id, name, type, "
                                        "size, gone, uploaded_at_ms, expires_at_ms) "
                                        "VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)");
    stmt_str(q, 1, file->id);
    stmt_i64(q, 2, file->room_seq);
    stmt_str(q, 3, file->user_id);
    stmt_str(q, 4, file->name);
    stmt_str(q, 5, file->type);
    stmt_i64(q, 6, file->size);
    stmt_i64(q, 7, file->uploaded_at_ms);
    stmt_i64(q, 8, file->expires_at_ms);
    stmt_run(q);
}

void file_confirm(struct tx *tx, const struct file *file)
{
    struct stmt *q = db_stmt(tx->rd.db, "UPDATE files SET name = $2, message_id = $3, "
                                        "expires_at_ms = NULL WHERE id = $1");
    stmt_str(q, 1, file->id);
    stmt_str(q, 2, file->name);
    stmt_str(q, 3, file->message_id);
    stmt_run(q);
}

size_t files_after(struct rd *rd, int64_t after, struct file_row *out, size_t max)
{
    size_t count = 0;
    struct stmt *q = db_stmt(rd->db, "SELECT seq, id, size, message_id IS NOT NULL FROM files "
                                     "WHERE gone = 0 AND seq > $1 ORDER BY seq LIMIT $2");
    stmt_i64(q, 1, after);
    stmt_i64(q, 2, (int64_t)max);
    while (count < max && stmt_next(q)) {
        struct file_row *row = &out[count++];
        row->seq = col_i64(q, 0);
        row->id = col_str(q, 1, rd->arena);
        row->size = col_i64(q, 2);
        row->confirmed = col_bool(q, 3);
    }
    stmt_done(q);
    return count;
}

/* --- going --- */

void file_drop_unconfirmed(struct tx *tx, struct str id)
{
    struct stmt *q = db_stmt(tx->rd.db, "UPDATE files SET gone = 1, expires_at_ms = NULL "
                                        "WHERE id = $1 AND message_id IS NULL");
    stmt_str(q, 1, id);
    stmt_run(q);
}

void files_leave_message(struct tx *tx, struct str message_id)
{
    struct stmt *q = db_stmt(tx->rd.db, "UPDATE files SET gone = 1 WHERE message_id = $1");
    stmt_str(q, 1, message_id);
    stmt_run(q);
}

void files_expire(struct tx *tx, int64_t limit)
{
    struct stmt *q =
        db_stmt(tx->rd.db, "UPDATE files SET gone = 1, expires_at_ms = NULL WHERE seq IN (SELECT "
                           "o.seq FROM files o WHERE o.expires_at_ms <= $1 "
                           "ORDER BY o.expires_at_ms LIMIT $2)");
    stmt_i64(q, 1, tx->rd.now_ms);
    stmt_i64(q, 2, limit);
    stmt_run(q);
}

bool files_any_gone(struct rd *rd)
{
    struct stmt *q = db_stmt(rd->db, "SELECT 1 FROM files WHERE gone <> 0 UNION ALL "
                                     "SELECT 1 FROM files WHERE expires_at_ms <= $1 LIMIT 1");
    stmt_i64(q, 1, rd->now_ms);
    return stmt_any(q);
}

size_t files_gone(struct rd *rd, struct str *out, size_t max)
{
    size_t count = 0;
    struct stmt *q = db_stmt(rd->db, "SELECT id FROM files WHERE gone <> 0 ORDER BY seq LIMIT $1");
    stmt_i64(q, 1, (int64_t)max);
    while (count < max && stmt_next(q))
        out[count++] = col_str(q, 0, rd->arena);
    stmt_done(q);
    return count;
}

void file_erase_gone(struct tx *tx, struct str id)
{
    struct stmt *q = db_stmt(tx->rd.db, "DELETE FROM files WHERE id = $1 AND gone <> 0");
    stmt_str(q, 1, id);
    stmt_run(q);
}
