/* The head of an answer: a status line and headers, collected line by line in a buf that need only
 * be empty at first. Its ceiling is that of the head. Pure. Any thread. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "http/client.h"

/* Takes the next line, with its end as it came. A status line behind a whole head begins another:
 * that of an interim answer is forgotten. Other lines behind it are trailers, which nobody asks
 * for. False: the head has no room for it, nor for any later one. */
bool head_add(struct buf *head, struct str line);

/* "HTTP/1.1 404 Not Found": what is behind the number, which may be nothing. It lies in the head
 * and may be no UTF-8. */
struct str head_status_text(const struct buf *head);
/* Value of the first header of that name, in whatever case. It lies in the head and may be no
 * UTF-8. */
bool head_find(const struct buf *head, struct str name, struct str *out);
/* Copies of all headers, in the order they came: names in lower case, values mended to UTF-8.
 * Returns how many there are. */
size_t head_list(const struct buf *head, struct arena *a, struct client_header **out);
