"""Several at once: everybody reads his own writes, over any connection, and of those who want the
same thing exactly one gets it."""

import threading

import pytest

from harness.bodies import NO_PERMISSION, failure
from harness.integrations import ALL_FOUR, INCOMING, create, remove, stored, update
from harness.people import PASSWORD, add_client, add_user, new_name, set_permissions
from harness.program import gantry

pytestmark = pytest.mark.concurrent

SETTINGS = {"GANTRY_SERVER_LOOPS": "3"}


def together(jobs):
    """Runs each job on a thread of its own, all begun at the same moment; their results."""
    gate = threading.Barrier(len(jobs))
    results = [None] * len(jobs)

    def run(number, job):
        gate.wait()
        try:
            results[number] = job()
        except BaseException as problem:  # for the thread that waits
            results[number] = problem

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def test_everybody_reads_his_own_writes_over_any_connection(admin):
    def live(number):
        for turn in range(15):
            writer, reader = admin.another(), admin.another()
            document = create(writer, INCOMING, name=f"race-{number}-{turn}")
            assert stored(reader, document) == document
            changed = update(writer, document, name=f"changed-{number}-{turn}")
            assert stored(reader, document) == changed
            listed = reader.get("integrations.list", {"name": changed["name"]}).ok()
            assert changed in listed["integrations"]
            remove(writer, document).ok()
            gone = reader.get("integrations.get", {"integrationId": document["_id"]})
            assert gone.said == failure("The integration does not exists.")

    together([lambda n=n: live(n) for n in range(6)])


def test_of_those_who_remove_the_same_one_does(admin):
    for _ in range(10):
        document = create(admin, INCOMING)
        jobs = [lambda c=admin.another(): remove(c, document).said for _ in range(5)]
        said = together(jobs)
        assert sorted(status for status, _ in said) == [200, 400, 400, 400, 400]
        assert said.count(failure("No integration found.")) == 4


def test_of_those_who_change_the_same_the_last_stays(admin):
    for _ in range(10):
        document = create(admin, INCOMING)
        names = [new_name() for _ in range(5)]
        jobs = [
            lambda c=admin.another(), n=name: update(c, document, name=n, alias=n) for name in names
        ]
        answered = together(jobs)
        after = stored(admin, document)
        assert after in answered
        assert after["name"] == after["alias"]


@pytest.mark.parametrize("what", ["a username", "a channel", "a token's name"])
def test_of_those_who_want_the_same_name_one_gets_it(admin, what):
    def attempt(client, name):
        if what == "a username":
            body = {"username": name, "name": name, "password": PASSWORD}
            return client.post("users.create", {**body, "email": f"{new_name()}@example.com"})
        if what == "a channel":
            return client.post("channels.create", {"name": name})
        return client.post("users.generatePersonalAccessToken", {"tokenName": name})

    for _ in range(3):
        name = new_name("wanted")
        said = together([lambda c=admin.another(): attempt(c, name).status for _ in range(4)])
        assert sorted(said) == [200, 400, 400, 400]


def test_two_administrators_cannot_both_be_the_one_who_leaves(new_server):
    server = new_server().start()
    admin = server.admin()
    second = add_user(admin, roles=["admin"])["username"]
    jobs = [
        lambda c=admin.another(), n=name: c.post(
            "roles.removeUserFromRole", {"username": n, "roleId": "admin"}
        ).status
        for name in ("admin", second)
    ]
    statuses = together(jobs)
    assert 200 in statuses and statuses != [200, 200]


def test_rights_accounts_and_settings_change_while_others_are_served(server, admin):
    """Nobody sees anything but one of the two truths."""
    user = add_client(admin)
    document = create(admin, INCOMING)
    done = threading.Event()

    def toggle():
        try:
            for n in range(30):
                roles = ["admin", "user"] if n % 2 else ["admin"]
                set_permissions(admin, {permission: roles for permission in ALL_FOUR})
                admin.post("settings/API_Default_Count", {"value": 10 + n % 2}).ok()
                update(admin, document, name=f"turn-{n}")
        finally:
            done.set()

    def ask():
        client = user.another()
        while not done.is_set():
            got = client.get("integrations.get", {"integrationId": document["_id"]})
            assert got.status == 200 or got.said == failure("not-authorized")
            listed = client.get("integrations.list")
            assert listed.status == 200 or listed.said == NO_PERMISSION

    def log_in():
        while not done.is_set():
            session = server.login(user.username, PASSWORD)
            assert session.get("me").ok()["_id"] == user.user_id
            session.post("logout")

    def add_by_command_line():
        while not done.is_set():
            outcome = gantry("user", "add", new_name("added"), "--data", server.folder)
            assert outcome.code == 0, outcome

    together([toggle, ask, ask, log_in, add_by_command_line])
