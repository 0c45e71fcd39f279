"""The ready hooks of examples/: what each of their calls does here."""

import json
from pathlib import Path

import pytest

from harness.hooks import UNSIGNED, path, posted, recorded, set_options
from harness.integrations import create
from harness.rooms import make

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SENDERS = sorted(folder.name for folder in EXAMPLES.iterdir() if folder.is_dir())
every_sender = pytest.mark.parametrize("sender", SENDERS)


def read_json(sender, name):
    file = EXAMPLES / sender / name
    return json.loads(file.read_text()) if file.exists() else None


def headers_of(sender):
    lines = (EXAMPLES / sender / "headers.txt").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line)


def set_up(admin, sender):
    room = make(admin, "channels")
    body = {**read_json(sender, "integration.json"), "channel": "#" + room["name"]}
    hook = create(admin, body)
    options = read_json(sender, "options.json")
    if options is not None:
        set_options(admin, hook, **options).ok()
    return hook, room, options


def send(client, sender, hook, payload=None):
    payload = payload or (EXAMPLES / sender / "payload.json").read_bytes()
    return client.call("POST", path(hook), payload, headers=headers_of(sender))


@every_sender
def test_a_recorded_call_is_taken(admin, nobody, sender):
    hook, room, options = set_up(admin, sender)
    assert send(nobody, sender, hook).ok() == {"success": True}
    (message,) = posted(admin, room)
    payload = read_json(sender, "payload.json")
    assert message["msg"] == str(payload.get("text", payload.get("msg", ""))).strip()
    assert recorded(admin, hook, 1)[0]["outcome"] == "posted"


@every_sender
def test_a_changed_call_is_refused_where_the_sender_signs(admin, nobody, sender):
    hook, _, options = set_up(admin, sender)
    if options is None or options["verify"]["scheme"] == "gitlab-token":
        pytest.skip("this sender does not sign what it sends")
    payload = (EXAMPLES / sender / "payload.json").read_bytes()
    assert send(nobody, sender, hook, payload + b" ").said == UNSIGNED


@every_sender
def test_a_repeated_call_posts_once_where_the_sender_names_it(admin, nobody, sender):
    hook, room, _ = set_up(admin, sender)
    first, second = (send(nobody, sender, hook) for _ in range(2))
    assert first.ok() and second.ok()
    named = "Idempotency-Replayed" in second.headers
    assert len(posted(admin, room)) == (1 if named else 2)
