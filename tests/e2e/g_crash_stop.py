"""SIGTERM: whoever was heard is answered, the server ends within its bound and with code 0, and
nothing acknowledged is lost."""

import json
import re
import socket

import pytest
import requests

from harness.integrations import INCOMING, MOMENT
from harness.load import Load, everything
from harness.people import PASSWORD, add_user
from harness.waiting import eventually
from harness.wire import Wire, as_user, head

JSON_TYPE = "Content-Type: application/json"


def refuses_connections(address):
    """A connection that the kernel took while nobody listens any more is reset."""
    try:
        with socket.create_connection(address, timeout=60):
            return False
    except ConnectionRefusedError:
        return True


def create_request(admin, name, *lines):
    body = json.dumps({**INCOMING, "name": name}).encode()
    lines = (*as_user(admin), JSON_TYPE, f"Content-Length: {len(body)}", *lines)
    return head("POST", "/api/v1/integrations.create", *lines), body


def login_request(name):
    body = json.dumps({"user": name, "password": PASSWORD}).encode()
    return head("POST", "/api/v1/login", JSON_TYPE, f"Content-Length: {len(body)}") + body


def made_of(answer):
    assert answer.status == 200, answer
    return json.loads(answer.body)["integration"]


@pytest.mark.concurrent
def test_under_load_everything_acknowledged_is_there_after_the_stop(new_server):
    server = new_server().start()
    load = Load(server.admin(), 6)
    for _ in range(3):
        load.start(server.address)
        before = load.acknowledged()
        eventually(lambda: load.acknowledged() >= before + 100, "100 changes")
        server.stop()
        load.join()
        for writer in load.writers:
            assert isinstance(writer.end, requests.ConnectionError), "an answer was cut short"
        server.start()
        load.compare(load.writers[0].client.at(server.address))


def test_a_request_that_has_begun_is_answered_although_the_server_stops(new_server):
    """Each client was invited to send its body before the server was told to stop."""
    server = new_server().start()
    admin = server.admin()
    wires, bodies = [], []
    for n in range(12):
        request, body = create_request(admin, f"begun-{n}", "Expect: 100-continue")
        wires.append(Wire(server.address))
        wires[-1].send(request)
        assert wires[-1].answer().status == 100
        bodies.append(body)
    server.terminate()
    eventually(lambda: refuses_connections(server.address), "the server to stop listening")
    for wire, body in zip(wires, bodies):
        wire.send(body)
    made = []
    for wire in wires:
        answer = wire.answer()
        made.append(made_of(answer))
        assert answer.headers["connection"] == "close"
        assert wire.closes()
        wire.close()
    assert server.wait() == 0
    server.start()
    there = everything(admin.at(server.address))
    assert there == {document["_id"]: document["name"] for document in made}


def test_requests_that_wait_for_slow_work_are_answered_although_the_server_stops(new_server):
    server = new_server(GANTRY_SERVER_LOOPS="1", GANTRY_SERVER_STOP_TIMEOUT="1m").start()
    name = add_user(server.admin())["username"]
    wires = [Wire(server.address) for _ in range(20)]
    for wire in wires:
        wire.send(login_request(name))
    for _ in range(2):  # whoever answers this has read what was sent before
        assert server.client().get("/health").status == 200
    server.terminate()
    answers = [wire.answer() for wire in wires]
    assert [answer.status for answer in answers] == [200] * 20
    for wire in wires:
        wire.close()
    assert server.wait() == 0
    server.start()
    data = json.loads(answers[0].body)["data"]
    client = server.client().with_token(data["userId"], data["authToken"])
    assert client.get("me").status == 200


def test_requests_of_a_pipeline_that_was_read_are_all_answered(new_server):
    server = new_server(GANTRY_SERVER_LOOPS="1").start()
    admin = server.admin()
    with Wire(server.address) as wire:
        for n in range(30):
            wire.send(*create_request(admin, f"piped-{n}"))
        first = made_of(wire.answer())
        server.terminate()
        made = [first] + [made_of(wire.answer()) for _ in range(29)]
        assert wire.closes()
    assert server.wait() == 0
    server.start()
    there = everything(admin.at(server.address))
    assert list(there.values()) == [document["name"] for document in made]


def test_idle_clients_do_not_hold_the_server_up(new_server):
    server = new_server(GANTRY_HTTP_IDLE_TIMEOUT="1h", GANTRY_SERVER_STOP_TIMEOUT="1h").start()
    wires = [Wire(server.address) for _ in range(20)]
    for wire in wires:
        wire.send(head("GET", "/health"))
        assert wire.answer().status == 200
    server.terminate()
    for wire in wires:
        assert wire.closes()
    assert server.wait() == 0


def test_clients_that_never_finish_are_cut_at_the_bound(new_server):
    server = new_server(
        GANTRY_SERVER_STOP_TIMEOUT="200ms",
        GANTRY_HTTP_HEADER_TIMEOUT="1h",
        GANTRY_HTTP_BODY_TIMEOUT="1h",
        GANTRY_HTTP_IDLE_TIMEOUT="1h",
    ).start()
    silent, in_head, in_body = (Wire(server.address) for _ in range(3))
    in_head.send(b"GET /health HTTP/1.1\r\n")
    in_body.send(head("POST", "/api/v1/login", "Content-Length: 5", "Expect: 100-continue"))
    assert in_body.answer().status == 100
    server.terminate()
    assert server.wait() == 0
    for wire in silent, in_head, in_body:
        wire.rest()
        wire.close()


def test_a_second_signal_ends_the_server_at_once(new_server):
    server = new_server(GANTRY_SERVER_STOP_TIMEOUT="1h", GANTRY_HTTP_BODY_TIMEOUT="1h").start()
    with Wire(server.address) as wire:
        wire.send(head("POST", "/api/v1/login", "Content-Length: 5", "Expect: 100-continue"))
        assert wire.answer().status == 100
        server.terminate()
        eventually(lambda: refuses_connections(server.address), "the server to stop listening")
        server.terminate()
        assert server.wait() == -15
    server.start()


def test_the_log_says_when_it_listens_stops_and_has_stopped(new_server):
    server = new_server().start()
    server.stop()
    events = [re.search(r"event=(\S+)", line) for line in server.log]
    names = [event.group(1) for event in events if event]
    assert names[-2:] == ["stopping", "stopped"]
    assert "listening" in names
    assert all(re.match(rf"ts={MOMENT} level=\w+ event=", line) for line in server.log)
