"""No message names a file that is not whole, wherever the server dies; and what it leaves goes."""

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from harness.files import (
    confirm,
    eventually_gone,
    eventually_nothing_new,
    fetch,
    part,
    post_file,
    send,
    stored,
    upload,
)
from harness.rooms import make, messages
from harness.table import table
from harness.waiting import eventually

CONTENT = b"0123456789" * 100_000  # several pieces
FILE = part("file", CONTENT, "x")

POINTS = {
    "between two pieces": "file-piece:2",
    "behind the last piece": "file-written:1",
    "when it is durable": "file-synced:1",
    "when it is in its place": "file-moved:1",
    "before its row is": "before-commit:20",
    "when its row is": "after-commit:20",
    "before the answer": "before-answer:20",
}


def all_are_whole(admin, room):
    """Every message that names a file, and every file in the list, has all its bytes."""
    for message in messages(admin, "channels", room):
        for file in message.get("files", []):
            url = f"/file-upload/{file['_id']}/x"
            assert len(fetch(admin, url).body) == file["size"] == len(CONTENT)
    query = {"roomId": room["_id"], "count": "100"}
    listed = admin.get("channels.files", query).ok()["files"]
    for file in listed:
        assert len(fetch(admin, file["url"]).body) == file["size"] == len(CONTENT)
    return {file["_id"] for file in listed}


def until_it_dies(server, admin, act):
    """What was answered until then."""
    client, done = admin.at(server.address), []
    with pytest.raises(requests.ConnectionError):
        while True:
            done.append(act(client))
    assert server.wait() == 137
    return done


@pytest.mark.parametrize("step", ["rooms.media", "rooms.upload"])
@pytest.mark.parametrize("point", table(POINTS))
def test_a_server_that_dies_during_an_upload(new_server, point, step):
    server = new_server().start()
    admin = server.admin()
    room = make(admin, "channels")
    kept = post_file(admin, room, CONTENT)["file"]["_id"]
    server.stop()

    server.start(GANTRY_CRASH_AT=point)
    path = f"{step}/{room['_id']}"
    done = until_it_dies(
        server, admin, lambda client: send(client, path, FILE).ok()
    )

    server.start()
    admin = admin.at(server.address)
    there = all_are_whole(admin, room)
    assert kept in there
    survives = point.startswith(("after-commit", "before-answer"))
    uploaded = len(done) + survives
    assert len(there) == 1 + uploaded
    files = [m for m in messages(admin, "channels", room) if "files" in m]
    assert len(files) == 1 + (uploaded if step == "rooms.upload" else 0)
    eventually(lambda: stored(server) == (sorted(there), []), "what is nobody's to be gone")


@pytest.mark.parametrize("point", ["before-commit:20", "after-commit:20"])
def test_a_server_that_dies_during_a_confirmation(new_server, point):
    server = new_server().start()
    admin = server.admin()
    room = make(admin, "channels")
    files = [upload(admin, room, CONTENT) for _ in range(25)]
    server.stop()

    server.start(GANTRY_CRASH_AT=point)
    left = iter(files)
    until_it_dies(server, admin, lambda client: confirm(client, room, next(left)).ok())

    server.start()
    admin = admin.at(server.address)
    assert all_are_whole(admin, room) == {file["_id"] for file in files}
    confirmed = [confirm(admin, room, file).ok()["message"]["_id"] for file in files]
    assert [m["_id"] for m in messages(admin, "channels", room) if "files" in m] == confirmed


class Sender:
    """Sends files until the server is gone; `told`: the ids of those that were answered."""

    def __init__(self, client, room):
        self.client, self.room, self.told = client.another(), room, []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            while True:
                answer = send(self.client, f"rooms.upload/{self.room['_id']}", FILE)
                self.told.append(answer.ok()["message"]["file"]["_id"])
        except requests.RequestException:
            pass


@pytest.mark.concurrent
def test_files_that_were_acknowledged_survive_kills_and_all_that_are_named_are_whole(new_server):
    server = new_server().start()
    admin = server.admin()
    room, told = make(admin, "channels"), set()
    for _ in range(3):
        senders = [Sender(admin.at(server.address), room) for _ in range(4)]
        eventually(lambda: sum(len(s.told) for s in senders) >= 8, "eight files")  # noqa: B023
        server.kill()
        for sender in senders:
            sender.thread.join(60)
            told.update(sender.told)
        server.start()
    there = all_are_whole(admin.at(server.address), room)
    assert told <= there
    eventually(lambda: stored(server) == (sorted(there), []), "what is nobody's to be gone")


@pytest.mark.concurrent
def test_many_at_a_time_come_in_and_go_out_whole(new_server):
    server = new_server().start()
    admin = server.admin()
    room = make(admin, "channels")

    def both(number):
        client = admin.another()
        content = bytes([number]) * (1_000_000 + number)
        file = upload(client, room, content)
        return fetch(client, file["url"]).body == content

    with ThreadPoolExecutor(24) as pool:
        assert all(pool.map(both, range(72)))


def test_what_an_earlier_process_left_is_removed_and_the_rest_stays(new_server):
    server = new_server().start()
    admin = server.admin()
    room = make(admin, "channels")
    kept = post_file(admin, room, CONTENT)["file"]["_id"]
    unconfirmed = upload(admin, room, CONTENT)["_id"]
    server.stop()
    folder = server.folder / "files"
    (folder / "65f000000000000000000000").write_bytes(b"nobody's")
    (folder / "incoming" / "65f000000000000000000001").write_bytes(b"half")
    (folder / "README").write_bytes(b"not ours")

    server.start()
    before = (["README", *sorted([kept, unconfirmed])], [])
    eventually_nothing_new(server, before)
    assert set(stored(server)[0]) == set(before[0])
    assert all_are_whole(admin.at(server.address), room) == {kept, unconfirmed}


def in_database(server, sql, *values):
    with sqlite3.connect(server.folder / "gantry.db") as db:
        db.execute(sql, values)
    db.close()


def test_an_upload_that_nobody_confirms_goes_after_a_day(new_server):
    server = new_server().start()
    admin = server.admin()
    room = make(admin, "channels")
    old, new = upload(admin, room, CONTENT), upload(admin, room, CONTENT)
    kept = post_file(admin, room, CONTENT)["file"]["_id"]
    server.stop()
    with sqlite3.connect(server.folder / "gantry.db") as db:
        rows = dict(db.execute("SELECT id, expires_at_ms - uploaded_at_ms FROM files"))
    db.close()
    assert rows == {old["_id"]: 86400000, new["_id"]: 86400000, kept: None}
    now_ms = int(time.time() * 1000)
    in_database(server, "UPDATE files SET expires_at_ms = ? WHERE id = ?", now_ms, old["_id"])

    server.start()
    admin = admin.at(server.address)
    assert fetch(admin, old["url"]).status == 404
    assert confirm(admin, room, old).json()["errorType"] == "invalid-file"
    eventually_gone(server, {old["_id"]})
    assert all_are_whole(admin, room) == {new["_id"], kept}


def test_a_row_without_its_bytes(new_server):
    """Only somebody else can have taken them. What nobody has confirmed goes; a message that was
    sent keeps its file's row, for the bytes may come back out of a backup."""
    server = new_server().start()
    admin = server.admin()
    room = make(admin, "channels")
    lost = upload(admin, room, CONTENT)
    sent = post_file(admin, room, CONTENT)["file"]["_id"]
    whole = post_file(admin, room, CONTENT)["file"]["_id"]
    server.stop()
    for file_id in (lost["_id"], sent):
        (server.folder / "files" / file_id).unlink()

    server.start()
    admin = admin.at(server.address)

    def ids():
        listed = admin.get("channels.files", {"roomId": room["_id"]}).ok()["files"]
        return {file["_id"] for file in listed}

    eventually(lambda: ids() == {sent, whole}, "the lost one to go")
    assert fetch(admin, f"/file-upload/{sent}/x").status == 404
    eventually(lambda: any("event=file_missing" in line for line in server.log), "a line about it")
