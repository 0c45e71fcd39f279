/* Rows of settings: the values that somebody chose, and those the program made up itself. A setting
 * without a row has its default (model/setting.h). Every change also goes to the catalog. Values
 * are JSON text. Writers run in commands; the others on a reader or in a command. */
#pragma once

#include "model/setting.h"
#include "store/store.h"

/* The value in force. */
struct str setting_load(struct rd *rd, enum setting_id id);
/* All of them; values[SETTING_NONE] is not touched. */
void settings_load(struct rd *rd, struct str values[SETTING_COUNT]);
bool setting_stored(struct rd *rd, enum setting_id id);

void setting_save(struct tx *tx, enum setting_id id, struct str value_json);
/* For a default that depends on how the server was started: stored, and replaced by a later call,
 * as long as nobody chose a value with setting_save(). */
void setting_save_default(struct tx *tx, enum setting_id id, struct str value_json);

/* At the start: gives every setting to the catalog. */
void settings_publish_all(struct tx *tx);
