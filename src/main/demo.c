/* The demonstration of demo.h. What it adds to an empty server is in the tables below: the example
 * that the API's documentation is written with, so that the documentation's requests, copied as
 * they stand, get the documentation's answers. The token is in every reader's hands: hence loopback
 * only, and a folder of its own (folder.h). */
#include "main/demo.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/json.h"
#include "domain/user.h"
#include "main/serve.h"
#include "store/integration.h"
#include "store/token.h"

enum { ARENA_BYTES = 1024 * 1024, PATH_BYTES = 4096 };

/* --- the example --- */

#define CALLER_ID    "aobEdbYhXfu5hkeqG"
#define CALLER_TOKEN "9HqLlyZOugD_0YdwAJF8V47U3QHXSq"
#define EXAMPLE_ID   "659ea5e42dd9f928ada3e451"

static const struct {
    struct str id, username, name;
    const char *roles; /* JSON */
} people[] = {
    {STR_INIT(CALLER_ID), STR_INIT("demo.admin"), STR_INIT("Demonstration"), "[\"admin\"]"},
    {STR_INIT("CkCPNcvsvCDfmWLqC"), STR_INIT("test.cat"), STR_INIT("Test Cat"), "[\"user\"]"},
};

static const char example[] =
    "{\"_id\":\"" EXAMPLE_ID "\",\"type\":\"webhook-outgoing\",\"username\":\"test.cat\","
    "\"channel\":[\"#general\"],\"scriptEnabled\":true,\"name\":\"test.cat\",\"enabled\":true,"
    "\"event\":\"sendMessage\",\"urls\":[\"https://text2gif.guggy.com/guggify\"],"
    "\"scriptEngine\":\"isolated-vm\",\"userId\":\"CkCPNcvsvCDfmWLqC\","
    "\"_createdAt\":\"2024-01-10T14:12:52.201Z\","
    "\"_createdBy\":{\"_id\":\"CkCPNcvsvCDfmWLqC\",\"username\":\"test.cat\"},"
    "\"_updatedAt\":\"2024-01-10T14:12:52.203Z\"}";

static bool add_people(struct tx *tx, struct err *err)
{
    for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++) {
        struct user *user;
        struct user_draft draft = {.id = people[i].id,
                                   .username = people[i].username,
                                   .name = people[i].name,
                                   .roles = json_parse(tx_rd(tx)->arena, str_of(people[i].roles))};
        if (!user_exists(tx_rd(tx), draft.id) && !user_add(tx, &draft, &user, err))
            return false;
    }
    return true;
}

static void add_token(struct tx *tx)
{
    char hash[DIGEST_TOKEN_BYTES];
    digest_token(STR(CALLER_TOKEN), hash);
    if (token_find(tx_rd(tx), str_of(hash)) != NULL)
        return;
    token_insert(tx, &(struct token){.hash = str_of(hash),
                                     .user_id = STR(CALLER_ID),
                                     .personal = true,
                                     .name = STR("demonstration"),
                                     .last_part = STR("U3QHXSq"),
                                     .created_at_ms = tx_rd(tx)->now_ms});
}

static void add_example(struct tx *tx)
{
    struct arena *arena = tx_rd(tx)->arena;
    if (integration_find(tx_rd(tx), STR(EXAMPLE_ID)) == NULL)
        integration_insert(tx, integration_read(arena, json_parse(arena, str_of(example))));
}

/* A command that changes nothing when all is there. */
static bool add_all(struct tx *tx, void *arg, struct err *err)
{
    (void)arg;
    if (!add_people(tx, err))
        return false;
    add_token(tx);
    add_example(tx);
    return true;
}

static bool fill(struct store *store, struct err *err)
{
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    bool ok = store_write_now(store, &arena, add_all, NULL, err);
    arena_release(&arena);
    return ok;
}

/* --- what the user sees --- */

#define HEADERS                                                                                    \
    " \\\n  --header 'X-Auth-Token: " CALLER_TOKEN "' \\\n  --header 'X-User-Id: " CALLER_ID "'"

static void print_curl(struct str base, const char *method, const char *path, const char *more)
{
    (void)printf("curl --request %s --url '%.*s/api/v1/%s'%s%s\n\n", method, STR_FMT(base), path,
                 HEADERS, more);
}

static void ready(const struct address *address)
{
    bool v6 = strchr(address->host, ':') != NULL;
    bool local = str_is(STR("127.0.0.1"), address->host);
    BUF(base, PATH_BYTES);
    (void)buf_addf(&base, "http://%s%s%s:%u", v6 ? "[" : "", local ? "localhost" : address->host,
                   v6 ? "]" : "", address->port);
    (void)printf("\n"
                 "*** THIS IS A DEMONSTRATION. Its token is public: everybody on this machine is\n"
                 "*** its administrator. Put nothing into it that matters. For a server of your\n"
                 "*** own run gantry serve. Ctrl-C ends the demonstration.\n"
                 "\n"
                 "It listens on %s. Paste one of these into another terminal:\n\n",
                 base.ptr);
    print_curl(buf_str(&base), "GET", "integrations.get?integrationId=" EXAMPLE_ID, "");
    print_curl(buf_str(&base), "GET", "integrations.list", "");
    print_curl(buf_str(&base), "POST", "integrations.create",
               " \\\n  --header 'Content-Type: application/json' \\\n"
               "  --data '{\"type\":\"webhook-incoming\",\"name\":\"mine\",\"enabled\":true,"
               "\"username\":\"test.cat\",\"channel\":\"#general\",\"scriptEnabled\":false}'");
    (void)fflush(stdout);
}

/* --- its folder --- */

static bool make_folder(char *path, size_t size, struct err *err)
{
    const char *parent = getenv("TMPDIR");
    bool none = parent == NULL || parent[0] == '\0';
    int length = snprintf(path, size, "%s/gantry-demo-XXXXXX", none ? "/tmp" : parent);
    if (length >= (int)size || mkdtemp(path) == NULL)
        return err_internal(err, "No temporary folder can be made in %s: %s.",
                            none ? "/tmp" : parent, strerror(errno));
    return true;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    (void)remove(path);
    return 0; /* go on */
}

/* What is inside goes before what it is in; no link is followed. */
static void remove_folder(const char *path)
{
    enum { DESCRIPTORS = 8 };
    (void)nftw(path, remove_entry, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}

static int serve_demo(const struct options *options)
{
    return server_run(options,
                      &(struct serve_as){.use = FOLDER_DEMO, .fill = fill, .ready = ready});
}

static int serve_in_new_folder(struct options *options)
{
    char path[PATH_BYTES];
    struct err err = ERR_NONE;
    if (!make_folder(path, sizeof(path), &err))
        return cli_failed(&err);
    bool set = options_set(options, STR("--data"), str_of(path), &err);
    int code = set ? serve_demo(options) : cli_failed(&err);
    remove_folder(path);
    return code;
}

/* A folder counts only when it is named on the command line: that of the file or the environment is
 * another server's. */
static bool folder_given(const struct cli *cli)
{
    return cli_has(cli, "--data") || cli_has(cli, "--data.dir");
}

static int run(const struct cli *cli, struct options *options)
{
    struct address address;
    struct err err = ERR_NONE;
    if (!options_address(str_of(options->listen), &address, &err))
        return cli_failed(&err);
    if (!address.loopback)
        return cli_misused(cli,
                           "the demonstration's token is public, so it listens on 127.0.0.1 or "
                           "[::1] only, not on %s",
                           address.host);
    return folder_given(cli) ? serve_demo(options) : serve_in_new_folder(options);
}

int demo_run(const struct cli *cli)
{
    struct options options;
    int code = cli_options(cli, &options);
    if (code == EXIT_DONE)
        code = run(cli, &options);
    options_close(&options);
    return code;
}
