"""Outgoing calls to names: what counts is the address that a name leads to when it is connected to."""

from harness.outgoing import only_entry, say, watching
from harness.hooks import call
from harness.bodies import failure
from harness.receiver import Reply
from harness.scripts import incoming, scripted

CLOSING = Reply(200, b"", Connection="close")


def start(new_server, answers, **settings):
    allow = {"GANTRY_OUTBOUND_ALLOW": "127.0.0.0/8", "GANTRY_NAMES": f"hook.test:{answers}"}
    return new_server(**{**allow, **settings}).start()


def named(receiver):
    return receiver.url.replace("127.0.0.1", "hook.test")


def test_a_name_that_leads_elsewhere_the_second_time_is_refused_then(new_server, new_receiver):
    receiver = new_receiver(CLOSING)
    admin = start(new_server, "127.0.0.1|10.0.0.1").admin()
    first, room = watching(admin, named(receiver))
    say(admin, room, "good")
    assert only_entry(admin, first)["step"] == "after-http-call"
    second, other = watching(admin, named(receiver), retryFailedCalls=True, retryCount=3)
    say(admin, other, "bad")
    entry = only_entry(admin, second)
    assert "outbound.allow" in entry["httpError"]["message"]
    assert entry["finished"] is True
    assert [each.json()["text"] for each in receiver.calls] == ["good"]


def test_a_name_of_which_one_address_is_bad_is_called_at_the_good_one(new_server, new_receiver):
    receiver = new_receiver(CLOSING)
    admin = start(new_server, "10.0.0.1+127.0.0.1").admin()
    integration, room = watching(admin, named(receiver))
    say(admin, room)
    receiver.wait(1)
    assert "httpError" not in only_entry(admin, integration)


def test_a_redirect_to_a_name_is_judged_by_its_address(new_server, new_receiver):
    receiver = new_receiver(Reply(307, b"", Location="http://hook.test:1/inside"))
    admin = start(new_server, "169.254.169.254").admin()
    integration, room = watching(admin, receiver)
    say(admin, room)
    assert "outbound.allow" in only_entry(admin, integration)["httpError"]["message"]


def test_a_script_s_fetch_is_judged_in_the_same_way(new_server, new_receiver):
    receiver = new_receiver(CLOSING)
    server = start(new_server, "127.0.0.1|10.0.0.1")
    body = "return fetch(request.content.url).then(r => ({ error: 's' + r.status }), e => ({ error: e.message }))"
    hook, _ = scripted(server.admin(), incoming(body))
    assert call(server.client(), hook, {"url": named(receiver)}).said == failure("s200")
    assert b"outbound.allow" in call(server.client(), hook, {"url": named(receiver)}).body
