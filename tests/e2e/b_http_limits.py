"""Limits and deadlines. Every limit is a small one here, every deadline but the one in question an
hour: who is cut in time is cut by that one."""

import os
import select
import socket
import threading

import pytest

from harness.bodies import NOBODY, ONE_OF, invalid, required
from harness.people import PASSWORD, add_client, add_user
from harness.table import table
from harness.waiting import PATIENCE, eventually
from harness.wire import Wire, as_user, head

SETTINGS = {
    "GANTRY_HTTP_BODY_BYTES": "4k",
    "GANTRY_HTTP_HEADER_BYTES": "2k",
    "GANTRY_HTTP_HEADER_COUNT": "10",
}

ME = head("GET", "/api/v1/me")


def send_and_hear(server, *pieces):
    with Wire(server.address) as wire:
        wire.send(*pieces)
        answer = wire.answer()
        assert wire.closes()
    return answer


# Sizes


def create_of(size):
    """A body of that many bytes that the schema refuses."""
    return b'{"type":"webhook-incoming"' + b" " * (size - 27) + b"}"


def create_request(admin, *lines):
    lines = (*as_user(admin), "Content-Type: application/json", *lines)
    return head("POST", "/api/v1/integrations.create", *lines)


REFUSAL = invalid(required("username"), required("username"), ONE_OF)


def test_a_body_may_be_as_large_as_the_limit(server, admin):
    with Wire(server.address) as wire:
        wire.send(create_request(admin, "Content-Length: 4096"), create_of(4096))
        assert wire.answer().said == REFUSAL
        wire.send(create_request(admin, "Transfer-Encoding: chunked"))
        wire.send(b"1000\r\n", create_of(4096), b"\r\n0\r\n\r\n")
        assert wire.answer().said == REFUSAL


@pytest.mark.parametrize("size", [4097, 1_000_000])
def test_a_body_beyond_the_limit_is_refused_also_to_who_sends_it_all(server, admin, size):
    request = create_request(admin, f"Content-Length: {size}")
    answer = send_and_hear(server, request, b"x" * size)
    assert answer.status == 413
    assert b"4096" in answer.body


def test_chunks_that_grow_beyond_the_limit_are_refused(server, admin):
    request = create_request(admin, "Transfer-Encoding: chunked")
    assert send_and_hear(server, request, b"10\r\n0123456789abcdef\r\n" * 257).status == 413


def test_headers_may_be_as_many_as_the_limit(server):
    most = [f"X-{n}: x" for n in range(9)]  # and Host
    with Wire(server.address) as wire:
        wire.send(head("GET", "/api/v1/me", *most))
        assert wire.answer().said == NOBODY
    assert send_and_hear(server, head("GET", "/api/v1/me", *most, "X: x")).status == 431


def test_a_head_may_be_as_large_as_the_limit(server):
    start = head("GET", "/api/v1/me", "X: ")
    request = head("GET", "/api/v1/me", "X: " + "x" * (2048 - len(start)))
    assert len(request) == 2048
    with Wire(server.address) as wire:
        wire.send(request)
        assert wire.answer().said == NOBODY
    larger = head("GET", "/api/v1/me", "X: " + "x" * (2049 - len(start)))
    assert send_and_hear(server, larger).status == 431


def test_one_connection_too_many_is_told_so_and_others_are_served(new_server):
    server = new_server(GANTRY_HTTP_CONNECTIONS="3", GANTRY_SERVER_LOOPS="1").start()
    eventually(lambda: open_connections(server) == 0, "the first client to be gone")
    wires = [Wire(server.address) for _ in range(3)]
    for wire in wires:
        wire.send(ME)
        assert wire.answer().said == NOBODY
    with Wire(server.address) as crowded:
        answer = crowded.answer()
        assert answer.status == 503
        assert crowded.closes()
    for wire in wires:
        wire.send(ME)
        assert wire.answer().said == NOBODY
    wires[0].close()
    eventually(lambda: open_connections(server) == 2, "the server to see the client go")
    with Wire(server.address) as wire:
        wire.send(ME)
        assert wire.answer().said == NOBODY
    for wire in wires:
        wire.close()


def test_a_client_that_reads_slowly_gets_all_it_asked_for(server, admin):
    request = head("GET", "/api/v1/permissions.listAll", *as_user(admin))
    expected = admin.get("permissions.listAll").body
    with Wire(server.address, receive_buffer=4096) as wire:
        sender = threading.Thread(target=wire.send, args=(request * 200,))
        sender.start()
        for _ in range(200):
            assert wire.answer().body == expected
        sender.join()


# Deadlines

HOUR = {f"GANTRY_HTTP_{name}_TIMEOUT": "1h" for name in ("HEADER", "BODY", "IDLE", "WRITE")}

SLOW = {
    "who says nothing": ("HEADER", b"", b""),
    "who stops in the request line": ("HEADER", b"GET /api/v1/m", b""),
    "who stops between headers": ("HEADER", b"GET / HTTP/1.1\r\nHost: x\r\n", b""),
    "who sends a header a byte at a time": ("HEADER", b"GET / HTTP/1.1\r\nX: ", b"x"),
    "who sends empty lines": ("HEADER", b"\r\n", b"\r\n"),
    "who stops before the body": ("BODY", head("POST", "/api/v1/login", "Content-Length: 9"), b""),
    "who sends a body a byte at a time": (
        "BODY", head("POST", "/api/v1/login", "Content-Length: 3000"), b"x",
    ),
    "who sends a chunk a byte at a time": (
        "BODY", head("POST", "/api/v1/login", "Transfer-Encoding: chunked") + b"bb8\r\n", b"x",
    ),
    "who stays without another request": ("IDLE", ME, b""),
}  # fmt: skip


def drip(wire, drop):
    """Sends a drop whenever a moment has passed without the server saying anything, until the
    server closes the connection; returns what it said."""
    while True:
        ready, _, _ = select.select([wire.socket], [], [], 0.02 if drop else PATIENCE)
        if ready:
            return wire.rest()
        assert drop, "the server never cut the connection"
        wire.send(drop)


@pytest.fixture(scope="module")
def servers_with_one_deadline(new_module_server):
    """{name: server} of which each has one short deadline."""
    names = ("HEADER", "BODY", "IDLE", "WRITE")
    short = {name: {f"GANTRY_HTTP_{name}_TIMEOUT": "300ms"} for name in names}
    return {name: new_module_server(**{**HOUR, **short[name]}).start() for name in names}


@pytest.mark.parametrize("deadline, begin, drop", table(SLOW))
def test_a_slow_client_is_cut_by_its_own_deadline_while_others_are_served(
    servers_with_one_deadline, deadline, begin, drop
):
    server = servers_with_one_deadline[deadline]
    with Wire(server.address) as wire:
        wire.send(begin)
        if deadline == "IDLE":
            assert wire.answer().said == NOBODY
        assert server.client().get("me").said == NOBODY
        said = drip(wire, drop)
        assert server.client().get("me").said == NOBODY
    assert said == b"" or said.startswith(b"HTTP/1.1 408 ")
    assert deadline != "IDLE" or said == b""


def is_cut(wire):
    """Whether the server has reset or closed the connection, without reading what it sent."""
    poll = select.poll()
    poll.register(wire.socket, select.POLLHUP | select.POLLERR | select.POLLRDHUP)
    return poll.poll(0) != []


def test_a_client_that_takes_no_answers_is_cut(servers_with_one_deadline):
    server = servers_with_one_deadline["WRITE"]
    request = head("GET", "/api/v1/permissions.listAll", *as_user(server.admin()))
    with Wire(server.address, receive_buffer=4096) as wire:
        wire.socket.setblocking(False)
        waiting = request * 20_000

        def cut():
            nonlocal waiting
            try:
                waiting = waiting[wire.socket.send(waiting) :]
            except BlockingIOError:
                pass
            except (BrokenPipeError, ConnectionResetError):
                return True
            return is_cut(wire)

        eventually(cut, "the server to cut a client that reads nothing")
    assert server.client().get("me").said == NOBODY


# Clients that leave


def open_connections(server):
    """Sockets of the server that are neither listening nor its control socket."""
    port = f":{server.address[1]:04X} "
    with open("/proc/net/tcp") as lines:
        return sum(1 for line in lines if port in line[:24] and line.split()[3] == "01")


def open_files(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def login_request(name, password):
    body = f'{{"user":"{name}","password":"{password}"}}'.encode()
    lines = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    return head("POST", "/api/v1/login", *lines) + body


def leave_while_the_work_waits(server, crowd_size, name):
    """Somebody logs in and leaves, while a crowd is in line before him. True when his work cannot
    have begun before he left: the end of the crowd was still waiting then."""
    crowd = [Wire(server.address) for _ in range(crowd_size)]
    for wire in crowd:
        wire.send(login_request("admin", "a wrong one"))
    server.client().get("/health")
    leaver = Wire(server.address)
    leaver.send(login_request(name, PASSWORD))
    leaver.close()
    for _ in range(3):  # whoever answers this has seen the leaver go, in an earlier turn
        server.client().get("/health")
    waited = all(wire.is_silent() for wire in crowd[-4:])
    for wire in crowd:
        assert wire.answer().status == 401
        wire.close()
    return waited


def test_the_work_for_a_client_that_left_is_not_done(new_server):
    server = new_server(
        GANTRY_SERVER_LOOPS="1", OVERWRITE_SETTING_Block_Multiple_Failed_Logins_Enabled="false"
    ).start()
    admin = server.admin()
    for crowd_size in 16, 64, 200:
        name = add_user(admin)["username"]
        if leave_while_the_work_waits(server, crowd_size, name):
            break
    else:
        pytest.fail("no crowd was large enough to keep the server busy")
    info = admin.get("users.info", {"username": name}).ok()["user"]
    assert "lastLogin" not in info


@pytest.mark.concurrent
def test_clients_that_leave_take_everything_with_them(new_server):
    server = new_server(GANTRY_SERVER_LOOPS="2").start()
    admin = server.admin()
    before = open_files(server)
    requests = [
        head("GET", "/api/v1/integrations.list", *as_user(admin)),
        login_request("nobody-there", "x"),
        head("GET", "/api/v1/permissions.listAll", *as_user(admin)) * 20,
        head("POST", "/api/v1/login", "Content-Length: 100") + b"half",
        b"GET /half",
        b"",
    ]

    def come_and_go():
        for n in range(60):
            wire = Wire(server.address)
            wire.send(requests[n % len(requests)])
            if n % 3 == 0:  # with a reset
                wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            wire.close()

    threads = [threading.Thread(target=come_and_go) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    eventually(lambda: open_files(server) <= before, "the server to close what nobody holds")
    assert add_client(admin).get("me").status == 200
