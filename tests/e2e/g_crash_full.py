"""A store that can take no more: writes are answered 503 and change nothing, reads go on, nobody
is told that something was stored which was not, and with more room it goes on, without a restart."""

import json
import os
import resource
import shutil
import signal
import subprocess
import threading

import pytest

from harness.integrations import INCOMING, create, remove, stored, update_body
from harness.load import everything
from harness.people import new_name
from harness.waiting import eventually

SCRIPT = "x" * 60_000
MOST = 2000


def post_large(admin, name):
    return admin.post("integrations.create", {**INCOMING, "name": name, "script": SCRIPT})


def fill(admin):
    """Makes integrations until one is refused; returns the made ones and the refusal."""
    made = []
    for n in range(MOST):
        answer = post_large(admin, f"large-{n}")
        if answer.status != 200:
            return made, answer
        made.append(answer.ok()["integration"])
    pytest.fail("the store never became full")


def check_refusal(answer):
    assert answer.status == 503, answer
    assert answer.headers["Content-Type"] == "application/json"
    document = json.loads(answer.body)
    assert document["success"] is False
    assert len(document["error"]) > 20, "a clear error says more"


def check_reads(admin, made):
    assert stored(admin, made[0]) == made[0]
    assert admin.get("me").status == 200
    assert len(everything(admin)) == len(made)


def is_healthy(server):
    return server.client().get("/health").status == 200


@pytest.fixture
def limited(new_server):
    """The database may grow to 3 MB."""
    server = new_server(GANTRY_STORE_FILE_BYTES="3m").start()
    return server, server.admin()


def test_a_full_database_refuses_writes_and_goes_on_reading(limited):
    server, admin = limited
    made, refusal = fill(admin)
    assert len(made) > 5
    check_refusal(refusal)
    check_reads(admin, made)
    unhealthy = server.client().get("/health")
    assert unhealthy.status == 503
    assert unhealthy.json()["status"] != "ok"
    for _ in range(3):
        check_refusal(post_large(admin, "still too large"))
    check_reads(admin, made)


def test_a_refused_change_leaves_everything_as_it_was(limited):
    _, admin = limited
    made, _ = fill(admin)
    body = {**update_body(made[0]), "script": SCRIPT * 3, "name": "never"}
    check_refusal(admin.put("integrations.update", body))
    assert stored(admin, made[0]) == made[0]
    names = everything(admin).values()
    assert "never" not in names and f"large-{len(made)}" not in names


def test_removing_makes_room_and_writing_works_again(limited):
    server, admin = limited
    made, _ = fill(admin)
    for document in made[:4]:
        remove(admin, document).ok()
    created = create(admin, INCOMING, name="there is room", script=SCRIPT)
    assert stored(admin, created)["name"] == "there is room"
    eventually(lambda: is_healthy(server), "the server to call itself healthy")
    assert len(everything(admin)) == len(made) - 3


def test_nothing_acknowledged_is_lost_when_a_full_store_is_killed(limited):
    server, admin = limited
    made, _ = fill(admin)
    server.kill()
    server.start(GANTRY_STORE_FILE_BYTES="100m")
    admin = admin.at(server.address)
    expected = {document["_id"]: document["name"] for document in made}
    assert everything(admin) == expected
    create(admin, INCOMING, script=SCRIPT)


def test_a_database_at_its_limit_still_starts(limited):
    server, admin = limited
    made, _ = fill(admin)
    server.restart()
    check_reads(admin.at(server.address), made)


@pytest.mark.concurrent
def test_small_and_large_writes_at_once_are_each_told_the_truth(limited):
    """Whoever is in one batch with a write that does not fit must not be told more or less than
    what was stored."""
    _, admin = limited
    told, unclear = {}, []

    def write(size):
        client = admin.another()
        for n in range(60):
            name = new_name(f"of-{size}")
            body = {**INCOMING, "name": name, "script": "x" * size}
            answer = client.post("integrations.create", body)
            if answer.status == 200:
                told[answer.json()["integration"]["_id"]] = name
            elif answer.status != 503:
                unclear.append(answer)

    threads = [threading.Thread(target=write, args=(s,)) for s in (10, 10, 50_000, 200_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert unclear == []
    assert everything(admin) == told


# The system says no


def forbid_growth(server, size):
    """No file of the server may grow beyond this; None: as it was."""
    limit = resource.RLIM_INFINITY if size is None else size
    hard = resource.RLIM_INFINITY
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, hard))


def test_when_the_system_lets_files_grow_no_more_nothing_is_lost_and_it_goes_on_later(new_server):
    server = new_server()
    server.start(preexec=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
    admin = server.admin()
    made = [create(admin, INCOMING, name="before")]
    largest = max(f.stat().st_size for f in server.folder.iterdir() if f.is_file())
    forbid_growth(server, largest)
    more, refusal = fill(admin)
    made += more
    check_refusal(refusal)
    check_reads(admin, made)
    assert not is_healthy(server)
    forbid_growth(server, None)
    eventually(lambda: post_large(admin, "after").status == 200, "writing to work again")
    assert is_healthy(server)
    server.kill()
    server.start()
    names = list(everything(admin.at(server.address)).values())
    assert names[: len(made)] == [document["name"] for document in made]
    assert names.count("after") == 1


def mount(*arguments):
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    return done.returncode == 0


@pytest.fixture
def small_disk(folder):
    """A file system of 6 MB."""
    place = folder / "disk"
    place.mkdir()
    if os.geteuid() != 0 or not mount("-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)):
        pytest.skip("only root can mount a small file system")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_on_a_full_disk_reads_go_on_and_with_more_room_writes_do(new_server, small_disk):
    server = new_server(small_disk / "data").start()
    admin = server.admin()
    made, refusal = fill(admin)
    check_refusal(refusal)
    check_reads(admin, made)
    assert not is_healthy(server)
    assert mount("-o", "remount,size=60m", str(small_disk))
    eventually(lambda: post_large(admin, "after").status == 200, "writing to work again")
    assert is_healthy(server)
    assert len(everything(admin)) == len(made) + 1
    server.kill()
    server.start()
    names = everything(admin.at(server.address)).values()
    assert sorted(names) == sorted([*(d["name"] for d in made), "after"])
    server.stop()
    shutil.rmtree(small_disk / "data")
