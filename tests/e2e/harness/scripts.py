"""Scripts of integrations: hooks that have one, and what their owners see of its runs."""

from .hooks import hook_in_room
from .waiting import eventually

INCOMING_CLASS = "class Script { process_incoming_request({ request }) { %s } }"


def incoming(body):
    """A script whose method has this body."""
    return INCOMING_CLASS % body


def scripted(admin, script, **changes):
    """An integration with that script, and the room it posts into."""
    return hook_in_room(admin, script=script, scriptEnabled=True, **changes)


def runs(client, integration, **more):
    return client.get("/ext/v1/scripts.runs", {"id": integration["_id"], **more})


def last_runs(client, integration, count):
    """The newest `count` runs, oldest first, once they are written."""
    listed = eventually(
        lambda: (lambda r: r if len(r) >= count else None)(
            runs(client, integration, count="100").ok()["runs"]
        ),
        f"{count} runs",
    )
    return listed[:count][::-1]


def try_script(client, **body):
    """POST /ext/v1/scripts.test."""
    return client.post("/ext/v1/scripts.test", body)
