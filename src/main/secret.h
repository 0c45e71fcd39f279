/* The server's own key, DIR/secret.key: it seals the secrets that are kept in the database, so that
 * a copy of the database alone tells nothing. Used by the main thread. */
#pragma once

#include "base/digest.h"
#include "base/err.h"

/* Reads the key, or draws one where there is none yet. False and *err when the file cannot be used,
 * or is no key. */
bool secret_open(const char *folder, uint8_t out_key[DIGEST_SEAL_KEY_BYTES], struct err *err);
