"""Outgoing webhooks while the wall clock is set: no try is lost, and none waits longer than its
schedule says because of it."""

import struct

import pytest

from harness.outgoing import ALLOW, entries, last_entries, say, watching
from harness.receiver import Reply
from harness.waiting import eventually

DAY_MS = 24 * 3600 * 1000


class Clock:
    """The wall clock of one server."""

    def __init__(self, folder):
        self.path = folder / "offset"
        self.path.write_bytes(struct.pack("q", 0))

    def move(self, ms):
        with open(self.path, "r+b") as file:
            file.write(struct.pack("q", ms))


@pytest.fixture
def clock(folder):
    return Clock(folder)


@pytest.fixture
def admin(new_server, clock):
    return new_server(**ALLOW, GANTRY_WALL_OFFSET=str(clock.path)).start().admin()


# Where the clock is while the first try fails, while it waits to be tried again, and at the end.
JUMPS = {
    "a day forward": (0, DAY_MS, DAY_MS),
    "a day back": (0, -DAY_MS, -DAY_MS),
    "forward, and back again": (DAY_MS, 0, 0),
    "back, and forward again": (-DAY_MS, 0, 0),
    "to and fro": (0, DAY_MS, -DAY_MS),
}


@pytest.mark.parametrize("before,waiting,after", JUMPS.values(), ids=JUMPS)
def test_a_retry_that_waits_comes_although_the_clock_is_set(admin, new_receiver, clock, before, waiting, after):
    receiver = new_receiver(Reply(503, b"x"), Reply(503, b"x"), Reply())
    integration, room = watching(admin, receiver, retryFailedCalls=True, retryCount=3)
    clock.move(before)
    say(admin, room)
    receiver.wait(2)  # the next try is a second away
    clock.move(waiting)
    eventually(lambda: len(entries(admin, integration)) >= 2, "two tries")
    clock.move(after)
    receiver.wait(3)
    tries = last_entries(admin, integration, 3)
    assert sorted(entry["tries"] for entry in tries) == [0, 1, 2]
    assert {entry["tries"]: entry["step"] for entry in tries}[2] == "after-http-call"
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 1


def test_a_call_under_way_has_its_whole_time_whatever_the_clock_says(admin, new_receiver, clock):
    receiver = new_receiver()
    receiver.answers[:] = [receiver.hangs(), Reply()]
    integration, room = watching(admin, receiver)
    say(admin, room)
    receiver.wait(1)
    for jump in (DAY_MS, -DAY_MS):
        clock.move(jump)
        say(admin, room, "beside it")
    receiver.wait(3)
    receiver.release()
    eventually(
        lambda: [e["step"] for e in entries(admin, integration)] == ["after-http-call"] * 3,
        "three calls to end",
    )
    assert all("httpError" not in entry for entry in entries(admin, integration))
