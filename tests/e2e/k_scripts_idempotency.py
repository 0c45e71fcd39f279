"""Deliveries with a key to hooks with a script: the script runs once for each, whether it posted or
not, in a row or at once; a refused delivery may be sent again."""

import threading

import pytest

from harness.bodies import SUCCESS, failure, text
from harness.hooks import call, recorded, texts
from harness.scripts import incoming, last_runs, scripted
from harness.table import table

COUNTING = "const n = Store.set('n', (Store.get('n') || 0) + 1); "
GOES_ON = (
    409,
    text(
        {
            "success": False,
            "error": "This delivery is being worked on just now. Send it again in a moment for its"
            " answer.",
        }
    ),
)


def replayed(answer):
    return answer.headers.get("Idempotency-Replayed")


ANSWERS = {
    "that posts": ("return { content: { text: 'n' + n } }", SUCCESS, ["n1"]),
    "that answers": (
        "return { content: { text: 'n' + n }, response: { n } }",
        (200, text({"n": 1, "success": True})),
        ["n1"],
    ),
    "that posts nothing": ("return null", SUCCESS, []),
    "without the method": (None, SUCCESS, []),
}


@pytest.mark.parametrize("body,answer,messages", table(ANSWERS))
def test_the_script_is_run_once_for_a_delivery(admin, nobody, body, answer, messages):
    script = "class Script {}" if body is None else incoming(COUNTING + body)
    hook, room = scripted(admin, script)
    first = call(nobody, hook, {"a": 1}, Idempotency_Key="one")
    again = call(nobody, hook, {"a": 1}, Idempotency_Key="one")
    assert (first.said, replayed(first)) == (answer, None)
    assert (again.said, replayed(again)) == (answer, "true")
    assert texts(admin, room) == messages
    assert "script" not in recorded(admin, hook, 2)[1]


def test_another_delivery_runs_it_again(admin, nobody):
    hook, room = scripted(admin, incoming(COUNTING + "return { content: { text: 'n' + n } }"))
    for key in "one", "two", "one":
        call(nobody, hook, {}, Idempotency_Key=key).ok()
    assert texts(admin, room) == ["n1", "n2"]


def test_the_same_key_with_another_body_is_refused_before_the_script_runs(admin, nobody):
    hook, room = scripted(admin, incoming(COUNTING + "return { content: { text: 'n' + n } }"))
    call(nobody, hook, {"a": 1}, Idempotency_Key="one").ok()
    assert call(nobody, hook, {"a": 2}, Idempotency_Key="one").status == 422
    assert texts(admin, room) == ["n1"]


REFUSALS = {
    "by the script": ("if (n < 2) return { error: 'later' };", failure("later")),
    "because the script failed": ("if (n < 2) throw n;", failure("error-running-script")),
    "because the message is refused": (
        "if (n < 2) return { content: { text: 'x', attachments: [{ image_url: '/x' }] } };",
        failure("Invalid href value provided"),
    ),
}


@pytest.mark.parametrize("body,refusal", table(REFUSALS))
def test_a_delivery_that_was_refused_may_come_again(admin, nobody, body, refusal):
    script = incoming(COUNTING + body + "return { content: { text: 'n' + n } }")
    hook, room = scripted(admin, script)
    assert call(nobody, hook, {}, Idempotency_Key="one").said == refusal
    assert call(nobody, hook, {}, Idempotency_Key="one").said == SUCCESS
    assert texts(admin, room) == ["n2"]


@pytest.mark.concurrent
def test_of_two_at_once_one_has_to_come_again(admin, nobody):
    """The script keeps the first one busy for long; the second meets it."""
    wait = "const end = Date.now() + 1500; while (Date.now() < end);"
    script = incoming(COUNTING + wait + "return { content: { text: 'n' + n } }")
    hook, room = scripted(admin, script)
    answers = []

    def send():
        answers.append(call(nobody.another(), hook, {}, Idempotency_Key="one"))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said = sorted((a.said for a in answers), key=lambda s: s[0])
    assert said[0] == SUCCESS
    assert all(s in (SUCCESS, GOES_ON) for s in said)
    assert GOES_ON in said
    waiting = next(a for a in answers if a.status == 409)
    assert waiting.headers["Retry-After"] == "1"
    later = call(nobody, hook, {}, Idempotency_Key="one")
    assert (later.said, replayed(later)) == (SUCCESS, "true")
    assert texts(admin, room) == ["n1"]
    assert len(last_runs(admin, hook, 1)) == 1


def test_without_a_key_every_call_runs_it(admin, nobody):
    hook, room = scripted(admin, incoming(COUNTING + "return { content: { text: 'n' + n } }"))
    for _ in range(2):
        call(nobody, hook, {}).ok()
    assert texts(admin, room) == ["n1", "n2"]


def test_a_restart_does_not_forget_it(new_server):
    server = new_server().start()
    admin = server.admin()
    hook, room = scripted(admin, incoming(COUNTING + "return { content: { text: 'n' + n } }"))
    call(server.client(), hook, {}, Idempotency_Key="one").ok()
    server.restart()
    again = call(server.client(), hook, {}, Idempotency_Key="one")
    assert (again.said, replayed(again)) == (SUCCESS, "true")
    assert texts(admin.at(server.address), room) == ["n1"]
