/* What scripts need of the process: the guard of addresses, the client for fetch, and the pool of
 * workers. Used by the main thread. */
#pragma once

#include "main/cli.h"
#include "script/script.h"

struct guard;

struct script_rooms {
    struct guard *guard;
    struct client *client;
    struct scripts *pool; /* NULL: the operator has switched scripts off */
};

/* Whether a switch such as scripts.disable is on. */
bool switch_is_on(const char *value);

/* Whether every entry of outbound.allow is one; false and *err names the first that is none. */
bool outbound_allow_check(const char *allow, struct err *err);

/* `more_allowed` adds to outbound.allow: entries with commas or line ends between; what is none is
 * left out with a line in the log. `folder` is for
 * states that do not fit into memory. False and *err
 * when an entry is none, or the workers do not come up; script_rooms_close() is due in any case. */
bool script_rooms_open(struct script_rooms *rooms, const struct options *options,
                       struct str more_allowed, unsigned workers, const char *folder,
                       struct err *err);
/* While loops still take mail: what runs comes home, and what is asked for afterwards does so at
 * once. */
void script_rooms_stop(struct script_rooms *rooms);
/* Once nobody can ask for a run any more. */
void script_rooms_close(struct script_rooms *rooms);

/* gantry script run FILE */
extern const struct cli_option script_run_options[];
int script_run_run(const struct cli *cli);
