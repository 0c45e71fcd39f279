"""An acknowledged message is there after kill -9, exactly once, with many posters at work. GANTRY_KILLS
says how often the server is killed."""

import itertools
import os
import threading
from collections import Counter

import pytest
import requests

from harness.hooks import call, hook_in_room
from harness.waiting import eventually

POSTERS = 24
KILLS = int(os.environ.get("GANTRY_KILLS", "20"))
POSTS_BETWEEN = 150


class Poster:
    """Posts texts that nobody else posts, each with a key. The one whose answer never came is sent
    again with the same key, as senders do: it may have been stored or not."""

    def __init__(self, hook, label):
        self.hook = hook
        self.texts = (f"{label}-{n}" for n in itertools.count())
        self.pending = None
        self.told = []

    def run(self, client):
        try:
            while True:
                self.pending = self.pending or next(self.texts)
                call(client, self.hook, {"text": self.pending}, Idempotency_Key=self.pending).ok()
                self.told.append(self.pending)
                self.pending = None
        except requests.RequestException:
            pass  # the server is gone
        finally:
            client.close()


def post_until_killed(server, posters):
    before = sum(len(p.told) for p in posters)
    threads = [
        threading.Thread(target=p.run, args=(server.client(),), daemon=True) for p in posters
    ]
    for thread in threads:
        thread.start()
    eventually(
        lambda: sum(len(p.told) for p in posters) >= before + POSTS_BETWEEN, "enough posts"
    )
    server.kill()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a poster still waits for an answer"


def everything(client, room):
    found = []
    while True:
        query = {"roomId": room["_id"], "count": "100", "offset": str(len(found))}
        page = client.get("channels.messages", query).ok()["messages"]
        if not page:
            return Counter(m["msg"] for m in found if "t" not in m)
        found += page


@pytest.mark.concurrent
def test_nothing_acknowledged_is_lost_or_doubled_by_kills_under_posters(new_server):
    server = new_server().start()
    admin = server.admin()
    hook, room = hook_in_room(admin)
    posters = [Poster(hook, f"poster{n}") for n in range(POSTERS)]
    for _ in range(KILLS):
        post_until_killed(server, posters)
        server.start()
        there = everything(admin.at(server.address), room)
        told = Counter(text for p in posters for text in p.told)
        unknown = {p.pending for p in posters if p.pending is not None}
        assert set(there.values()) <= {1}, "posted twice"
        assert set(told.values()) == {1}
        assert not told.keys() - there.keys(), "acknowledged and lost"
        assert there.keys() - told.keys() <= unknown, "posted by nobody"
    info = admin.at(server.address).get("channels.info", {"roomId": room["_id"]}).ok()["channel"]
    assert info["msgs"] >= sum(there.values())


POINTS = {"before-commit": False, "after-commit": True, "before-answer": True}


@pytest.mark.parametrize("point", POINTS)
def test_a_call_that_the_server_died_of_is_posted_once_in_the_end(new_server, point):
    server = new_server().start()
    admin = server.admin()
    hook, room = hook_in_room(admin)
    server.stop()
    server.start(GANTRY_CRASH_AT=f"{point}:10")
    poster = Poster(hook, "poster")
    poster.run(server.client())
    assert server.wait() == 137
    server.start()
    there = everything(admin.at(server.address), room)
    assert (poster.pending in there) == POINTS[point]
    answer = call(server.client(), hook, {"text": poster.pending}, Idempotency_Key=poster.pending)
    assert answer.ok()
    assert ("Idempotency-Replayed" in answer.headers) == POINTS[point]
    assert everything(admin.at(server.address), room)[poster.pending] == 1
