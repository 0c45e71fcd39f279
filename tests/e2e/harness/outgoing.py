"""Outgoing webhooks: integrations that watch a room of their own, and the history of their calls."""

from .integrations import OUTGOING, create_named
from .rooms import make, texts
from .waiting import eventually

ALLOW = {"GANTRY_OUTBOUND_ALLOW": "127.0.0.0/8,::1/128"}

# The steps of a try without script that was answered.
CALLED = ["start-execute-trigger-url", "mapped-args-to-data", "after-maybe-ran-prepare",
          "pre-http-call", "after-http-call"]  # fmt: skip


def watching(admin, *receivers, room=None, family="channels", **changes):
    """An integration that tells what is said in a room, and the room."""
    room = room or make(admin, family)
    changes.setdefault("channel", "#" + room["name"])
    urls = [r if isinstance(r, str) else r.url for r in receivers]
    return create_named(admin, OUTGOING, "outgoing", urls=urls, **changes), room


def say(client, room, text="hello", **more):
    """Posts a message; returns it as it is stored."""
    body = {"channel": "#" + room["name"], "text": text, **more}
    return client.post("chat.postMessage", body).ok()["message"]


def entries(client, integration):
    """All tries, the oldest first."""
    listed = client.get("integrations.history", {"id": integration["_id"], "count": "100"})
    return sorted(listed.ok()["history"], key=lambda e: (e["_createdAt"], e.get("tries", 0)))


def is_under_way(entry):
    """A call that takes long is in the history before it ends."""
    return entry["step"] == "pre-http-call"


def last_entries(client, integration, count):
    """`count` tries, the oldest first, once there are so many and all have ended."""

    def ended():
        found = entries(client, integration)
        return found if len(found) >= count and not any(map(is_under_way, found)) else None

    return eventually(ended, f"{count} entries in the history that have ended")


def only_entry(client, integration):
    """The one entry there is, once it has ended."""
    (entry,) = last_entries(client, integration, 1)
    return entry


def said(client, room, count, family="channels"):
    """What people and integrations wrote there, once it is so much."""
    return eventually(
        lambda: (lambda t: t if len(t) >= count else None)(texts(client, family, room)),
        f"{count} messages",
    )
