/* Brings a database to the schema this program knows. The version is a row in the table `meta`, so
 * that it can be read by the same SQL everywhere. Runs on the thread that opens the store. */
#include "store/schema.h"

#include "store/internal.h"

static int version_of(struct db *db)
{
    db_exec(db,
            "CREATE TABLE IF NOT EXISTS meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)");
    struct stmt *q = db_stmt(db, "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'schema'");
    return (int)stmt_number(q);
}

static void note_version(struct db *db, int version)
{
    struct stmt *q = db_stmt(db, "INSERT INTO meta (key, value) VALUES ('schema', CAST($1 AS TEXT))"
                                 " ON CONFLICT (key) DO UPDATE SET value = excluded.value");
    stmt_i64(q, 1, version);
    stmt_run(q);
}

static void apply_missing(struct db *db, int have)
{
    for (size_t i = 0; i < schema_step_count; i++) {
        if (schema_steps[i].version > have) {
            db_exec(db, schema_steps[i].sql);
            note_version(db, schema_steps[i].version);
        }
    }
}

bool schema_apply(struct db *db, struct err *err)
{
    int newest = schema_steps[schema_step_count - 1].version;
    db_exec(db, "BEGIN IMMEDIATE");
    int have = version_of(db);
    bool known = have <= newest;
    if (known)
        apply_missing(db, have);
    bool ok = known && db_exec(db, "COMMIT");
    if (ok)
        return true;
    if (known)
        db_error(db, err);
    else
        err_invalid(err,
                    "The database has schema %d and this program knows %d at most. "
                    "Start the newer program that wrote it, or restore a backup.",
                    have, newest);
    db_clear(db);
    db_exec(db, "ROLLBACK");
    db_clear(db);
    return false;
}
