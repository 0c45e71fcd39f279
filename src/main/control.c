/* The control socket of control.h, both ends. The server's end runs on a thread of its own, which
 * sleeps in poll() on the socket and on an eventfd that tells it to stop. */
#include "main/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
    CLIENT_TIMEOUT_MS = 5000, /* for a client to send its line, and to take each piece of ours */
    ANSWER_TIMEOUT_S = 60,    /* for the server to answer */
    BACKLOG = 16,
    REST_MS = 100,
    CHUNK_BYTES = 4096,
    LOWEST_PRIORITY = 19,
};

static const char socket_name[] = "gantry.sock";

struct control {
    int folder_fd, listen_fd, stop_fd; /* owned */
    control_fn *serve;
    void *arg;
    pthread_t thread;
    bool running;
};

/* --- both ends --- */

static void close_fd(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

static int open_folder(const char *folder)
{
    return open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* A socket's address is short; a folder with a long name is reached through its descriptor. */
static struct sockaddr_un address_of(const char *folder, int folder_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    BUF(path, sizeof(address.sun_path) - 1);
    if (!buf_addf(&path, "%s/%s", folder, socket_name)) {
        buf_clear(&path);
        (void)buf_addf(&path, "/proc/self/fd/%d/%s", folder_fd, socket_name);
    }
    memcpy(address.sun_path, path.ptr, path.len + 1);
    return address;
}

static int open_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void limit_waiting(int fd, int option, int64_t ms)
{
    struct timeval limit = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    (void)setsockopt(fd, SOL_SOCKET, option, &limit, sizeof(limit));
}

static bool send_line(int fd, struct str line)
{
    struct str parts[] = {line, STR("\n")};
    for (size_t i = 0; i < 2; i++) {
        struct str rest = parts[i];
        while (rest.len > 0) {
            ssize_t sent = send(fd, rest.ptr, rest.len, MSG_NOSIGNAL);
            if (sent < 0 && errno == EINTR)
                continue;
            if (sent <= 0)
                return false;
            rest = str_after(rest, (size_t)sent);
        }
    }
    return true;
}

/* Reads once; *whole becomes true when a line feed was among it. False: the other end has closed,
 * failed, or sent too much. */
static bool receive_some(int fd, struct buf *line, bool *whole)
{
    char *room = buf_room(line, CHUNK_BYTES);
    if (room == NULL)
        return false;
    ssize_t got;
    do
        got = recv(fd, room, CHUNK_BYTES, 0);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return false;
    buf_grew(line, (size_t)got);
    *whole = str_find_char(str_from(room, (size_t)got), '\n') != SIZE_MAX;
    return true;
}

static void cut_line(struct buf *line)
{
    buf_cut(line, str_find_char(buf_str(line), '\n'));
}

/* --- the server's end --- */

/* Sleeps until `fd` can be read or `until_ms` (0: no limit) has come. False: that, or a stop. */
static bool wait_for(const struct control *control, int fd, int64_t until_ms)
{
    struct pollfd fds[] = {{.fd = control->stop_fd, .events = POLLIN},
                           {.fd = fd, .events = POLLIN}};
    for (;;) {
        int64_t left = until_ms == 0 ? -1 : until_ms - clock_mono_ms();
        if (until_ms != 0 && left <= 0)
            return false;
        int ready = poll(fds, 2, (int)left);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0 || fds[0].revents != 0)
            return false;
        return true;
    }
}

static void serve_client(struct control *control, int fd)
{
    BUF(request, CONTROL_LINE_BYTES);
    BUF(answer, CONTROL_LINE_BYTES);
    int64_t until_ms = clock_mono_ms() + CLIENT_TIMEOUT_MS;
    limit_waiting(fd, SO_SNDTIMEO, CLIENT_TIMEOUT_MS);
    for (bool whole = false; !whole;) {
        if (!wait_for(control, fd, until_ms) || !receive_some(fd, &request, &whole))
            return;
    }
    cut_line(&request);
    control->serve(control->arg, buf_str(&request), &answer);
    (void)send_line(fd, buf_str(&answer));
}

/* Out of descriptors, say: poll() would return at once, again and again. */
static void rest(const struct control *control)
{
    (void)wait_for(control, -1, clock_mono_ms() + REST_MS);
}

static void *control_thread(void *arg)
{
    struct control *control = arg;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), LOWEST_PRIORITY);
    while (wait_for(control, control->listen_fd, 0)) {
        // cppcheck-suppress nullPointer ; accept4() takes them
        int fd = accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            serve_client(control, fd);
        else
            rest(control);
        close_fd(fd);
    }
    return NULL;
}

static void remove_socket(const struct control *control)
{
    struct stat found;
    if (fstatat(control->folder_fd, socket_name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISSOCK(found.st_mode))
        (void)unlinkat(control->folder_fd, socket_name, 0);
}

/* The mode of the unbound socket becomes that of the file, so there is no moment at which others
 * could connect. */
static bool listen_in(struct control *control, const char *folder)
{
    control->folder_fd = open_folder(folder);
    control->listen_fd = open_socket();
    if (control->folder_fd < 0 || control->listen_fd < 0)
        return false;
    struct sockaddr_un address = address_of(folder, control->folder_fd);
    remove_socket(control);
    return fchmod(control->listen_fd, 0600) == 0 &&
           bind(control->listen_fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
           fcntl(control->listen_fd, F_SETFL, O_NONBLOCK) == 0 &&
           listen(control->listen_fd, BACKLOG) == 0;
}

struct control *control_open(const char *folder, control_fn *serve, void *arg, struct err *err)
{
    struct control *control = mem_alloc(sizeof(*control));
    *control = (struct control){
        .folder_fd = -1, .listen_fd = -1, .stop_fd = -1, .serve = serve, .arg = arg};
    if (!listen_in(control, folder) || (control->stop_fd = eventfd(0, EFD_CLOEXEC)) < 0) {
        (void)err_internal(err, "The socket %s/%s cannot be made: %s.", folder, socket_name,
                           strerror(errno));
        control_close(control);
        return NULL;
    }
    int failed = pthread_create(&control->thread, NULL, control_thread, control);
    control->running = failed == 0;
    if (control->running) {
        (void)pthread_setname_np(control->thread, "control");
        return control;
    }
    (void)err_internal(err, "The control thread cannot be started: %s.", strerror(failed));
    control_close(control);
    return NULL;
}

void control_close(struct control *control)
{
    if (control == NULL)
        return;
    if (control->running) {
        (void)eventfd_write(control->stop_fd, 1);
        (void)pthread_join(control->thread, NULL);
        remove_socket(control);
    }
    close_fd(control->listen_fd);
    close_fd(control->stop_fd);
    close_fd(control->folder_fd);
    free(control);
}

/* --- the client's end --- */

static bool means_nobody(int error)
{
    return error == ENOENT || error == ECONNREFUSED || error == ENOTDIR;
}

static enum control_result fail(struct err *err, const char *folder, const char *what)
{
    (void)err_internal(err, "The server at %s/%s %s: %s.", folder, socket_name, what,
                       strerror(errno));
    return CONTROL_FAILED;
}

static bool connect_to(int fd, const char *folder, int folder_fd)
{
    struct sockaddr_un address = address_of(folder, folder_fd);
    return connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

static enum control_result exchange(int fd, const char *folder, struct str request,
                                    struct buf *answer, struct err *err)
{
    limit_waiting(fd, SO_RCVTIMEO, (int64_t)ANSWER_TIMEOUT_S * 1000);
    limit_waiting(fd, SO_SNDTIMEO, CLIENT_TIMEOUT_MS);
    if (!send_line(fd, request))
        return fail(err, folder, "does not take the request");
    for (bool whole = false; !whole;) {
        errno = ECONNRESET; /* what an end without an answer is called */
        if (!receive_some(fd, answer, &whole))
            return fail(err, folder, "did not answer, look whether it was done");
    }
    cut_line(answer);
    return CONTROL_ANSWERED;
}

enum control_result control_ask(const char *folder, struct str request, struct buf *answer,
                                struct err *err)
{
    enum control_result result;
    int folder_fd = open_folder(folder);
    int fd = folder_fd >= 0 ? open_socket() : -1;
    if (fd >= 0 && connect_to(fd, folder, folder_fd))
        result = exchange(fd, folder, request, answer, err);
    else if (means_nobody(errno))
        result = CONTROL_NOBODY;
    else
        result = fail(err, folder, "cannot be reached");
    close_fd(fd);
    close_fd(folder_fd);
    return result;
}
