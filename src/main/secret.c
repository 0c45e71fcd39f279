/* The key file of secret.h: 32 random bytes, readable by the server's user alone. Runs on the main
 * thread, at the start. */
#include "main/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"

enum { PATH_BYTES = 4096 };

static bool fail(const char *folder, const char *what, struct err *err)
{
    return err_invalid(err, "The file secret.key in the data folder %s %s.", folder, what);
}

static bool read_key(int fd, const char *folder, uint8_t *key, struct err *err)
{
    uint8_t bytes[DIGEST_SEAL_KEY_BYTES + 1];
    ssize_t got = read(fd, bytes, sizeof(bytes));
    if (got != DIGEST_SEAL_KEY_BYTES)
        return fail(folder,
                    "is not the 32 bytes that this program wrote there. Restore it from a backup; "
                    "without it secrets of signatures must be set again",
                    err);
    memcpy(key, bytes, DIGEST_SEAL_KEY_BYTES);
    return true;
}

static bool write_whole(int fd, const uint8_t *key)
{
    return write(fd, key, DIGEST_SEAL_KEY_BYTES) == DIGEST_SEAL_KEY_BYTES && fsync(fd) == 0;
}

/* Under another name first: a crash leaves the whole file or none. */
static bool write_key(int folder_fd, const uint8_t *key)
{
    int fd = openat(folder_fd, "secret.key.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool ok = write_whole(fd, key);
    (void)close(fd);
    return ok && renameat(folder_fd, "secret.key.new", folder_fd, "secret.key") == 0 &&
           fsync(folder_fd) == 0;
}

static bool make_key(const char *folder, uint8_t *key, struct err *err)
{
    int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    digest_random(key, DIGEST_SEAL_KEY_BYTES);
    bool ok = folder_fd >= 0 && write_key(folder_fd, key);
    int error = errno;
    if (folder_fd >= 0)
        (void)close(folder_fd);
    return ok || fail(folder, strerror(error), err);
}

bool secret_open(const char *folder, uint8_t out_key[DIGEST_SEAL_KEY_BYTES], struct err *err)
{
    BUF(path, PATH_BYTES);
    if (!buf_addf(&path, "%s/secret.key", folder))
        return fail(folder, "has too long a name", err);
    int fd = open(path.ptr, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return make_key(folder, out_key, err);
    if (fd < 0)
        return fail(folder, strerror(errno), err);
    bool ok = read_key(fd, folder, out_key, err);
    (void)close(fd);
    return ok;
}
