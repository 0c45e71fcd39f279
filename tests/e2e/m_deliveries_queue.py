"""The queue of outgoing webhooks: who waits for whom, what survives a stop, receivers that are not
there, and signatures."""

import base64
import hashlib
import hmac

import pytest

from harness.hooks import set_options
from harness.outgoing import ALLOW, entries, is_under_way, last_entries, only_entry, say, watching
from harness.receiver import Reply
from harness.rooms import make
from harness.waiting import eventually

SETTINGS = ALLOW


def hanging(new_receiver):
    receiver = new_receiver()
    receiver.answers[:] = [receiver.hangs()]
    return receiver


# --- who waits for whom ---


def test_a_slow_receiver_slows_nobody(admin, new_receiver):
    slow, quick = hanging(new_receiver), new_receiver()
    _, slow_room = watching(admin, slow)
    _, room = watching(admin, quick)
    for n in range(20):
        say(admin, slow_room, str(n))
    say(admin, room, "quick")
    assert quick.only().json()["text"] == "quick"
    slow.wait(8)
    assert len(slow.calls) == 8, "eight calls of one integration at a time"
    slow.release()
    assert {call.json()["text"] for call in slow.wait(20)} == {str(n) for n in range(20)}


def test_a_slow_url_does_not_hold_up_the_others(admin, new_receiver):
    slow, quick = hanging(new_receiver), new_receiver()
    integration, room = watching(admin, slow, quick)
    say(admin, room)
    quick.only()
    assert only_entry(admin, integration)["url"] == quick.url
    slow.release()
    assert len(last_entries(admin, integration, 2)) == 2


def test_with_one_call_at_a_time_calls_come_in_order(admin, new_receiver):
    receiver = new_receiver()
    integration, room = watching(admin, receiver)
    set_options(admin, integration, limits={"inFlight": 1}).ok()
    for n in range(30):
        say(admin, room, str(n))
    assert [call.json()["text"] for call in receiver.wait(30)] == [str(n) for n in range(30)]


def test_an_integration_may_give_less_time(admin, new_receiver):
    receiver = hanging(new_receiver)
    integration, room = watching(admin, receiver, retryFailedCalls=False)
    set_options(admin, integration, limits={"timeoutMs": 1000}).ok()
    say(admin, room)
    assert only_entry(admin, integration)["httpError"]["type"] == "request-timeout"


def test_a_call_that_takes_long_is_in_the_history_before_it_ends(admin, new_receiver):
    receiver = hanging(new_receiver)
    integration, room = watching(admin, receiver)
    say(admin, room)
    (entry,) = eventually(lambda: entries(admin, integration), "the entry")
    assert is_under_way(entry) and "finished" not in entry
    receiver.release()
    ended = only_entry(admin, integration)
    assert (ended["step"], ended["_id"]) == ("after-http-call", entry["_id"])


def test_a_host_gets_so_many_calls_at_a_time(new_server, new_receiver):
    server = new_server(**ALLOW, GANTRY_DELIVERY_PER_HOST="2").start()
    admin = server.admin()
    slow, quick = hanging(new_receiver), new_receiver()
    room = make(admin, "channels")
    for n in range(3):
        watching(admin, f"{slow.url}/{n}", room=room)
    watching(admin, quick, room=room)
    say(admin, room, "one")
    quick.wait(1)
    slow.wait(2)
    say(admin, room, "two")
    quick.wait(2)
    assert len(slow.calls) == 2
    slow.release()
    slow.wait(6)


# --- what operators see ---


def metric(client, name):
    lines = client.get("/metrics").body.decode().splitlines()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines
            if line.startswith(name)}  # fmt: skip


def test_tries_are_counted_and_what_waits_is_known(new_server, new_receiver):
    server = new_server(**ALLOW).start()
    admin = server.admin()
    good, bad, busy = new_receiver(), new_receiver(Reply(500)), new_receiver()
    busy.answers[:] = [Reply(503, b"x", Retry_After="3600")]
    for receiver in (good, bad, busy):
        integration, room = watching(admin, receiver, retryFailedCalls=True, retryCount=1)
        say(admin, room)
        only_entry(admin, integration)
    attempts = "gantry_delivery_attempts_total"
    assert eventually(
        lambda: (lambda m: m if sum(m.values()) == 3 else None)(metric(admin, attempts)), "counts"
    ) == {
        attempts + '{outcome="delivered"}': 1,
        attempts + '{outcome="retried"}': 1,
        attempts + '{outcome="given-up"}': 1,
    }
    eventually(
        lambda: metric(admin, "gantry_deliveries_waiting") == {"gantry_deliveries_waiting": 1},
        "the gauge to be read",
    )


# --- receivers that are not there ---


def test_what_cannot_be_delivered_waits_until_the_receiver_is_there(new_server, new_receiver):
    server = new_server(
        **ALLOW, GANTRY_DELIVERY_BREAKER_FAILURES="3", GANTRY_DELIVERY_BREAKER_PAUSE="10ms",
        GANTRY_DELIVERY_BREAKER_PAUSE_MAX="20ms",
    ).start()  # fmt: skip
    admin = server.admin()
    receiver = new_receiver()
    address = receiver.address
    receiver.close()
    integration, room = watching(
        admin, receiver, retryFailedCalls=True, retryCount=20, retryDelay="increments-of-two"
    )
    for n in range(10):
        say(admin, room, str(n))
    eventually(lambda: "event=receiver-suspected" in server.said(), "the receiver to be suspected")
    again = new_receiver(address=address)
    assert {call.json()["text"] for call in again.wait(10)} == {str(n) for n in range(10)}
    eventually(lambda: "event=receiver-is-back" in server.said(), "the receiver to be trusted")


# --- what survives a stop ---


def test_a_retry_survives_a_restart(new_server, new_receiver):
    server = new_server(**ALLOW).start()
    admin = server.admin()
    receiver = new_receiver(Reply(503, b"later", Retry_After="1"), Reply())
    integration, room = watching(admin, receiver, retryFailedCalls=True, retryCount=2)
    say(admin, room)
    entry = only_entry(admin, integration)
    server.restart()
    first, second = receiver.wait(2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == entry["_id"]
    entries = last_entries(admin.at(server.address), integration, 2)
    assert [e["tries"] for e in entries] == [0, 1]
    assert entries[1]["retryOf"] == entry["_id"]


def test_a_stop_waits_for_the_calls_under_way(new_server, new_receiver):
    server = new_server(**ALLOW, GANTRY_SERVER_STOP_TIMEOUT="1m").start()
    admin = server.admin()
    receiver = hanging(new_receiver)
    integration, room = watching(admin, receiver)
    say(admin, room)
    receiver.wait(1)
    server.terminate()
    receiver.release()
    assert server.wait() == 0
    server.start()
    assert only_entry(admin.at(server.address), integration)["step"] == "after-http-call"
    assert len(receiver.calls) == 1


def test_a_call_that_a_stop_cuts_is_made_again(new_server, new_receiver):
    server = new_server(**ALLOW, GANTRY_SERVER_STOP_TIMEOUT="100ms").start()
    admin = server.admin()
    receiver = hanging(new_receiver)
    integration, room = watching(admin, receiver)
    for n in range(10):
        say(admin, room, str(n))
    receiver.wait(8)
    server.stop()
    receiver.release()
    server.start()
    entries = last_entries(admin.at(server.address), integration, 10)
    assert {e["tries"] for e in entries} == {0}
    assert {e["step"] for e in entries} == {"after-http-call"}
    assert {call.json()["text"] for call in receiver.calls} == {str(n) for n in range(10)}
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 10


def test_a_script_that_a_stop_cuts_runs_again(new_server, new_receiver):
    server = new_server(**ALLOW, GANTRY_SERVER_STOP_TIMEOUT="100ms").start()
    admin = server.admin()
    slow, receiver = hanging(new_receiver), new_receiver()
    script = (
        "class Script { async prepare_outgoing_request({ request }) {"
        f" await fetch('{slow.url}'); return {{ url: request.url, method: 'POST' }}; }} }}"
    )
    integration, room = watching(admin, receiver, script=script, scriptEnabled=True)
    say(admin, room)
    slow.wait(1)
    server.stop()
    slow.release()
    server.start()
    receiver.wait(1)
    assert only_entry(admin.at(server.address), integration)["step"] == "after-http-call"


# --- signatures ---


def signature(secret, call):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode()
    digest = hmac.new(key, signed + call.body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def test_calls_are_signed_when_there_is_a_secret(admin, new_receiver):
    receiver = new_receiver(Reply(503, b"x"), Reply())
    integration, room = watching(admin, receiver, retryFailedCalls=True, retryCount=1)
    secret = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    set_options(admin, integration, signing={"secret": secret}).ok()
    say(admin, room)
    for call in receiver.wait(2):
        assert call.headers["webhook-signature"] == signature(secret, call)


def test_an_old_secret_signs_beside_the_new_one(admin, new_receiver):
    receiver = new_receiver()
    integration, room = watching(admin, receiver)
    old = set_options(admin, integration, signing={"rotate": True}).ok()["signing"]["secret"]
    new = set_options(admin, integration, signing={"rotate": True}).ok()["signing"]["secret"]
    say(admin, room)
    call = receiver.only()
    assert old != new
    assert call.headers["webhook-signature"].split() == [
        signature(new, call), signature(old, call),
    ]  # fmt: skip
