/* Identifiers and secrets that are drawn, not counted. Needs digest_init(). Any thread. */
#pragma once

#include "base/arena.h"

enum { ID_SHORT_LEN = 17, ID_HEX_LEN = 24, ID_TOKEN_LEN = 43 };

/* `n` characters of the 55 that are hard to mistake for one another (no 0 1 I O U V l):
 * 23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz. Each is equally likely. */
struct str id_random(struct arena *a, size_t n);
/* The usual identifier: 17 of them, 98 bits. */
struct str id_short(struct arena *a);
/* 24 lower-case hexadecimal digits: seconds (4 bytes, big-endian), then 8 random bytes. They sort
 * by the second they were made in. */
struct str id_hex(struct arena *a, int64_t now_ms);
/* A secret of 43 characters of A-Za-z0-9-_ : 256 random bits and a little. */
struct str id_token(struct arena *a);
