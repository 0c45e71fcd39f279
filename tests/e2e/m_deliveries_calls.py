"""What outgoing webhooks send, and what they make of the answer: each row of the contract's tables,
with the steps that the history names."""

import re

import pytest

from harness.integrations import HEX_ID, stored, update
from harness.outgoing import (
    ALLOW, CALLED, entries, last_entries, only_entry, said, say, watching,
)  # fmt: skip
from harness.people import add_client, settings
from harness.receiver import Reply, closed_port
from harness.rooms import invite, make, messages

SETTINGS = ALLOW

AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/41.0.2227.0 "
    "Safari/537.36"
)


def answers(receiver, *replies):
    receiver.answers[:] = replies


# --- the request ---


def test_a_message_is_posted_to_the_url_as_json(admin, receiver):
    integration, room = watching(admin, receiver.url + "/hook?a=1", token="k9")
    message = say(admin, room, "hello there")
    call = receiver.only()
    assert (call.method, call.path) == ("POST", "/hook?a=1")
    assert call.headers["user-agent"] == AGENT
    assert call.headers["content-type"] == "application/json"
    sent = call.json()
    assert sent == {
        "token": "k9",
        "bot": False,
        "channel_id": room["_id"],
        "channel_name": room["name"],
        "message_id": message["_id"],
        "timestamp": message["ts"],
        "user_id": message["u"]["_id"],
        "user_name": message["u"]["username"],
        "text": "hello there",
        "siteUrl": sent["siteUrl"],
        **({"alias": sent["alias"]} if "alias" in sent else {}),
    }
    entry = only_entry(admin, integration)
    assert entry["step"] == "after-http-call"
    assert entry["steps"] == CALLED
    assert entry["finished"] is True
    assert "error" not in entry
    assert entry["data"] == sent
    assert entry["httpCallData"] == sent
    assert entry["url"] == receiver.url + "/hook?a=1"
    assert entry["httpResult"] == '""'
    assert entry["ranPrepareScript"] is True
    assert entry["status"] == 200
    assert entry["tries"] == 0 and "retryOf" not in entry
    assert entry["timings"]["totalMs"] > 0
    assert entry["event"] == "sendMessage"
    assert entry["type"] == "outgoing-webhook"
    assert "token" not in entry["integration"] and "script" not in entry["integration"]


def test_an_unsigned_call_has_an_id_and_a_moment(admin, receiver):
    integration, room = watching(admin, receiver)
    say(admin, room)
    call = receiver.only()
    entry = only_entry(admin, integration)
    assert call.headers["webhook-id"] == entry["_id"]
    assert re.fullmatch(HEX_ID, entry["_id"])
    assert re.fullmatch(r"\d{10}", call.headers["webhook-timestamp"])
    assert "webhook-signature" not in call.headers


def test_each_url_is_called_and_has_an_entry(admin, receiver):
    integration, room = watching(admin, receiver.url + "/one", receiver.url + "/two")
    say(admin, room)
    assert {call.path for call in receiver.wait(2)} == {"/one", "/two"}
    assert len(last_entries(admin, integration, 2)) == 2


def test_the_word_that_matched_is_told(admin, receiver):
    integration, room = watching(admin, receiver, triggerWords=["!weather", "!w"])
    say(admin, room, "weather")
    say(admin, room, "!weather Porto")
    assert receiver.only().json()["trigger_word"] == "!weather"
    assert only_entry(admin, integration)["triggerWord"] == "!weather"


# --- the answer ---


@pytest.mark.parametrize("status", [200, 201, 202])
def test_an_answer_with_a_text_is_posted(admin, receiver, status):
    answers(receiver, Reply(status, {"text": "pong", "username": "Ping"}))
    integration, room = watching(admin, receiver, alias="An alias", emoji=":owl:")
    say(admin, room, "ping")
    assert said(admin, room, 2) == ["ping", "pong"]
    reply = messages(admin, "channels", room)[-1]
    assert reply["bot"] == {"i": integration["_id"]}
    assert reply["u"]["username"] == "rocket.cat"
    assert (reply["alias"], reply["emoji"]) == ("Ping", ":owl:")
    entry = only_entry(admin, integration)
    assert entry["steps"] == [*CALLED, "url-response-sent-message"]
    assert entry["finished"] is True
    (posted,) = entry["resultMessage"]
    assert posted["channel"] == "#" + room["_id"]
    assert posted["message"]["_id"] == reply["_id"]
    assert entry["httpResult"] == '"{\\"text\\": \\"pong\\", \\"username\\": \\"Ping\\"}"'


@pytest.mark.parametrize(
    "reply",
    [
        Reply(203, {"text": "pong"}),
        Reply(204),
        Reply(200, b'{"text":"pong"}', Content_Type="text/plain"),
        Reply(200, b'{"text":"pong"'),
        Reply(200, {"msg": "pong"}),
        Reply(200, {"text": ""}),
    ],
    ids=["203", "204", "plain text", "broken", "no text", "empty text"],
)
def test_an_answer_that_is_no_message_is_a_success_and_nothing_more(admin, receiver, reply):
    answers(receiver, reply)
    integration, room = watching(admin, receiver)
    say(admin, room, "ping")
    entry = only_entry(admin, integration)
    assert (entry["step"], entry["finished"]) == ("after-http-call", True)
    assert said(admin, room, 1) == ["ping"]
    assert len(receiver.calls) == 1


@pytest.mark.parametrize("body", [b"gone", b""])
def test_410_switches_the_integration_off(admin, receiver, body):
    answers(receiver, Reply(410, body))
    integration, room = watching(admin, receiver, retryFailedCalls=True, retryCount=4)
    say(admin, room)
    entry = only_entry(admin, integration)
    assert entry["steps"] == [*CALLED, "after-process-http-status-410"]
    assert entry["error"] is True and entry["finished"] is True
    assert stored(admin, integration)["enabled"] is False
    say(admin, room)
    assert len(entries(admin, integration)) == 1
    assert len(receiver.calls) == 1


@pytest.mark.parametrize("body", [b"broken", b""])
def test_500_is_the_end(admin, receiver, body):
    answers(receiver, Reply(500, body))
    integration, room = watching(admin, receiver, retryFailedCalls=True, retryCount=4)
    say(admin, room)
    entry = only_entry(admin, integration)
    assert entry["steps"] == [*CALLED, "after-process-http-status-500"]
    assert entry["error"] is True and entry["finished"] is True
    assert stored(admin, integration)["enabled"] is True


@pytest.mark.parametrize(
    "changes, steps",
    [
        ({"retryFailedCalls": False}, ["failed-and-not-configured-to-retry"]),
        (
            {"retryFailedCalls": True, "retryCount": 1, "retryDelay": "sometimes"},
            ["going-to-retry-1", "failed-and-retry-delay-is-invalid"],
        ),
    ],
    ids=["off", "bad delay"],
)
def test_a_failure_that_is_not_tried_again_says_why(admin, receiver, changes, steps):
    answers(receiver, Reply(404, b"not here"))
    integration, room = watching(admin, receiver, **changes)
    say(admin, room)
    entry = only_entry(admin, integration)
    assert entry["steps"] == [*CALLED, *steps]
    assert entry["error"] is True and entry["finished"] is True
    assert entry["status"] == 404
    if "sometimes" in changes.values():
        assert entry["errorStack"].startswith(
            "Error: The integration's retryDelay setting is invalid."
        )


def test_an_empty_answer_can_be_made_a_failure(admin, receiver):
    integration, room = watching(admin, receiver, retryFailedCalls=False)
    with settings(admin, {"Integrations_Retry_On_Empty_Response": True}):
        say(admin, room)
        assert only_entry(admin, integration)["step"] == "failed-and-not-configured-to-retry"


# --- retries ---


def test_a_failed_call_is_tried_again_by_its_schedule(admin, receiver):
    # On a connection of its own, for one that breaks when it is used again is replaced at once.
    answers(receiver, Reply(503, b"later", Connection="close"), None, Reply(200, b"ok"))
    integration, room = watching(
        admin, receiver, retryFailedCalls=True, retryCount=4, retryDelay="powers-of-ten"
    )
    say(admin, room)
    first, second, third = last_entries(admin, integration, 3)
    assert first["steps"] == [*CALLED, "going-to-retry-1"]
    assert first["error"] is True and "finished" not in first and "nextTryAt" in first
    assert second["steps"] == [*CALLED, "going-to-retry-2"]
    assert second["httpResult"] == "null"
    assert second["httpError"]["code"]
    assert third["steps"] == CALLED and third["finished"] is True
    assert [e["tries"] for e in (first, second, third)] == [0, 1, 2]
    assert second["retryOf"] == third["retryOf"] == first["_id"]
    assert {call.headers["webhook-id"] for call in receiver.wait(3)} == {first["_id"]}
    assert len({call.body for call in receiver.calls}) == 1


def test_after_the_last_try_it_is_a_dead_letter(admin, receiver):
    answers(receiver, Reply(502))
    integration, room = watching(
        admin, receiver, retryFailedCalls=True, retryCount=2, retryDelay="powers-of-ten"
    )
    say(admin, room)
    tries = last_entries(admin, integration, 3)
    assert [e["step"] for e in tries] == ["going-to-retry-1", "going-to-retry-2", "too-many-retries"]
    assert tries[-1]["finished"] is True
    assert len(receiver.calls) == 3


def test_nobody_listening_is_a_failure(admin):
    integration, room = watching(admin, closed_port(), retryFailedCalls=False)
    say(admin, room)
    entry = only_entry(admin, integration)
    assert entry["steps"] == [*CALLED, "failed-and-not-configured-to-retry"]
    assert entry["httpError"]["code"] == "ECONNREFUSED"
    assert entry["httpResult"] == "null"
    assert "status" not in entry


def test_retry_after_is_heeded(admin, receiver):
    answers(receiver, Reply(429, b"slowly", Retry_After="3600"))
    integration, room = watching(
        admin, receiver, retryFailedCalls=True, retryCount=1, retryDelay="powers-of-ten"
    )
    say(admin, room)
    entry = only_entry(admin, integration)
    assert entry["step"] == "going-to-retry-1"
    assert entry["nextTryAt"] > entry["_updatedAt"]
    assert entry["nextTryAt"][:10] >= entry["_updatedAt"][:10]


def test_what_waits_is_dropped_when_the_integration_is_switched_off(admin, receiver):
    answers(receiver, Reply(503, b"later", Retry_After="1"))
    integration, room = watching(admin, receiver, retryFailedCalls=True, retryCount=4)
    say(admin, room)
    assert only_entry(admin, integration)["step"] == "going-to-retry-1"
    update(admin, integration, enabled=False)
    update(admin, integration, enabled=True, token="a-token")
    say(admin, room, "another")
    calls = receiver.wait(2)
    assert [call.json()["text"] for call in calls] == ["hello", "another"]


# --- where replies go, and in whose name ---


def test_an_integration_may_speak_in_the_name_of_who_spoke(admin, receiver):
    answers(receiver, Reply(200, {"text": "pong", "user_name": "rocket.cat"}))
    _, room = watching(admin, receiver, impersonateUser=True)
    say(admin, room, "ping")
    assert said(admin, room, 2) == ["ping", "pong"]
    assert messages(admin, "channels", room)[-1]["u"]["username"] == "admin"


def test_a_target_room_gets_the_reply(admin, receiver):
    answers(receiver, Reply(200, {"text": "a user came"}))
    target = make(admin, "channels")
    integration, _ = watching(admin, receiver, event="userCreated", targetRoom="#" + target["name"])
    add_client(admin)
    assert said(admin, target, 1) == ["a user came"]
    assert only_entry(admin, integration)["resultMessage"][0]["channel"] == "#" + target["_id"]


def test_without_any_room_the_reply_fails(admin, receiver):
    answers(receiver, Reply(200, {"text": "a user came"}))
    target = make(admin, "channels")
    integration, _ = watching(admin, receiver, event="userCreated", targetRoom="#" + target["name"])
    admin.post("channels.delete", {"roomId": target["_id"]}).ok()
    add_client(admin)
    entry = only_entry(admin, integration)
    assert entry["steps"] == [*CALLED, "after-http-call-send-message-failed"]
    assert entry["finished"] is True


def test_a_message_may_name_its_room(admin, receiver):
    other = make(admin, "channels")
    answers(receiver, Reply(200, {"text": "over here", "channel": "#" + other["name"]}))
    integration, room = watching(admin, receiver)
    say(admin, room, "ping")
    assert said(admin, other, 1) == ["over here"]
    assert only_entry(admin, integration)["resultMessage"][0]["channel"] == "#" + other["name"]
    assert said(admin, room, 1) == ["ping"]


def test_a_reply_that_may_not_be_posted_is_an_error(admin, receiver):
    private = make(admin, "groups")
    answers(receiver, Reply(200, {"text": "let me in", "channel": "#" + private["name"]}))
    integration, room = watching(admin, receiver)
    say(admin, room, "ping")
    entry = only_entry(admin, integration)
    assert entry["steps"] == [*CALLED, "after-http-call"]
    assert entry["httpError"]["message"] == "error-not-allowed"
    assert entry["error"] is True and entry["finished"] is True


def test_a_reply_in_a_private_room_and_between_two(admin, receiver):
    answers(receiver, Reply(200, {"text": "pong"}))
    guest = add_client(admin)
    room = make(admin, "groups")
    invite(admin, "groups", room, guest)
    watching(admin, receiver, room=room, family="groups", username=guest.username)
    say(admin, room, "ping")
    assert said(admin, room, 2, family="groups") == ["ping", "pong"]


# --- the guard ---


def test_a_refused_address_is_named_with_the_key_that_allows_it(new_server, receiver):
    server = new_server(GANTRY_OUTBOUND_ALLOW="192.0.2.1").start()
    admin = server.admin()
    integration, room = watching(admin, receiver, retryFailedCalls=True, retryCount=4)
    say(admin, room)
    entry = only_entry(admin, integration)
    assert entry["steps"] == CALLED
    assert "outbound.allow" in entry["httpError"]["message"]
    assert entry["error"] is True and entry["finished"] is True
    assert receiver.calls == []


def test_a_proxy_of_the_environment_is_used(new_server, receiver):
    server = new_server(http_proxy=receiver.url).start()
    admin = server.admin()
    _, room = watching(admin, "http://hook.example/x")
    say(admin, room)
    call = receiver.only()
    assert (call.path, call.headers["host"]) == ("http://hook.example/x", "hook.example")


# --- loops ---


def test_an_integration_is_not_called_for_its_own_reply(admin, receiver):
    answers(receiver, Reply(200, {"text": "again"}))
    integration, room = watching(admin, receiver)
    say(admin, room, "ping")
    assert said(admin, room, 2) == ["ping", "again"]
    say(admin, room, "ping")
    assert said(admin, room, 4) == ["ping", "again"] * 2
    assert len(receiver.calls) == 2
    assert len(entries(admin, integration)) == 2


def test_two_that_answer_each_other_come_to_an_end(admin, receiver):
    answers(receiver, Reply(200, {"text": "again"}))
    one, room = watching(admin, receiver.url + "/one")
    two, _ = watching(admin, receiver.url + "/two", room=room)
    say(admin, room, "ping")
    # Both answer the first message, and each the other's answers, up to eight in a row.
    assert len(said(admin, room, 17)) == 17
    assert len(last_entries(admin, one, 8)) + len(last_entries(admin, two, 8)) == 16
