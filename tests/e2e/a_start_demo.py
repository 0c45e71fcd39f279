"""`gantry demo`: the request that the documentation of integrations.get shows, as it stands there,
gets the answers that stand there, byte for byte."""

import re
import stat
import subprocess

import pytest

from harness.bodies import failure, invalid, required
from harness.people import add_client, permissions
from harness.program import gantry
from harness.server import Server
from harness.table import table
from harness.waiting import eventually
from harness.wire import Wire

PAGE = "/api/v1/integrations.get?integrationId=659ea5e42dd9f928ada3e451"
USER_ID = "aobEdbYhXfu5hkeqG"
TOKEN = "9HqLlyZOugD_0YdwAJF8V47U3QHXSq"

NO_ADMIN = {"ADMIN_USERNAME": None, "ADMIN_PASS": None, "ADMIN_EMAIL": None}

THE_200 = (
    b'{"integration":{"_id":"659ea5e42dd9f928ada3e451","type":"webhook-outgoing",'
    b'"username":"test.cat","channel":["#general"],"scriptEnabled":true,"name":"test.cat",'
    b'"enabled":true,"event":"sendMessage","urls":["https://text2gif.guggy.com/guggify"],'
    b'"scriptEngine":"isolated-vm","userId":"CkCPNcvsvCDfmWLqC",'
    b'"_createdAt":"2024-01-10T14:12:52.201Z","_createdBy":{"_id":"CkCPNcvsvCDfmWLqC",'
    b'"username":"test.cat"},"_updatedAt":"2024-01-10T14:12:52.203Z"},"success":true}'
)
THE_401 = b'{"status":"error","message":"You must be logged in to do this."}'
THE_FIRST_400 = (
    b'{"success":false,"error":"must have required property \'integrationId\''
    b' [invalid-params]","errorType":"invalid-params"}'
)
THE_SECOND_400 = b'{"success":false,"error":"The integration does not exists."}'
THE_THIRD_400 = b'{"success":false,"error":"not-authorized"}'


@pytest.fixture(scope="module")
def demo(new_module_server):
    return new_module_server(command="demo", **NO_ADMIN).start()


@pytest.fixture(scope="module")
def caller(demo):
    return demo.client().with_token(USER_ID, TOKEN)


def the_request(*headers, target=PAGE):
    lines = [f"GET {target} HTTP/1.1", "Host: localhost:3000", *headers, "", ""]
    return "\r\n".join(lines).encode()


CREDENTIALS = (f"X-Auth-Token: {TOKEN}", f"X-User-Id: {USER_ID}")

ANSWERS = {
    "the request as it stands": (CREDENTIALS, PAGE, 200, THE_200),
    "without an id": (CREDENTIALS, "/api/v1/integrations.get", 400, THE_FIRST_400),
    "with an id that nothing has": (CREDENTIALS, PAGE + "0", 400, THE_SECOND_400),
    "of a creator who did not make it": (
        CREDENTIALS, f"{PAGE}&createdBy={USER_ID}", 400, THE_SECOND_400,
    ),
    "of its creator": (CREDENTIALS, f"{PAGE}&createdBy=CkCPNcvsvCDfmWLqC", 200, THE_200),
    "without headers": ((), PAGE, 401, THE_401),
    "without the user id": (CREDENTIALS[:1], PAGE, 401, THE_401),
    "without the token": (CREDENTIALS[1:], PAGE, 401, THE_401),
    "with a token that nobody has": (
        (CREDENTIALS[0] + "x", CREDENTIALS[1]), PAGE, 401, THE_401,
    ),
    "with the id of another user": (
        (CREDENTIALS[0], "X-User-Id: CkCPNcvsvCDfmWLqC"), PAGE, 401, THE_401,
    ),
    "without headers and without an id": ((), "/api/v1/integrations.get", 401, THE_401),
}  # fmt: skip


@pytest.mark.parametrize("headers, target, status, body", table(ANSWERS))
def test_the_documented_request_gets_the_documented_answer(demo, headers, target, status, body):
    with Wire(demo.address) as wire:
        wire.send(the_request(*headers, target=target))
        answer = wire.answer()
    assert answer.said == (status, body)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(body))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"


def test_without_permission_the_answer_is_not_authorized(demo, caller):
    with permissions(caller, {"manage-outgoing-integrations": []}):
        with Wire(demo.address) as wire:
            wire.send(the_request(*CREDENTIALS))
            assert wire.answer().said == (400, THE_THIRD_400)


def test_an_empty_id_has_its_own_words(caller):
    answer = caller.get("integrations.get", "integrationId=")
    assert answer.said == failure('The query parameter "integrationId" is required.')


def test_the_demonstration_prints_commands_that_work_as_they_are(demo):
    commands = eventually(
        lambda: [c for c in demo.printed().split("\n\n") if c.startswith("curl ")],
        "the demonstration to print its commands",
    )
    assert len(commands) in (2, 3)
    said = [subprocess.check_output(["sh", "-c", c + " --silent"], timeout=60) for c in commands]
    assert said[0] == THE_200
    assert all(answer.endswith(b'"success":true}') for answer in said)


def test_the_demonstration_says_loudly_what_it_is(demo):
    assert "DEMONSTRATION" in demo.printed()


def test_the_demonstration_can_be_started_again_on_its_own_folder(demo, caller):
    demo.restart()
    caller.address = demo.address
    assert caller.get(PAGE).said == (200, THE_200)


def test_the_demonstration_answers_the_rest_of_the_api_too(caller):
    assert caller.post("integrations.create", {}).said == invalid(
        required("type"), required("type"), "must match exactly one schema in oneOf"
    )
    assert add_client(caller).get(PAGE).said == (400, THE_THIRD_400)


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", ":0"])
def test_the_demonstration_listens_to_this_machine_only(folder, address):
    outcome = gantry("demo", "--data", folder / "data", "--listen", address)
    assert outcome.code == 2
    assert "127.0.0.1" in outcome.err
    assert not (folder / "data").exists()


def test_the_demonstration_does_not_touch_the_data_of_a_server(new_server):
    server = new_server().start()
    server.stop()
    outcome = gantry("demo", "--data", server.folder, "--listen", "127.0.0.1:0")
    assert outcome.code == 1
    assert re.search(r"^gantry: .+", outcome.err)
    server.start()
    assert server.client().with_token(USER_ID, TOKEN).get(PAGE).said == (401, THE_401)


def test_without_a_folder_the_demonstration_leaves_nothing_behind(folder):
    class InNewFolder(Server):
        """Like `make run`: no --data."""

        def arguments(self):
            return ["demo", "--listen", "127.0.0.1:0"]

    server = InNewFolder(folder, "demo", TMPDIR=str(folder), **NO_ADMIN)
    server.start()
    made = list(folder.iterdir())
    assert len(made) == 1
    assert stat.S_IMODE(made[0].stat().st_mode) == 0o700
    server.stop()
    assert list(folder.iterdir()) == []
