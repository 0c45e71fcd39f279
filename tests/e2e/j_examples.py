"""The hooks of examples/, used as their pages say: made, protected, and called with the recorded
payload of the sender."""

import json
from pathlib import Path

import pytest

from harness.bodies import SUCCESS
from harness.hooks import UNSIGNED, call, hook_in_room, path, posted, recorded, set_options

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SENDERS = sorted(folder.name for folder in EXAMPLES.iterdir() if folder.is_dir())
SIGNING = [sender for sender in SENDERS if (EXAMPLES / sender / "options.json").exists()]


def headers_of(sender):
    lines = (EXAMPLES / sender / "headers.txt").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line)


def example(admin, sender):
    """The integration and its room, made from the example's files."""
    wanted = json.loads((EXAMPLES / sender / "integration.json").read_text())
    kept = {name: value for name, value in wanted.items() if name not in ("type", "channel", "name")}
    hook, room = hook_in_room(admin, **kept)
    options = EXAMPLES / sender / "options.json"
    if options.exists():
        assert set_options(admin, hook, **json.loads(options.read_text())).status == 200
    return hook, room


def send(nobody, hook, sender, payload=None):
    if payload is None:
        payload = (EXAMPLES / sender / "payload.json").read_bytes()
    return nobody.call("POST", path(hook), payload, headers=headers_of(sender))


@pytest.mark.parametrize("sender", SENDERS)
def test_the_recorded_call_of_a_sender_is_taken_and_its_text_posted(admin, nobody, sender):
    hook, room = example(admin, sender)
    assert send(nobody, hook, sender).said == SUCCESS
    payload = json.loads((EXAMPLES / sender / "payload.json").read_text())
    if "text" in payload:
        message = posted(admin, room)[-1]
        assert message["msg"] == payload["text"].strip()
        assert len(message["attachments"]) == len(payload.get("attachments", []))
    assert recorded(admin, hook, 1)[0]["status"] == 200


@pytest.mark.parametrize("sender", SIGNING)
def test_the_same_call_with_another_body_is_refused(admin, nobody, sender):
    hook, room = example(admin, sender)
    payload = (EXAMPLES / sender / "payload.json").read_bytes()
    answer = send(nobody, hook, sender, payload.replace(b'"', b' "', 1))
    if "X-Gitlab-Token" in headers_of(sender):
        assert answer.said == SUCCESS  # a token says who sends, not what
        assert call(nobody, hook, payload).said == UNSIGNED
    else:
        assert answer.said == UNSIGNED
        assert posted(admin, room) == []
