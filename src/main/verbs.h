/* What the command line may ask of a store, its own or a running server's: one JSON object in, one
 * out.
 *
 *     {"verb":"ping"}
 *     {"verb":"user add","username":..,"email":..,"name":..,"password":..,"roles":[..]}
 *     {"verb":"user list","offset":0}
 *     {"verb":"token create","user":..,"name":..}
 *
 * `password` is a text or {"digest":..,"algorithm":"sha-256"}; email, name and roles may be absent.
 * An answer is {"ok":true, ...} or {"ok":false,"error":TEXT}. Whoever may ask may do everything.
 * Runs on any thread that may wait.
 */
#pragma once

#include "base/buf.h"
#include "store/store.h"

/* Fits control_fn (control.h); `store` is a struct store. */
void verbs_serve(void *store, struct str request, struct buf *answer);
