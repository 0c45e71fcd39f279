"""The hooks of examples/, used as their pages say: made, protected, and called with the recorded
payload of the sender."""

import json
from pathlib import Path

import pytest

from harness.bodies import SUCCESS
from harness.hooks import UNSIGNED, call, hook_in_room, path, posted, recorded, set_options
from harness.integrations import update

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SENDERS = sorted(folder.name for folder in EXAMPLES.iterdir() if folder.is_dir())
SCRIPTED = [sender for sender in SENDERS if (EXAMPLES / sender / "script.js").exists()]
SIGNING = [sender for sender in SENDERS if (EXAMPLES / sender / "options.json").exists()]


def headers_of(sender):
    lines = (EXAMPLES / sender / "headers.txt").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line)


def read(sender, name):
    return json.loads((EXAMPLES / sender / name).read_text())


def example(admin, sender, scripted=False):
    """The integration and its room, made from the example's files."""
    wanted = read(sender, "integration.json")
    if scripted:
        wanted["script"] = (EXAMPLES / sender / "script.js").read_text()
        wanted["scriptEnabled"] = True
    own = ("type", "channel", "name")
    kept = {name: value for name, value in wanted.items() if name not in own}
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


def expected_of(sender, payload, message):
    """What the page promises; a payload that is a message already passes as it is."""
    if (EXAMPLES / sender / message).exists():
        return read(sender, message)
    written = read(sender, payload)
    return {"msg": written["text"], "attachments": written["attachments"]}


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("sender", SCRIPTED)
def test_the_script_of_a_sender_makes_the_message_of_its_page(admin, nobody, sender, strict):
    hook, room = example(admin, sender, scripted=True)
    update(admin, hook, skipTranspile=strict)
    assert send(nobody, hook, sender).said == SUCCESS
    (message,) = posted(admin, room)
    for member, value in expected_of(sender, "payload.json", "message.json").items():
        assert message[member] == value, member


def test_gitlabs_own_events_become_messages(admin, nobody):
    hook, room = example(admin, "gitlab", scripted=True)
    event = (EXAMPLES / "gitlab" / "event.json").read_bytes()
    headers = headers_of("gitlab")
    assert nobody.call("POST", path(hook), event, headers=headers).said == SUCCESS
    (message,) = posted(admin, room)
    for member, value in read("gitlab", "event-message.json").items():
        assert message[member] == value, member


def test_an_alert_that_is_repeated_is_kept_back_until_it_changes(admin, nobody):
    hook, room = example(admin, "alertmanager", scripted=True)
    payload = read("alertmanager", "payload.json")
    for status in "firing", "firing", "resolved", "resolved":
        for alert in payload["alerts"]:
            alert["status"] = status
        body = json.dumps({**payload, "status": status}).encode()
        assert send(nobody, hook, "alertmanager", body).said == SUCCESS
    assert [m["msg"] for m in posted(admin, room)] == [
        "*DiskAlmostFull*: 2 firing", "*DiskAlmostFull*: resolved",
    ]  # fmt: skip
    assert posted(admin, room)[1]["emoji"] == ":white_check_mark:"
