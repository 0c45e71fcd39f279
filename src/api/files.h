/* The list of a room's files, for direct.c too. */
#pragma once

#include "api/endpoint.h"
#include "domain/room.h"

bool answer_files(struct rd *rd, struct call *call, const struct room *room, struct err *err);
