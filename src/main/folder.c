/* Opening the data folder, for the server and for commands that run without one. Runs on the main
 * thread, which may wait. */
#include "main/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "domain/password.h"
#include "domain/start.h"

enum { PATH_BYTES = 4096, ARENA_BYTES = 16 * 1024 * 1024 };

/* Its presence says that a folder is a demonstration's. */
static const char demo_mark[] = "gantry.demo";

static bool has_file(const char *folder, const char *name)
{
    BUF(path, PATH_BYTES);
    return buf_addf(&path, "%s/%s", folder, name) && access(path.ptr, F_OK) == 0;
}

bool folder_has_database(const char *folder)
{
    return has_file(folder, "gantry.db");
}

static bool mark_demo(const char *folder, struct err *err)
{
    BUF(path, PATH_BYTES);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return err_invalid(err, "The data folder %s cannot be made: %s.", folder, strerror(errno));
    int fd = -1;
    if (buf_addf(&path, "%s/%s", folder, demo_mark))
        fd = open(path.ptr, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_invalid(err, "The data folder %s cannot be written: %s.", folder,
                           strerror(errno));
    (void)close(fd);
    return true;
}

static bool check_use(const char *folder, enum folder_use use, struct err *err)
{
    bool demo = has_file(folder, demo_mark), database = folder_has_database(folder);
    if (use != FOLDER_DEMO && demo)
        return err_invalid(err,
                           "The data folder %s is a demonstration's, and its token is public. "
                           "Choose another one with --data.",
                           folder);
    if (use == FOLDER_DEMO && !demo && database)
        return err_invalid(err,
                           "The data folder %s is a server's, and a demonstration would make it "
                           "public. Choose another one with --data, or none.",
                           folder);
    if (use == FOLDER_PRESENT && !database)
        return err_invalid(err,
                           "There is no database in the folder %s. Choose another one with "
                           "--data.",
                           folder);
    return use != FOLDER_DEMO || mark_demo(folder, err);
}

static struct store_config store_config(const struct options *o)
{
    return (struct store_config){
        .folder = o->data_dir,
        .readers = (unsigned)o->readers,
        .max_jobs = (size_t)o->queue_jobs,
        .max_bytes = (size_t)o->queue_bytes,
        .wal_limit_bytes = o->wal_bytes,
        .file_limit_bytes = o->file_bytes,
    };
}

/* --- what every server has --- */

/* The hash of a password that may be empty, and is then, too. It takes long, and so is made before
 * the command. */
static bool hash(struct arena *arena, const char *plain, struct str *out, struct err *err)
{
    char text[PASSWORD_HASH_BYTES] = "";
    struct password password = password_of(str_of(plain));
    if (plain[0] != '\0' && !password_hash(&password, text))
        return err_internal(err,
                            "A password cannot be hashed: this system's crypt() does not work.");
    *out = arena_str(arena, str_of(text));
    return true;
}

static bool seed(struct tx *tx, void *arg, struct err *err)
{
    return start_seed(tx, arg, err);
}

static bool fill(struct store *store, const struct options *o, struct err *err)
{
    struct arena arena;
    struct start_options start = {
        .site_url = str_of(o->root_url),
        .environment = environ,
        .users.admin = {.username = str_of(o->admin_username),
                        .name = str_of(o->admin_name),
                        .email = str_of(o->admin_email),
                        .verified = o->admin_email_verified},
    };
    arena_init(&arena, ARENA_BYTES);
    bool ok = hash(&arena, o->admin_password, &start.users.admin.password_hash, err) &&
              hash(&arena, o->test_mode ? TEST_ADMIN : "", &start.users.test_hash, err) &&
              store_write_now(store, &arena, seed, &start, err);
    arena_release(&arena);
    return ok;
}

struct store *folder_open(const struct options *options, enum folder_use use, struct err *err)
{
    struct store_config config = store_config(options);
    if (!check_use(options->data_dir, use, err))
        return NULL;
    struct store *store = store_open(&config, err);
    if (store == NULL || fill(store, options, err))
        return store;
    store_close(store);
    return NULL;
}
