"""Streams of events: what a reader costs who waits, and one who is told."""

import selectors
import shutil
import socket

from harness import Gantry, temporary_folder

READERS, EVENTS = 1000, 100
QUIET = {"OVERWRITE_SETTING_API_Enable_Rate_Limiter": "false", "GANTRY_LOG_LEVEL": "error"}


class Readers:
    """Streams of one room, and how many events each has seen."""

    def __init__(self, server, count):
        self.selector = selectors.EpollSelector()
        self.sockets = [self.open(server) for _ in range(count)]
        self.seen = 0

    def open(self, server):
        s = socket.create_connection(("127.0.0.1", server.port))
        named = "".join(f"{name}: {value}\r\n" for name, value in server.headers.items())
        s.sendall(f"GET /ext/v1/events?rooms=GENERAL HTTP/1.1\r\nHost: a\r\n{named}\r\n".encode())
        text = b""
        while b"event: ready" not in text:
            text += s.recv(65536)
        self.selector.register(s, selectors.EVENT_READ)
        return s

    def wait(self, events):
        """Until so many have come to each."""
        while self.seen < events * len(self.sockets):
            for key, _ in self.selector.select(30):
                self.seen += key.fileobj.recv(1 << 20).count(b"event: message\n")

    def close(self):
        for s in self.sockets:
            s.close()


def post(server, text):
    server.call("POST", "/api/v1/chat.sendMessage", {"message": {"rid": "GENERAL", "msg": text}})


def cpu_of_posts(server, readers=None):
    """Microseconds of the server for a post, until everybody has it."""
    before = server.cpu_seconds()
    for n in range(EVENTS):
        post(server, f"message {n}")
        if readers is not None:
            readers.wait(n + 1)
    return (server.cpu_seconds() - before) * 1e6 / EVENTS


def event_readers():
    """1,000 readers of one room: memory of each, and CPU for an event to each."""
    folder = temporary_folder()
    server = Gantry(folder, QUIET).login()
    warm = Readers(server, 10)
    alone = cpu_of_posts(server)
    warm.close()
    before = server.memory_kb()
    readers = Readers(server, READERS)
    memory = (server.memory_kb() - before) * 1024 / READERS
    told = cpu_of_posts(server, readers)
    each = (told - alone) / READERS
    readers.close()
    server.stop()
    shutil.rmtree(folder)
    return [
        ("memory of each of 1,000 readers that wait", f"{memory:.0f} bytes", "≤ 4,096", memory <= 4096),
        ("CPU for an event to one of 1,000 readers", f"{each:.1f} µs", "≤ 15 µs", each <= 15),
    ]


ALL = [event_readers]
