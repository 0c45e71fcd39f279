"""kill -9 under outgoing webhooks: every message that was acknowledged is delivered at least once,
under one id, and as the try that it is. GANTRY_KILLS says how often the server is killed."""

import contextlib
import itertools
import os
import threading

import pytest
import requests

from harness.outgoing import ALLOW, entries, is_under_way, last_entries, say, watching
from harness.receiver import Reply
from harness.waiting import eventually

KILLS = int(os.environ.get("GANTRY_KILLS", "10"))
POSTERS = 8
BETWEEN = 40  # messages

POINTS = {"after-claim": 0, "before-send": 0, "after-send": 1, "before-record": 1}


def texts(calls):
    return {call.json()["text"] for call in list(calls)}


@pytest.mark.parametrize("point", POINTS)
def test_a_call_that_the_server_died_of_is_made_again(new_server, receiver, point):
    server = new_server(**ALLOW).start()
    admin = server.admin()
    integration, room = watching(admin, receiver)
    server.stop()
    server.start(GANTRY_CRASH_AT=point)
    with contextlib.suppress(requests.ConnectionError):  # the answer may be lost, too
        say(admin.at(server.address), room)
    assert server.wait() == 137
    assert len(receiver.calls) == POINTS[point]
    server.start()
    calls = receiver.wait(POINTS[point] + 1)
    (entry,) = last_entries(admin.at(server.address), integration, 1)
    assert entry["tries"] == 0
    assert {call.headers["webhook-id"] for call in calls} == {entry["_id"]}


@pytest.mark.parametrize("point", POINTS)
def test_a_retry_that_the_server_died_of_is_the_same_try_again(new_server, receiver, point):
    receiver.answers[:] = [Reply(503, b"x"), Reply()]
    server = new_server(**ALLOW).start()
    admin = server.admin()
    integration, room = watching(admin, receiver, retryFailedCalls=True, retryCount=1)
    server.stop()
    server.start(GANTRY_CRASH_AT=f"{point}:2")
    say(admin.at(server.address), room)
    assert server.wait() == 137
    server.start()
    receiver.wait(POINTS[point] + 2)
    first, second = last_entries(admin.at(server.address), integration, 2)
    assert (first["tries"], second["tries"]) == (0, 1)
    assert second["retryOf"] == first["_id"]
    assert {call.headers["webhook-id"] for call in receiver.calls} == {first["_id"]}


@pytest.mark.parametrize("tries", [0, 1])
def test_a_try_that_a_kill_cut_has_one_entry(new_server, receiver, tries):
    hang = receiver.hangs()
    receiver.answers[:] = [*[Reply(503, b"x")] * tries, hang]
    server = new_server(**ALLOW).start()
    admin = server.admin()
    integration, room = watching(admin, receiver, retryFailedCalls=True, retryCount=1)
    say(admin, room)
    seen = eventually(
        lambda: (lambda e: e if len(e) > tries and is_under_way(e[-1]) else None)(
            entries(admin, integration)
        ),
        "the call that takes long",
    )
    server.kill()
    receiver.release()
    server.start()
    ended = last_entries(admin.at(server.address), integration, tries + 1)
    assert [e["_id"] for e in ended] == [e["_id"] for e in seen]
    assert [e["tries"] for e in ended] == list(range(tries + 1))
    assert ended[-1]["step"] == "after-http-call"


class Poster:
    """Says texts that nobody else says, and remembers which of them were acknowledged."""

    def __init__(self, room, label):
        self.room = room
        self.names = (f"{label}-{n}" for n in itertools.count())
        self.told = []

    def run(self, client):
        try:
            while True:
                name = next(self.names)
                say(client, self.room, name)
                self.told.append(name)
        except (requests.RequestException, AssertionError):
            pass  # the server is gone
        finally:
            client.close()


def post_until_killed(server, admin, posters):
    before = sum(len(p.told) for p in posters)
    client = admin.at(server.address)
    threads = [
        threading.Thread(target=p.run, args=(client.another(),), daemon=True) for p in posters
    ]
    for thread in threads:
        thread.start()
    eventually(lambda: sum(len(p.told) for p in posters) >= before + BETWEEN, "enough messages")
    server.kill()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a poster still waits for an answer"


def kill_again_and_again(server, admin, room):
    """Returns the texts that were acknowledged."""
    posters = [Poster(room, f"poster{n}") for n in range(POSTERS)]
    for _ in range(KILLS):
        post_until_killed(server, admin, posters)
        server.start()
    return {name for p in posters for name in p.told}


def ids_of_messages(calls):
    ids = {}
    for call in list(calls):
        ids.setdefault(call.json()["message_id"], set()).add(call.headers["webhook-id"])
    return ids


@pytest.mark.concurrent
def test_every_acknowledged_message_is_delivered_whenever_the_server_dies(new_server, receiver):
    server = new_server(**ALLOW).start()
    admin = server.admin()
    integration, room = watching(admin, receiver)
    told = kill_again_and_again(server, admin, room)
    eventually(lambda: told <= texts(receiver.calls), "every message to be delivered")
    assert all(len(ids) == 1 for ids in ids_of_messages(receiver.calls).values())
    tries = last_entries(admin.at(server.address), integration, 1)
    assert {e["tries"] for e in tries} == {0}


@pytest.mark.concurrent
def test_retries_are_not_lost_either(new_server, receiver):
    """Each delivery is refused at first."""
    lock, seen, taken = threading.Lock(), set(), []

    def answer(call):
        with lock:
            first = call.headers["webhook-id"] not in seen
            seen.add(call.headers["webhook-id"])
            if not first:
                taken.append(call)
        return Reply(503, b"later") if first else Reply()

    receiver.answers[:] = [answer]
    server = new_server(**ALLOW).start()
    admin = server.admin()
    integration, room = watching(admin, receiver, retryFailedCalls=True, retryCount=1)
    told = kill_again_and_again(server, admin, room)
    eventually(lambda: told <= texts(taken), "every message to be delivered")
    assert all(len(ids) == 1 for ids in ids_of_messages(receiver.calls).values())
    tries = last_entries(admin.at(server.address), integration, 2)
    assert {e["tries"] for e in tries} <= {0, 1}
    assert all(("retryOf" in e) == (e["tries"] == 1) for e in tries)
