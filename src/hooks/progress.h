/* Deliveries that are being worked on just now, so that one that comes twice at once is not begun
 * twice. In memory and bounded. Any thread. */
#pragma once

#include "base/str.h"

struct progress;
struct progress_hold;

enum progress_answer { PROGRESS_BEGUN, PROGRESS_GOES_ON, PROGRESS_FULL };

/* digest_init() comes first. */
struct progress *progress_new(size_t max);
/* All holds are given back before. */
void progress_free(struct progress *p);

/* PROGRESS_BEGUN gives a hold; the others say that somebody else has it, or that there are too many
 * to remember one more. */
enum progress_answer progress_begin(struct progress *p, struct str integration_id, struct str key,
                                    struct progress_hold **out);
void progress_end(struct progress *p, struct progress_hold *hold);
