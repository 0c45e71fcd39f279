"""The processes that run scripts: killed in the middle of a call, waiting for others, and many
integrations that share few of them."""

import os
import signal
import socket
import threading
from pathlib import Path

import pytest

from harness.bodies import SUCCESS, failure
from harness.hooks import call, texts
from harness.scripts import incoming, scripted
from harness.waiting import eventually

SETTINGS = {
    "GANTRY_SCRIPTS_WORKERS": "2",
    "GANTRY_SCRIPTS_CPU_TIME": "1s",
    "GANTRY_OUTBOUND_ALLOW": "127.0.0.0/8",
}

RUNNING = failure("error-running-script")

COUNTING = """
class Script {
  async process_incoming_request({ request }) {
    Store.set('calls', (Store.get('calls') || 0) + 1);
    if (request.content.loop) for (;;);
    if (request.content.url) await fetch(request.content.url);
    return { content: { text: 'call ' + Store.get('calls') } };
  }
}
"""


class Silence:
    """A receiver that accepts and never answers."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.held = []
        self.url = "http://127.0.0.1:%d/" % self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                self.held.append(self.listener.accept()[0])
            except OSError:
                return

    def close(self):
        self.listener.close()
        for connection in self.held:
            connection.close()


@pytest.fixture
def silence():
    receiver = Silence()
    yield receiver
    receiver.close()


class Caller(threading.Thread):
    """A call that goes on beside the test."""

    def __init__(self, server, hook, body):
        super().__init__()
        self.arguments = server.client(), hook, body
        self.answer = None
        self.start()

    def run(self):
        self.answer = call(*self.arguments)

    def said(self):
        self.join()
        return self.answer.said


def workers(server):
    tasks = Path(f"/proc/{server.process.pid}/task").iterdir()
    return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]


def running(pid):
    """CPU time it has used so far, in ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def busy_worker(server):
    """The one that is at work: its CPU time grows by more than a start costs."""
    before = {pid: running(pid) for pid in workers(server)}

    def grown():
        return [pid for pid in workers(server) if pid in before and running(pid) - before[pid] >= 20]

    return eventually(grown, "a worker at work")[0]


def test_a_worker_killed_in_the_middle_of_a_call_loses_that_call_alone(server, admin, nobody):
    hook, room = scripted(admin, COUNTING)
    other, beside = scripted(admin, COUNTING)
    for each in (hook, other):
        assert call(nobody, each, {}).said == SUCCESS
    looping = Caller(server, hook, {"loop": True})
    os.kill(busy_worker(server), signal.SIGKILL)
    assert looping.said() == RUNNING
    for each in (hook, other):
        assert call(nobody, each, {}).said == SUCCESS
    assert texts(admin, room) == ["call 1", "call 2"]
    assert texts(admin, beside) == ["call 1", "call 2"]


def test_workers_killed_while_a_call_awaits_change_nothing_for_it(server, admin, nobody, silence):
    hook, room = scripted(admin, COUNTING)
    assert call(nobody, hook, {}).said == SUCCESS
    awaiting = Caller(server, hook, {"url": silence.url})
    eventually(lambda: silence.held, "the fetch")
    for pid in workers(server):
        os.kill(pid, signal.SIGKILL)
    silence.held[0].sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert awaiting.said() == SUCCESS
    assert texts(admin, room) == ["call 1", "call 2"]


def test_all_workers_killed_again_and_again_lose_no_state(server, admin, nobody):
    hooks = [scripted(admin, COUNTING) for _ in range(4)]
    for n in range(1, 6):
        for hook, _ in hooks:
            assert call(nobody, hook, {}).said == SUCCESS
        for pid in workers(server):
            os.kill(pid, signal.SIGKILL)
    for _, room in hooks:
        assert texts(admin, room) == [f"call {n}" for n in range(1, 6)]


def test_a_call_that_awaits_for_ever_ends_at_the_wall_limit(new_server, silence):
    server = new_server(**SETTINGS, GANTRY_SCRIPTS_WALL_TIME="1s").start()
    admin, nobody = server.admin(), server.client()
    hook, room = scripted(admin, COUNTING)
    assert call(nobody, hook, {"url": silence.url}).said == RUNNING
    assert call(nobody, hook, {}).said == SUCCESS
    assert texts(admin, room) == ["call 1"]


def test_awaits_and_loops_of_others_keep_nobody_waiting(server, admin, nobody, silence):
    awaiting = [Caller(server, scripted(admin, COUNTING)[0], {"url": silence.url}) for _ in range(10)]
    eventually(lambda: len(silence.held) == 10, "ten fetches")
    looping = [Caller(server, scripted(admin, COUNTING)[0], {"loop": True}) for _ in range(5)]
    eleventh, room = scripted(admin, incoming("return { content: { text: 'here' } }"))
    for _ in range(3):
        assert call(nobody, eleventh, {}).said == SUCCESS
    assert texts(admin, room) == ["here"] * 3
    assert any(caller.is_alive() for caller in awaiting)
    assert [caller.said() for caller in looping] == [RUNNING] * 5
    for connection in silence.held:
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert [caller.said() for caller in awaiting] == [SUCCESS] * 10


def test_a_fetch_is_answered_or_refused_by_the_rules_of_outbound_calls(admin, nobody, server):
    body = "return fetch(request.content.url).then(r => ({ error: 'status ' + r.status }), e => ({ error: e.message }))"
    hook, _ = scripted(admin, incoming(body))
    answer = call(nobody, hook, {"url": server.url + "/health"})
    assert answer.said == failure("status 200")
    for url in ("http://[::1]:1/", "http://169.254.169.254/latest", "http://10.0.0.1/", "file:///etc/passwd"):
        refused = call(nobody, hook, {"url": url})
        assert refused.status == 400 and b"status" not in refused.body
    assert b"outbound.allow" in call(nobody, hook, {"url": "http://10.0.0.1/"}).body


def test_states_that_do_not_fit_into_memory_come_back_from_the_file(new_server):
    server = new_server(**SETTINGS, GANTRY_SCRIPTS_STATES="16m").start()
    admin, nobody = server.admin(), server.client()
    hooks = [scripted(admin, COUNTING) for _ in range(70)]
    for _ in range(2):
        for hook, _ in hooks:
            assert call(nobody, hook, {}).said == SUCCESS
    for _, room in hooks:
        assert texts(admin, room) == ["call 1", "call 2"]


def test_an_update_forgets_the_state_and_a_stop_ends_the_workers(new_server):
    server = new_server(**SETTINGS).start()
    admin, nobody = server.admin(), server.client()
    hook, room = scripted(admin, COUNTING)
    for _ in range(2):
        assert call(nobody, hook, {}).said == SUCCESS
    pids = workers(server)
    assert len(pids) == 2
    server.restart()
    assert call(server.client(), hook, {}).said == SUCCESS
    assert texts(server.admin(), room) == ["call 1", "call 2", "call 1"]
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_stop_does_not_wait_for_a_fetch_that_nobody_awaits(new_server, silence):
    server = new_server(**SETTINGS, GANTRY_SCRIPTS_WALL_TIME="10m").start()
    hook, _ = scripted(server.admin(), incoming("fetch(request.content.url); return"))
    assert call(server.client(), hook, {"url": silence.url}).said == SUCCESS
    eventually(lambda: silence.held, "the fetch")
    server.stop()
