"""Bodies and shorthands of the integrations family."""

from .people import new_name

INCOMING = {
    "type": "webhook-incoming",
    "username": "rocket.cat",
    "channel": "#general",
    "scriptEnabled": False,
    "name": "an incoming one",
    "enabled": True,
}
OUTGOING = {
    "type": "webhook-outgoing",
    "username": "rocket.cat",
    "channel": "#general",
    "event": "sendMessage",
    "urls": ["http://127.0.0.1:9/hook"],
    "scriptEnabled": False,
    "name": "an outgoing one",
    "enabled": True,
}
BODIES = {"incoming": INCOMING, "outgoing": OUTGOING}

ANY = {d: f"manage-{d}-integrations" for d in BODIES}
OWN = {d: f"manage-own-{d}-integrations" for d in BODIES}
ALL_FOUR = [*ANY.values(), *OWN.values()]

HEX_ID = r"[0-9a-f]{24}"
RANDOM_LETTER = "[23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz]"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def without(body, *names):
    return {name: value for name, value in body.items() if name not in names}


def create(client, body, **changes):
    """The stored document."""
    return client.post("integrations.create", {**body, **changes}).ok()["integration"]


def create_named(client, body, kind="integration", **changes):
    """The same, with a name that nothing else has."""
    return create(client, body, name=new_name(kind), **changes)


def update_body(document):
    """What an update must say to change nothing. An outgoing one must also repeat its token."""
    incoming = document["type"] == "webhook-incoming"
    names = ("type", "channel", "scriptEnabled", "name", "enabled")
    names += () if incoming else ("username", "event", "urls")
    body = {name: document[name] for name in names}
    body["channel"] = ",".join(document["channel"])
    body["integrationId"] = document["_id"]
    if not incoming:
        body["token"] = document.get("token", "a-token")
    return body


def update(client, document, **changes):
    """The document afterwards."""
    return client.put("integrations.update", {**update_body(document), **changes}).ok()[
        "integration"
    ]


def stored(client, document):
    """What integrations.get says about it now."""
    return client.get("integrations.get", {"integrationId": document["_id"]}).ok()["integration"]


def remove(client, document):
    body = {"type": document["type"], "integrationId": document["_id"]}
    return client.post("integrations.remove", body)
