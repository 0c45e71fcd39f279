"""A call that is sent again posts nothing twice: with the same key, in a row, at once, after a
restart; and what a key does not do."""

import threading

import pytest

from harness.bodies import SUCCESS, failure, text
from harness.hooks import call, hook_in_room, recorded, set_options, texts
from harness.integrations import remove, update
from harness.table import table

OTHER_BODY = (
    422,
    text(
        {
            "success": False,
            "error": "This delivery's key was used with another body in the last 24 hours. Send a"
            " new delivery with a new key, or the first one with the same body.",
        }
    ),
)


def replayed(answer):
    return answer.headers.get("Idempotency-Replayed")


KEYS = {
    "asked for by hand": "Idempotency_Key",
    "GitHub": "X_GitHub_Delivery",
    "Standard Webhooks": "webhook_id",
    "Svix": "svix_id",
    "GitLab": "X_Gitlab_Event_UUID",
    "Shopify": "X_Shopify_Webhook_Id",
}


@pytest.mark.parametrize("header", table(KEYS))
def test_the_same_call_twice_posts_once(admin, nobody, header):
    hook, room = hook_in_room(admin)
    first = call(nobody, hook, {"text": "once"}, **{header: "delivery-1"})
    again = call(nobody, hook, {"text": "once"}, **{header: "delivery-1"})
    assert (first.said, replayed(first)) == (SUCCESS, None)
    assert (again.said, replayed(again)) == (SUCCESS, "true")
    other = call(nobody, hook, {"text": "twice"}, **{header: "delivery-2"})
    assert (other.said, replayed(other)) == (SUCCESS, None)
    assert texts(admin, room) == ["once", "twice"]


def test_without_a_key_every_call_posts(admin, nobody):
    hook, room = hook_in_room(admin)
    for _ in range(2):
        call(nobody, hook, {"text": "x"}, X_Request_Id="same").ok()
        call(nobody, hook, {"text": "x"}, Idempotency_Key="").ok()
    assert texts(admin, room) == ["x"] * 4


def test_the_answer_is_the_first_one_to_the_byte(admin, nobody):
    hook, room = hook_in_room(admin)
    body = {"text": "x", "separateResponse": True}
    first = call(nobody, hook, body, Idempotency_Key="k")
    update(admin, hook, alias="changed", channel="#general")
    admin.post("chat.delete", {
        "roomId": room["_id"], "msgId": first.ok()["responses"][0]["message"]["_id"],
    }).ok()  # fmt: skip
    again = call(nobody, hook, body, Idempotency_Key="k")
    assert again.said == first.said and replayed(again) == "true"
    assert texts(admin, room) == []


def test_a_key_with_another_body_is_refused(admin, nobody):
    hook, room = hook_in_room(admin)
    call(nobody, hook, {"text": "first"}, Idempotency_Key="k").ok()
    assert call(nobody, hook, {"text": "second"}, Idempotency_Key="k").said == OTHER_BODY
    assert call(nobody, hook, {"text": "first"}, Idempotency_Key="k").said == SUCCESS
    assert texts(admin, room) == ["first"]


def test_a_key_is_of_its_integration(admin, nobody):
    (one, first), (two, second) = hook_in_room(admin), hook_in_room(admin)
    for hook in one, two:
        assert replayed(call(nobody, hook, {"text": "x"}, Idempotency_Key="k")) is None
    assert texts(admin, first) == texts(admin, second) == ["x"]


def test_a_refusal_is_not_remembered(admin, nobody):
    hook, room = hook_in_room(admin, overrideDestinationChannelEnabled=True)
    for body in (
        {"text": "x", "channel": "#gone"},
        {"text": "x", "channel": "#gone", "separateResponse": True},
        {"text": "x" * 5001},
    ):
        assert call(nobody, hook, body, Idempotency_Key="k").status == 400
    admin.post("channels.archive", {"roomId": room["_id"]}).ok()
    assert call(nobody, hook, {"text": "x"}, Idempotency_Key="k").said == failure("room_is_archived")
    admin.post("channels.unarchive", {"roomId": room["_id"]}).ok()
    answer = call(nobody, hook, {"text": "x"}, Idempotency_Key="k")
    assert (answer.said, replayed(answer)) == (SUCCESS, None)
    assert texts(admin, room) == ["x"]


def test_a_call_that_posts_nothing_is_not_remembered(admin, nobody):
    hook, room = hook_in_room(admin)
    assert call(nobody, hook, {}, Idempotency_Key="k").said == SUCCESS
    answer = call(nobody, hook, {"text": "x"}, Idempotency_Key="k")
    assert (answer.said, replayed(answer)) == (SUCCESS, None)
    assert texts(admin, room) == ["x"]


def test_a_disabled_integration_answers_no_key(admin, nobody):
    hook, _ = hook_in_room(admin)
    call(nobody, hook, {"text": "x"}, Idempotency_Key="k").ok()
    update(admin, hook, enabled=False)
    assert call(nobody, hook, {"text": "x"}, Idempotency_Key="k").status == 503
    remove(admin, hook).ok()
    assert call(nobody, hook, {"text": "x"}, Idempotency_Key="k").status == 404


@pytest.mark.concurrent
def test_the_same_call_many_times_at_once_posts_once(admin, server):
    hook, room = hook_in_room(admin)
    answers = []

    def send(client):
        for number in range(20):
            key = f"key-{number}"
            answers.append(call(client, hook, {"text": key}, Idempotency_Key=key))

    threads = [threading.Thread(target=send, args=(server.client(),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.said for answer in answers} == {SUCCESS}
    assert sorted(texts(admin, room)) == sorted(f"key-{number}" for number in range(20))
    assert sum(replayed(answer) is None for answer in answers) == 20


def test_a_key_is_known_after_a_restart_and_after_a_kill(new_server):
    server = new_server().start()
    admin = server.admin()
    hook, room = hook_in_room(admin)
    call(server.client(), hook, {"text": "1"}, Idempotency_Key="one").ok()
    server.restart()
    assert replayed(call(server.client(), hook, {"text": "1"}, Idempotency_Key="one")) == "true"
    call(server.client(), hook, {"text": "2"}, Idempotency_Key="two").ok()
    server.kill()
    server.start()
    for key, message in ("one", "1"), ("two", "2"):
        answer = call(server.client(), hook, {"text": message}, Idempotency_Key=key)
        assert replayed(answer) == "true"
    assert texts(admin.at(server.address), room) == ["1", "2"]


def test_the_history_tells_a_repetition_from_a_message(admin, nobody):
    hook, _ = hook_in_room(admin)
    for body in {"text": "x"}, {"text": "x"}, {"text": "y"}:
        call(nobody, hook, body, Idempotency_Key="k")
    assert [c["outcome"] for c in recorded(admin, hook, 3)] == ["posted", "replayed", "refused"]


def test_a_scheme_without_an_id_leaves_the_key_to_the_sender(admin, nobody):
    hook, room = hook_in_room(admin)
    set_options(admin, hook, verify={"scheme": "gitlab-token", "secrets": ["s" * 20]}).ok()
    for _ in range(2):
        call(nobody, hook, {"text": "x"}, X_Gitlab_Token="s" * 20, Idempotency_Key="k").ok()
    assert texts(admin, room) == ["x"]


def test_a_key_may_be_long(admin, nobody):
    hook, room = hook_in_room(admin)
    for _ in range(2):
        call(nobody, hook, {"text": "x"}, Idempotency_Key="k" * 8000).ok()
    call(nobody, hook, {"text": "y"}, Idempotency_Key="k" * 8001).ok()
    assert texts(admin, room) == ["x", "y"]


