"""The history of calls: what it tells, to whom, for how long; written behind the answers."""

import re
import sqlite3
import threading

import pytest

from harness.bodies import (
    CLOSED,
    NO_PERMISSION,
    NOBODY,
    NOT_EMPTY,
    SUCCESS,
    failure,
    invalid,
    required,
    thrown,
)
from harness.hooks import call, history, hook_in_room, path, posted, recorded, set_options
from harness.integrations import ANY, INCOMING, MOMENT, OUTGOING, OWN, create, remove, update
from harness.people import add_client, permissions
from harness.waiting import eventually
from harness.wire import Wire, head

CLEAR = {"method": "clearHookHistory"}


def clear(client, hook):
    return client.post("/ext/v1/hooks.clearHistory", {"integrationId": hook["_id"]})


# What it tells


def test_a_call_is_recorded_with_what_became_of_it(admin, nobody):
    hook, room = hook_in_room(admin)
    call(nobody, hook, {"text": "hi"}).ok()
    (entry,) = recorded(admin, hook, 1)
    assert list(entry) == [
        "number", "at", "outcome", "status", "durationMs", "size", "contentType", "messages",
    ]  # fmt: skip
    assert (entry["number"], entry["outcome"], entry["status"]) == (1, "posted", 200)
    assert re.fullmatch(MOMENT, entry["at"])
    assert 0 < entry["durationMs"] < 60000
    assert (entry["size"], entry["contentType"]) == (len('{"text": "hi"}'), "application/json")
    (message,) = entry["messages"]
    assert message["channel"] == "#" + room["name"]
    found = admin.get("chat.getMessage", {"msgId": message["_id"]}).ok()["message"]
    assert found["msg"] == "hi"


def test_each_outcome_has_its_word(admin, nobody):
    hook, room = hook_in_room(admin)
    call(nobody, hook, {"text": "x"}, Idempotency_Key="k")
    call(nobody, hook, {"text": "x"}, Idempotency_Key="k")
    call(nobody, hook, {})
    call(nobody, hook, {"text": "x", "channel": "#other"})
    call(nobody, hook, {"text": "x" * 5001})
    update(admin, hook, enabled=False)
    call(nobody, hook, {"text": "x"})
    set_options(admin, hook, verify={"scheme": "github", "secrets": ["s" * 16]}).ok()
    call(nobody, hook, {"text": "x"})
    calls = recorded(admin, hook, 7)
    assert [(c["outcome"], c["status"]) for c in calls] == [
        ("posted", 200), ("replayed", 200), ("ignored", 200), ("refused", 400), ("refused", 400),
        ("disabled", 503), ("invalid-signature", 401),
    ]  # fmt: skip
    assert [c.get("error") for c in calls] == [
        None, None, None, "overriding destination channel is disabled for this integration",
        "error-message-size-exceeded", "Service Unavailable", "Invalid signature",
    ]  # fmt: skip
    assert calls[2]["reason"] == "the body is an object without members"
    assert calls[-1]["reason"] == "X-Hub-Signature-256 is missing or empty"
    assert [c["number"] for c in calls] == list(range(1, 8))


NOTHING_IN_IT = {
    "broken JSON": (b'{"text":"x"', "application/json", "the body is not valid JSON"),
    "an array": (b"[1]", "application/json", "the body is JSON, but not an object"),
    "nothing": (b"", "application/json", "the body is empty"),
    "a multipart form": (b"--b--", "multipart/form-data; boundary=b", "multipart forms are not read: "
                         "send JSON or application/x-www-form-urlencoded"),
}  # fmt: skip


@pytest.mark.parametrize("body,media_type,reason", NOTHING_IN_IT.values(), ids=NOTHING_IN_IT)
def test_a_call_without_content_says_why(admin, nobody, body, media_type, reason):
    hook, _ = hook_in_room(admin)
    call(nobody, hook, body, Content_Type=media_type).ok()
    (entry,) = recorded(admin, hook, 1)
    assert (entry["outcome"], entry["reason"]) == ("ignored", reason)


def test_a_script_with_an_error_is_named_though_the_message_is_posted(admin, nobody):
    hook, _ = hook_in_room(admin, scriptEnabled=True, script="class Script {")
    call(nobody, hook, {"text": "x"}).ok()
    (entry,) = recorded(admin, hook, 1)
    assert entry["outcome"] == "posted" and "scriptError" in entry["reason"]


def test_destinations_that_failed_are_listed(admin, nobody):
    hook, room = hook_in_room(admin, overrideDestinationChannelEnabled=True)
    names = ["#" + room["name"], "#gone"]
    call(nobody, hook, {"text": "x", "channel": names, "separateResponse": True}).ok()
    call(nobody, hook, {"text": "x", "channel": names[1:], "separateResponse": True})
    first, second = recorded(admin, hook, 2)
    assert [m["channel"] for m in first["messages"]] == names
    assert first["messages"][1] == {"channel": "#gone", "error": "invalid-channel"}
    assert (second["outcome"], second["status"]) == ("refused", 400)


def test_guesses_and_helper_routes_are_not_recorded(admin, nobody):
    hook, _ = hook_in_room(admin)
    nobody.post(path(hook, "wrong"), {"text": "x"})
    nobody.get(path(hook, kind="info")).ok()
    call(nobody, hook, {"text": "x"}).ok()
    assert len(recorded(admin, hook, 1)) == 1
    assert history(admin, hook).ok()["total"] == 1


# Headers and body


def test_headers_and_body_are_kept_only_where_the_owner_wants_them(admin, nobody):
    hook, _ = hook_in_room(admin)
    for kept in {}, {"headers": True}, {"body": True}, {"headers": True, "body": True}:
        set_options(admin, hook, history=kept or None).ok()
        call(nobody, hook, {"text": "x"}).ok()
    has = [("headers" in c, "body" in c) for c in recorded(admin, hook, 4)]
    assert has == [(False, False), (True, False), (False, True), (True, True)]


def test_secrets_are_masked(admin, nobody):
    hook, _ = hook_in_room(admin)
    verify = {"scheme": "hmac", "secrets": ["s" * 16], "header": "X-Plain-Looking",
              "algorithm": "sha256", "encoding": "hex"}  # fmt: skip
    set_options(admin, hook, verify=verify, history={"headers": True}).ok()
    secrets = {
        "Authorization": "Bearer xyzzy", "Cookie": "a=xyzzy", "X-Auth-Token": "xyzzy",
        "X-Gitlab-Token": "xyzzy", "X-Hub-Signature-256": "sha256=xyzzy",
        "Stripe-Signature": "t=1,v1=xyzzy", "X-Shopify-Hmac-Sha256": "xyzzy",
        "X-Api-Key": "xyzzy", "X-Plain-Looking": "xyzzy", "Proxy-Authorization": "xyzzy",
    }  # fmt: skip
    headers = {**secrets, "X-Github-Event": "push", "User-Agent": "test"}
    nobody.post(path(hook), {"text": "x"}, headers=headers)
    answer = history(admin, hook) if recorded(admin, hook, 1) else None
    shown = answer.ok()["history"][0]["headers"]
    assert {shown[name.lower()] for name in secrets} == {"***"}
    assert (shown["x-github-event"], shown["user-agent"]) == ("push", "test")
    assert b"xyzzy" not in answer.body and hook["token"].encode() not in answer.body


def test_bodies_are_text_and_cut(admin, nobody):
    hook, _ = hook_in_room(admin)
    set_options(admin, hook, history={"body": True}).ok()
    call(nobody, hook, b"text=a%20b", Content_Type="application/x-www-form-urlencoded").ok()
    call(nobody, hook, b"\xff\x00{", Content_Type="text/plain").ok()
    call(nobody, hook, b'{"x":"' + b"y" * 100000, Content_Type="application/json").ok()
    form, broken, long = recorded(admin, hook, 3)
    assert (form["body"], broken["body"]) == ("text=a%20b", "\ufffd\0{")
    assert (len(long["body"]), long["bodyCut"], long["size"]) == (65536, True, 100006)


# Who reads it


def test_the_history_is_for_whoever_manages_the_integration(admin, nobody):
    somebody = add_client(admin)
    theirs, _ = hook_in_room(admin)
    call(nobody, theirs, {"text": "x"}).ok()
    recorded(admin, theirs, 1)
    assert history(nobody, theirs).said == NOBODY
    assert history(somebody, theirs).said == NO_PERMISSION
    with permissions(admin, {ANY["outgoing"]: ["user"]}):
        assert history(somebody, theirs).said == NO_PERMISSION
    with permissions(admin, {OWN["incoming"]: ["user"]}):
        mine = create(somebody, INCOMING)
        call(nobody, mine, {"text": "x"}).ok()
        assert len(recorded(somebody, mine, 1)) == 1
        assert history(somebody, theirs).ok()["history"] == []
    with permissions(admin, {ANY["incoming"]: ["user"]}):
        assert history(somebody, theirs).ok()["total"] == 1


def test_what_is_no_incoming_integration_has_an_empty_history(admin):
    outgoing = create(admin, OUTGOING)
    for hook in outgoing, {"_id": "nothing"}:
        assert history(admin, hook).ok() == {
            "history": [], "offset": 0, "items": 0, "count": 0, "total": 0, "success": True,
        }  # fmt: skip


def test_parameters(admin):
    get = lambda query: admin.get("/ext/v1/hooks.history", query).said  # noqa: E731
    assert get("") == invalid(required("id"))
    assert get("id=") == invalid("id " + NOT_EMPTY)
    assert get("id=x&y=1") == invalid(CLOSED + " ('y')")
    assert get("id=+") == failure("Invalid integration id.")


def test_pages_are_cut_newest_first(admin, nobody):
    hook, _ = hook_in_room(admin)
    for n in range(5):
        call(nobody, hook, {"text": str(n)}).ok()
    recorded(admin, hook, 5)
    page = history(admin, hook, offset="1", count="2").ok()
    assert [c["number"] for c in page["history"]] == [4, 3]
    assert (page["offset"], page["items"], page["count"], page["total"]) == (1, 2, 2, 5)
    assert history(admin, hook, offset="5").ok()["history"] == []


# Clearing, and what is left


def test_a_cleared_history_is_empty_and_goes_on_counting(admin, nobody):
    hook, _ = hook_in_room(admin)
    other, _ = hook_in_room(admin)
    for one in hook, hook, other:
        call(nobody, one, {"text": "x"}).ok()
    recorded(admin, hook, 2), recorded(admin, other, 1)
    assert clear(admin, hook).said == SUCCESS
    assert history(admin, hook).ok()["total"] == 0
    call(nobody, hook, {"text": "x"}).ok()
    assert [c["number"] for c in recorded(admin, hook, 1)] == [3]
    assert history(admin, other).ok()["total"] == 1


def test_clearing_is_refused_like_other_changes(admin, nobody):
    somebody = add_client(admin)
    hook, _ = hook_in_room(admin)
    outgoing = create(admin, OUTGOING)
    invalid_one = thrown("error-invalid-integration", "Invalid integration", **CLEAR)
    assert clear(nobody, hook).said == NOBODY
    assert clear(somebody, hook).said == thrown("not_authorized", "Unauthorized", **CLEAR)
    assert clear(admin, {"_id": "nothing"}).said == invalid_one
    assert clear(admin, outgoing).said == invalid_one
    with permissions(admin, {OWN["incoming"]: ["user"]}):
        assert clear(somebody, hook).said == invalid_one
    assert admin.post("/ext/v1/hooks.clearHistory", {}).said == invalid(required("integrationId"))


def rows(server, question, *values):
    with sqlite3.connect(f"file:{server.folder}/gantry.db?mode=ro", uri=True) as database:
        return database.execute(question, values).fetchall()


def test_a_hundred_thousand_calls_are_gone_at_once_and_their_rows_soon(new_server):
    server = new_server().start()
    admin = server.admin()
    hook, _ = hook_in_room(admin)
    call(server.client(), hook, {"text": "x"}).ok()
    recorded(admin, hook, 1)
    server.stop()
    with sqlite3.connect(server.folder / "gantry.db") as database:
        database.execute("""
            WITH RECURSIVE n(k) AS (SELECT 2 UNION ALL SELECT k + 1 FROM n WHERE k < 100000)
            INSERT INTO records SELECT list_seq, k, at_ms, bytes, doc FROM n, records""")
        database.execute("UPDATE record_lists SET last_number = 100000")
    server.start()
    admin = admin.at(server.address)
    assert history(admin, hook).ok()["total"] == 100000
    assert clear(admin, hook).said == SUCCESS
    assert history(admin, hook).ok()["total"] == 0
    while rows(server, "SELECT count(*) FROM records") != [(0,)]:
        admin.post("chat.postMessage", {"channel": "#general", "text": "meanwhile"}).ok()
    assert history(admin, hook).ok()["total"] == 0


def test_a_removed_integration_leaves_no_rows(new_server):
    server = new_server().start()
    admin = server.admin()
    hook, _ = hook_in_room(admin)
    set_options(admin, hook, verify={"scheme": "github", "secrets": ["s" * 16]}).ok()
    set_options(admin, hook, verify=None).ok()
    call(server.client(), hook, {"text": "x"}).ok()
    recorded(admin, hook, 1)
    remove(admin, hook).ok()
    assert history(admin, hook).ok()["total"] == 0
    for table in "records", "record_lists", "integration_options":
        eventually(lambda: rows(server, f"SELECT * FROM {table}") == [], f"{table} to be empty")


def test_the_history_survives_a_stop_of_the_server(new_server):
    server = new_server().start()
    admin = server.admin()
    hook, _ = hook_in_room(admin)
    for _ in range(20):
        call(server.client(), hook, {"text": "x"}).ok()
    server.restart()
    assert history(admin.at(server.address), hook).ok()["total"] == 20


@pytest.mark.concurrent
def test_many_callers_at_once_are_all_recorded(admin, server):
    hooks = [hook_in_room(admin)[0] for _ in range(3)]

    def send(client):
        for number in range(30):
            call(client, hooks[number % 3], {"text": "x"}).ok()

    threads = [threading.Thread(target=send, args=(server.client(),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for hook in hooks:
        numbers = [c["number"] for c in recorded(admin, hook, 80)]
        assert numbers == list(range(1, 81))


def test_what_was_posted_for_a_sender_who_did_not_wait_is_told_as_it_is(admin, server):
    hook, room = hook_in_room(admin)
    body = b'{"text":"x"}'
    lines = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    for _ in range(30):
        with Wire(server.address) as wire:
            wire.send(head("POST", path(hook), *lines), body)
    calls = eventually(
        lambda: (lambda h: h["total"] == 30 and h)(history(admin, hook, count="100").ok()),
        "30 calls in the history",
    )["history"]
    told = [m["_id"] for c in calls if c["outcome"] == "posted" for m in c["messages"]]
    assert sorted(told) == sorted(m["_id"] for m in posted(admin, room))
    assert {c["outcome"] for c in calls} <= {"posted", "failed"}
