/* The commands of manage.h: a command line becomes a request of verbs.h, and its answer lines of
 * text. They do not know who answers: a running server, or a store that is opened for them. */
#include "main/manage.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/id.h"
#include "base/json.h"
#include "domain/password.h"
#include "main/control.h"
#include "main/folder.h"
#include "main/verbs.h"

enum {
    ARENA_BYTES = 64 * 1024 * 1024,
    PASSWORD_CHARACTERS = 20, /* of one that is drawn: 115 bits */
    SECRET_BYTES = 4096,
    RETRY_MS = 100,
    PATIENCE_MS = 5000, /* for a folder that another gantry is opening or closing */
};

const struct cli_option user_add_options[] = {
    {"--email", "ADDRESS", "His e-mail address"},
    {"--name", "NAME", "His full name; without it, his username"},
    {"--role", "ROLE", "A role in place of the usual one, such as admin; may be repeated"},
    {"--password-stdin", NULL, "Read his password from the first line of standard input"},
    {"--password", "PASSWORD", "His password; every user of the machine can see it here"},
    {NULL, NULL, NULL},
};

const struct cli_option token_create_options[] = {
    {"--user", "USERNAME", "Whose token it is; required"},
    {"--name", "LABEL", "What the token is called in lists; drawn when it is not given"},
    {NULL, NULL, NULL},
};

/* --- asking --- */

static bool ask_own_store(const struct options *options, enum folder_use use, struct str request,
                          struct buf *answer, struct err *err)
{
    struct store *store = folder_open(options, use, err);
    if (store == NULL)
        return false;
    verbs_serve(store, request, answer);
    store_close(store);
    return true;
}

static void wait_a_little(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = RETRY_MS * 1000000L}, NULL);
}

/* The answer of whoever has the folder. A server that is just starting has it and does not listen
 * yet, so both ways are tried for a while. */
static bool ask(const struct options *options, enum folder_use use, struct str request,
                struct buf *answer, struct err *err)
{
    int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
    for (;;) {
        buf_clear(answer);
        enum control_result result = control_ask(options->data_dir, request, answer, err);
        if (result != CONTROL_NOBODY)
            return result == CONTROL_ANSWERED;
        if (ask_own_store(options, use, request, answer, err))
            return true;
        bool busy = err->status == 503;
        if (!busy || clock_mono_ms() >= until_ms)
            return false;
        wait_a_little();
    }
}

/* The answer taken apart, or NULL and *err. */
static struct json *ask_json(const struct options *options, enum folder_use use, struct str request,
                             struct arena *arena, struct err *err)
{
    BUF(text, CONTROL_LINE_BYTES);
    if (!ask(options, use, request, &text, err))
        return NULL;
    struct json *answer = json_parse(arena, buf_str(&text));
    if (json_get_true(answer, "ok"))
        return answer;
    struct str why = json_get_str(answer, "error");
    (void)err_internal(err, "%.*s", STR_FMT(str_empty(why) ? STR("no answer") : why));
    return NULL;
}

/* --- printing --- */

static void print_str(struct str s)
{
    (void)fwrite(s.ptr, 1, s.len, stdout);
}

/* Columns between tabs, with what would break them left out: for people, and for cut(1). */
static void print_column(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        bool breaks = (unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f;
        (void)fputc(breaks ? '?' : s.ptr[i], stdout);
    }
}

static void print_member(const struct json *object, const char *member, const char *end)
{
    print_column(json_get_str(object, member));
    (void)fputs(end, stdout);
}

static void print_roles(const struct json *user, const char *end)
{
    const struct json *roles = json_get_lit(user, "roles");
    for (const struct json *role = roles ? roles->items.first : NULL; role; role = role->next) {
        print_column(role->string);
        (void)fputs(role->next ? "," : "", stdout);
    }
    (void)fputs(end, stdout);
}

/* --- user add --- */

static bool read_password(struct str *out, struct arena *arena, struct err *err)
{
    char line[SECRET_BYTES];
    if (fgets(line, sizeof(line), stdin) == NULL)
        return err_invalid(err, "--password-stdin: there is nothing on standard input");
    struct str text = str_of(line);
    if (text.len == sizeof(line) - 1)
        return err_invalid(err, "--password-stdin: the password is too long");
    while (text.len > 0 && strchr("\r\n", text.ptr[text.len - 1]) != NULL)
        text.len--;
    *out = arena_str(arena, text);
    return true;
}

/* The given password, or one that is drawn. */
static bool choose_password(const struct cli *cli, struct arena *arena, struct str *out,
                            bool *out_drawn, struct err *err)
{
    const char *given = cli_value(cli, "--password", 0);
    bool from_stdin = cli_has(cli, "--password-stdin");
    *out_drawn = given == NULL && !from_stdin;
    if (given != NULL && from_stdin)
        return err_invalid(err, "--password and --password-stdin exclude each other");
    if (*out_drawn)
        *out = id_random(arena, PASSWORD_CHARACTERS);
    else if (given != NULL)
        *out = str_of(given);
    else if (!read_password(out, arena, err))
        return false;
    return !str_blank(*out) || err_invalid(err, "the password must not be empty");
}

static void put_roles(struct json_out *o, const struct cli *cli)
{
    json_key(o, "roles");
    struct json_out roles = json_begin(o->buf, '[');
    const char *role;
    for (size_t i = 0; (role = cli_value(cli, "--role", i)) != NULL; i++) {
        json_item(&roles);
        json_put_string(o->buf, str_of(role));
    }
    json_end(&roles);
}

/* The password travels as its digest. */
static void put_password(struct json_out *o, struct str password)
{
    struct password inside = password_of(password);
    json_key(o, "password");
    struct json_out digest = json_begin(o->buf, '{');
    json_member_str(&digest, "digest", str_of(inside.digest));
    json_member_str(&digest, "algorithm", STR("sha-256"));
    json_end(&digest);
}

static void put_user_add(struct buf *out, const struct cli *cli, struct str password)
{
    struct json_out o = json_begin(out, '{');
    json_member_str(&o, "verb", STR("user add"));
    json_member_str(&o, "username", str_of(cli->operand));
    json_member_str(&o, "email", str_of(cli_value(cli, "--email", 0)));
    json_member_str(&o, "name", str_of(cli_value(cli, "--name", 0)));
    if (cli_has(cli, "--role"))
        put_roles(&o, cli);
    put_password(&o, password);
    json_end(&o);
}

static int add_user(const struct cli *cli, const struct options *options, struct arena *arena)
{
    struct err err = ERR_NONE;
    struct str password = STR("");
    bool drawn = false;
    if (!choose_password(cli, arena, &password, &drawn, &err))
        return cli_misused(cli, "%s", err.text);
    BUF(request, CONTROL_LINE_BYTES);
    put_user_add(&request, cli, password);
    bool new_folder = !folder_has_database(options->data_dir);
    struct json *answer = ask_json(options, FOLDER_USUAL, buf_str(&request), arena, &err);
    if (answer == NULL)
        return cli_failed(&err);
    if (new_folder) /* perhaps --data was forgotten */
        (void)fprintf(stderr, "A new database was made in the folder %s.\n", options->data_dir);
    (void)printf("username: ");
    print_member(answer, "username", "\nuser id:  ");
    print_member(answer, "userId", "\nroles:    ");
    print_roles(answer, "\n");
    if (drawn) {
        (void)printf("password: ");
        print_str(password);
        (void)printf("\n");
    }
    return EXIT_DONE;
}

/* --- user list --- */

static void print_user(const struct json *user)
{
    print_member(user, "id", "\t");
    print_member(user, "username", "\t");
    (void)fputs(json_get_true(user, "active") ? "active\t" : "inactive\t", stdout);
    print_roles(user, "\t");
    print_member(user, "email", "\t");
    print_member(user, "name", "\n");
}

static int list_users(const struct cli *cli, const struct options *options, struct arena *arena)
{
    (void)cli;
    struct err err = ERR_NONE;
    int64_t seen = 0;
    for (size_t page = 1; page > 0; seen += (int64_t)page) {
        BUF(request, CONTROL_LINE_BYTES);
        struct json_out o = json_begin(&request, '{');
        json_member_str(&o, "verb", STR("user list"));
        json_member_i64(&o, "offset", seen);
        json_end(&o);
        arena_reset(arena);
        struct json *answer = ask_json(options, FOLDER_PRESENT, buf_str(&request), arena, &err);
        if (answer == NULL)
            return cli_failed(&err);
        const struct json *users = json_get_lit(answer, "users");
        page = users ? users->items.count : 0;
        for (const struct json *user = page ? users->items.first : NULL; user; user = user->next)
            print_user(user);
    }
    return EXIT_DONE;
}

/* --- token create --- */

static int create_token(const struct cli *cli, const struct options *options, struct arena *arena)
{
    struct err err = ERR_NONE;
    const char *user = cli_value(cli, "--user", 0), *name = cli_value(cli, "--name", 0);
    if (user == NULL)
        return cli_misused(cli, "--user USERNAME is missing");
    BUF(request, CONTROL_LINE_BYTES);
    struct json_out o = json_begin(&request, '{');
    json_member_str(&o, "verb", STR("token create"));
    json_member_str(&o, "user", str_of(user));
    json_member_str(&o, "name", str_of(name));
    json_end(&o);
    struct json *answer = ask_json(options, FOLDER_PRESENT, buf_str(&request), arena, &err);
    if (answer == NULL)
        return cli_failed(&err);
    (void)printf("X-Auth-Token: ");
    print_member(answer, "token", "\nX-User-Id: ");
    print_member(answer, "userId", "\n");
    (void)fprintf(stderr, "The token is shown only now; it is valid until it is removed.\n");
    return EXIT_DONE;
}

/* --- what they share --- */

static int with_options(const struct cli *cli,
                        int (*run)(const struct cli *, const struct options *, struct arena *))
{
    struct options options;
    struct arena arena;
    digest_init();
    arena_init(&arena, ARENA_BYTES);
    int code = cli_options(cli, &options);
    if (code == EXIT_DONE)
        code = run(cli, &options, &arena);
    options_close(&options);
    arena_release(&arena);
    return code;
}

int user_add_run(const struct cli *cli)
{
    return with_options(cli, add_user);
}

int user_list_run(const struct cli *cli)
{
    return with_options(cli, list_users);
}

int token_create_run(const struct cli *cli)
{
    return with_options(cli, create_token);
}
