/* The parts of posting; private to post*.c. */
#pragma once

#include "domain/post.h"

/* post_content.c: a new message with what the content says, not checked but for the thread's id;
 * NULL and *err. The content is shared, not copied. */
struct message *content_message(struct arena *a, const struct poster *poster,
                                const struct json *content, struct err *err);
