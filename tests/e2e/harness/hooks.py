"""Incoming webhooks: making one with a room of its own, calling it, and what its owner sets and
sees."""

import json

from .bodies import text
from .integrations import INCOMING, create_named
from .rooms import make, messages
from .waiting import eventually

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

UNKNOWN = (404, text({"success": False, "error": "Invalid integration id or token provided."}))
DISABLED = (503, text({"success": False, "error": "Service Unavailable"}))
UNSIGNED = (401, text({"success": False, "error": "Invalid signature"}))


def hook_in_room(admin, family="channels", **changes):
    """An integration, and the new room that it posts into."""
    room = make(admin, family)
    changes.setdefault("channel", "#" + room["name"])
    return create_named(admin, INCOMING, "hook", **changes), room


def path(hook, token=None, user=None, kind=None):
    parts = ["/hooks", kind, hook["_id"], user, token or hook["token"]]
    return "/".join(part for part in parts if part is not None)


def call(client, hook, body=None, kind=None, **headers):
    """POST. Bytes are sent as they are, with the type that `Content_Type` says, or none."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        named.setdefault("Content-Type", JSON)
    return client.call("POST", path(hook, kind=kind), body if body is not None else b"", headers=named)


def posted(client, room, family="channels"):
    """What hooks and people wrote there; not what the server noted."""
    return [m for m in messages(client, family, room) if "t" not in m]


def texts(client, room, family="channels"):
    return [m["msg"] for m in posted(client, room, family)]


def set_options(client, hook, **members):
    body = {"integrationId": hook["_id"], **members}
    return client.put("/ext/v1/integrations.options", body)


def get_options(client, hook):
    return client.get("/ext/v1/integrations.options", {"integrationId": hook["_id"]})


def history(client, hook, **more):
    return client.get("/ext/v1/hooks.history", {"id": hook["_id"], **more})


def recorded(client, hook, count):
    """The newest `count` calls, oldest first, once they are written."""
    listed = eventually(
        lambda: (lambda h: h if len(h) >= count else None)(
            history(client, hook, count="100").ok()["history"]
        ),
        f"{count} calls in the history",
    )
    return listed[:count][::-1]
