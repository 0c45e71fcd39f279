/* Rows of the options of integrations. Every change also goes to the catalog. Writers run
 * in commands; the finder on a reader or in a command. */
#pragma once

#include "model/hook_options.h"
#include "store/catalog.h"
#include "store/store.h"

struct hook_options_row {
    struct str integration_id;
    struct hook_options options;
    struct str verify;  /* sealed, base64; empty: calls need no signature */
    struct str signing; /* likewise (domain/signing.h); empty: outgoing calls are not signed */
};

/* Where nothing was set yet: a row that says so. */
struct hook_options_row *hook_options_find(struct rd *rd, struct str integration_id);
void hook_options_save(struct tx *tx, const struct hook_options_row *row);
void hook_options_erase(struct tx *tx, struct str integration_id);

/* At start: every row into the catalog. */
void hook_options_publish_all(struct tx *tx);
