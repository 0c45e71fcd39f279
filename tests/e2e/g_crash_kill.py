"""What was acknowledged is there, whatever happened to the process in between."""

import pytest
import requests

from harness.integrations import INCOMING, create, remove, stored, update
from harness.load import Load, everything
from harness.table import table
from harness.waiting import eventually


@pytest.mark.concurrent
def test_nothing_acknowledged_is_lost_by_six_kills_during_writes(new_server):
    server = new_server().start()
    load = Load(server.admin(), 6)
    for _ in range(6):
        load.start(server.address)
        before = load.acknowledged()
        eventually(lambda: load.acknowledged() >= before + 150, "150 changes")
        server.kill()
        load.join()
        server.start()
        load.compare(load.writers[0].client.at(server.address))


def write_until_it_dies(server, admin, write):
    """What was acknowledged, and what was being written when the server died."""
    done = []
    for n in range(500):
        try:
            done.append(write(admin, n))
        except requests.ConnectionError:
            assert server.wait() == 137
            return done, n
    pytest.fail("the server did not die at its crash point")


def make(admin, n):
    return create(admin, INCOMING, name=f"made-{n}")


POINTS = {
    "before the commit it is not there": ("before-commit", False),
    "after the commit it is there": ("after-commit", True),
    "before the answer it is there": ("before-answer", True),
}


@pytest.mark.parametrize("point, is_there", table(POINTS))
def test_of_a_change_that_the_server_died_of(new_server, point, is_there):
    server = new_server().start()
    admin = server.admin()
    server.stop()
    server.start(GANTRY_CRASH_AT=f"{point}:20")
    done, dying = write_until_it_dies(server, admin.at(server.address), make)
    server.start()
    expected = {document["_id"]: document["name"] for document in done}
    there = everything(admin.at(server.address))
    assert {i: there.get(i) for i in expected} == expected
    others = [name for i, name in there.items() if i not in expected]
    assert others == ([f"made-{dying}"] if is_there else [])


@pytest.mark.parametrize("point, happened", table(POINTS))
def test_of_an_update_and_a_removal_that_the_server_died_of(new_server, point, happened):
    server = new_server().start()
    admin = server.admin()
    kept = create(admin, INCOMING, name="old")
    many = [create(admin, INCOMING) for _ in range(60)]
    server.stop()

    server.start(GANTRY_CRASH_AT=f"{point}:20")
    done, _ = write_until_it_dies(
        server, admin.at(server.address), lambda a, n: update(a, kept, name=f"name-{n}")
    )
    server.start()
    name = stored(admin.at(server.address), kept)["name"]
    assert name == f"name-{len(done) if happened else len(done) - 1}"
    server.stop()

    server.start(GANTRY_CRASH_AT=f"{point}:20")
    done, _ = write_until_it_dies(
        server, admin.at(server.address), lambda a, n: remove(a, many[n]).ok()
    )
    server.start()
    left = len(everything(admin.at(server.address)))
    assert left == 1 + len(many) - len(done) - (1 if happened else 0)


def test_a_server_that_died_at_its_first_start_starts(new_server):
    server = new_server()
    server.launch(GANTRY_CRASH_AT="before-commit")
    assert server.wait() == 137
    server.start()
    assert server.admin().get("channels.info", "roomId=GENERAL").status == 200


def test_logins_and_permissions_survive_a_kill(new_server):
    server = new_server().start()
    admin = server.admin()
    document = create(admin, INCOMING)
    body = {"permissions": [{"_id": "send-mail", "roles": ["bot"]}]}
    admin.post("permissions.update", body).ok()
    admin.post("settings/Site_Name", {"value": "Kept"}).ok()
    server.kill()
    server.start()
    admin = admin.at(server.address)
    assert stored(admin, document) == document
    listed = admin.get("permissions.listAll").ok()["update"]
    assert [p["roles"] for p in listed if p["_id"] == "send-mail"] == [["bot"]]
    assert admin.get("settings/Site_Name").ok()["value"] == "Kept"


def test_a_socket_that_a_killed_server_left_behind_is_in_nobodys_way(new_server):
    server = new_server().start()
    server.kill()
    assert (server.folder / "gantry.sock").exists()
    server.start()
