/* The folder of files; see file_bytes.h. Each call opens what it needs and closes it again, so that
 * nothing is held between the pieces of an upload. */
#include "store/file_bytes.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crash.h"
#include "base/id.h"
#include "base/mem.h"

enum {
    PATH_BYTES = 4096,
    FOLDER_MODE = 0700,
    FILE_MODE = 0600,
    SPARED_BYTES = 64 << 20, /* of the disk: without room the database can store nothing */
};

/* --- paths --- */

static bool is_id(struct str id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!((id.ptr[i] >= '0' && id.ptr[i] <= '9') || (id.ptr[i] >= 'a' && id.ptr[i] <= 'f')))
            return false;
    return id.len == ID_HEX_LEN;
}

/* "<data>/files", "<data>/files/incoming", and a file in either. */
static void put_path(struct buf *path, struct str data_folder, const char *inside, struct str id)
{
    assert(str_empty(id) || is_id(id));
    buf_addf(path, "%.*s/files%s%s%.*s", STR_FMT(data_folder), inside, str_empty(id) ? "" : "/",
             STR_FMT(id));
    assert(buf_ok(path)); /* bytes_open() has measured the folder */
}
#define WHOLE    ""
#define INCOMING "/incoming"

static bool failed(struct err *err, const char *what)
{
    if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
        return err_busy(err, "The disk has no room for this file.");
    return err_internal(err, "%s: %s", what, strerror(errno));
}

/* --- the folders --- */

/* The next name, or NULL. A folder is read by whoever has opened it, and by nobody else. */
static const char *next_name(DIR *folder)
{
    // cppcheck-suppress readdirCalled
    const struct dirent *entry = readdir(folder);
    return entry != NULL ? entry->d_name : NULL;
}

static bool make_folder(const char *path, struct err *err)
{
    if (mkdir(path, FOLDER_MODE) == 0 || errno == EEXIST)
        return true;
    return err_invalid(err, "The folder %s cannot be made: %s.", path, strerror(errno));
}

static void empty_folder(const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL)
        return;
    for (const char *name; (name = next_name(folder)) != NULL;)
        if (is_id(str_of(name)))
            (void)unlinkat(dirfd(folder), name, 0);
    (void)closedir(folder);
}

bool bytes_open(struct str data_folder, struct err *err)
{
    BUF(whole, PATH_BYTES);
    BUF(incoming, PATH_BYTES);
    if (data_folder.len > PATH_BYTES / 2)
        return err_invalid(err, "The path of the data folder is too long.");
    put_path(&whole, data_folder, WHOLE, STR(""));
    put_path(&incoming, data_folder, INCOMING, STR(""));
    if (!make_folder(whole.ptr, err) || !make_folder(incoming.ptr, err))
        return false;
    empty_folder(incoming.ptr);
    return true;
}

/* --- uploads --- */

static bool write_all(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t wrote = write(fd, bytes.ptr, bytes.len);
        if (wrote < 0 && errno != EINTR)
            return false;
        bytes = str_after(bytes, wrote > 0 ? (size_t)wrote : 0);
    }
    return true;
}

static bool has_room(int fd, size_t bytes)
{
    struct statvfs disk;
    if (fstatvfs(fd, &disk) != 0)
        return true; /* the write itself will tell */
    errno = ENOSPC;
    return (uint64_t)disk.f_bavail * disk.f_frsize >= (uint64_t)bytes + SPARED_BYTES;
}

bool bytes_add(struct str data_folder, struct str id, struct str piece, bool first, struct err *err)
{
    BUF(path, PATH_BYTES);
    put_path(&path, data_folder, INCOMING, id);
    int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (first ? O_CREAT | O_EXCL : 0);
    int fd = open(path.ptr, flags, FILE_MODE);
    if (fd < 0)
        return failed(err, "A file cannot be written");
    bool ok = (has_room(fd, piece.len) && write_all(fd, piece)) ||
              failed(err, "A file cannot be written");
    (void)close(fd);
    crash_point("file-piece");
    return ok;
}

static bool sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        return false;
    int result = fsync(fd), why = errno;
    (void)close(fd);
    errno = why;
    return result == 0;
}

bool bytes_keep(struct str data_folder, struct str id, struct err *err)
{
    BUF(from, PATH_BYTES);
    BUF(to, PATH_BYTES);
    BUF(folder, PATH_BYTES);
    put_path(&from, data_folder, INCOMING, id);
    put_path(&to, data_folder, WHOLE, id);
    put_path(&folder, data_folder, WHOLE, STR(""));
    crash_point("file-written");
    if (!sync_path(from.ptr, O_RDONLY))
        return failed(err, "A file cannot be made durable");
    crash_point("file-synced");
    if (rename(from.ptr, to.ptr) != 0 || !sync_path(folder.ptr, O_RDONLY | O_DIRECTORY))
        return failed(err, "A file cannot be moved into its place");
    crash_point("file-moved");
    return true;
}

/* --- reading --- */

static bool read_all(int fd, int64_t offset, char *to, size_t len)
{
    while (len > 0) {
        ssize_t got = pread(fd, to, len, (off_t)offset);
        if (got == 0)
            errno = ENODATA;
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        size_t some = got > 0 ? (size_t)got : 0;
        to += some;
        len -= some;
        offset += (int64_t)some;
    }
    return true;
}

bool bytes_read(struct str data_folder, struct str id, int64_t offset, char *to, size_t len,
                struct err *err)
{
    BUF(path, PATH_BYTES);
    put_path(&path, data_folder, WHOLE, id);
    int fd = open(path.ptr, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return failed(err, "A file cannot be read");
    bool ok = read_all(fd, offset, to, len) || failed(err, "A file cannot be read");
    (void)close(fd);
    return ok;
}

int64_t bytes_size(struct str data_folder, struct str id)
{
    BUF(path, PATH_BYTES);
    put_path(&path, data_folder, WHOLE, id);
    struct stat about;
    return lstat(path.ptr, &about) == 0 && S_ISREG(about.st_mode) ? (int64_t)about.st_size : -1;
}

/* --- going --- */

bool bytes_remove(struct str data_folder, struct str id, struct err *err)
{
    static const char *const places[] = {INCOMING, WHOLE};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        BUF(path, PATH_BYTES);
        put_path(&path, data_folder, places[i], id);
        if (unlink(path.ptr) != 0 && errno != ENOENT)
            return failed(err, "A file cannot be removed");
    }
    return true;
}

struct bytes_walk {
    DIR *folder;
};

void bytes_list_end(struct bytes_walk **walk)
{
    if (*walk != NULL)
        (void)closedir((*walk)->folder);
    free(*walk);
    *walk = NULL;
}

static struct bytes_walk *begin_walk(struct str data_folder)
{
    BUF(path, PATH_BYTES);
    put_path(&path, data_folder, WHOLE, STR(""));
    DIR *folder = opendir(path.ptr);
    if (folder == NULL)
        return NULL;
    struct bytes_walk *walk = mem_alloc(sizeof(*walk));
    walk->folder = folder;
    return walk;
}

/* Names that are no ids are not ours. */
bool bytes_list(struct str data_folder, struct bytes_walk **walk, struct str *out_id)
{
    if (*walk == NULL)
        *walk = begin_walk(data_folder);
    const char *name = NULL;
    while (*walk != NULL && (name = next_name((*walk)->folder)) != NULL) {
        *out_id = str_of(name);
        if (is_id(*out_id))
            return true;
    }
    bytes_list_end(walk);
    return false;
}
