"""A reader of an event stream: a socket, and the events that came over it."""

import json
import socket
from urllib.parse import quote

from .waiting import PATIENCE

PATH = "/ext/v1/events"


class Event:
    def __init__(self, block):
        self.name, self.id, self.retry, data, self.comments = "", None, None, [], []
        for line in block.split("\n"):
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if line.startswith(":"):
                self.comments.append(value)
            elif field == "event":
                self.name = value
            elif field == "id":
                self.id = value
            elif field == "retry":
                self.retry = value
            elif field == "data":
                data.append(value)
        self.text = "\n".join(data)

    @property
    def data(self):
        return json.loads(self.text)

    def __repr__(self):
        return f"<{self.name} {self.id} {self.text}>"


class Stream:
    """stream = Stream(client, rooms="GENERAL"); `stream.next()` waits for the next event that has
    data. The client's token goes in headers, or in the query with `by_query`."""

    def __init__(self, client, last=None, by_query=False, buffer=None, method="GET", **query):
        headers = {"Host": "gantry", "Accept": "text/event-stream"}
        if by_query:
            query = {"userId": client.user_id, "authToken": client.token, **query}
        elif client.token is not None:
            headers.update({"X-User-Id": client.user_id, "X-Auth-Token": client.token})
        if last is not None:
            headers["Last-Event-ID"] = last
        self.socket = socket.socket()
        if buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(client.address)
        asked = "&".join(f"{k}={quote(v)}" for k, v in query.items())
        lines = [f"{method} {PATH}{'?' + asked if asked else ''} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.bytes = b""
        self.events = []  # all blocks, comments too
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def _more(self):
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            piece = b""
        self.bytes += piece
        self.ended = piece == b""
        return not self.ended

    def head(self):
        """Status and headers of the answer, in lower case."""
        while b"\r\n\r\n" not in self.bytes:
            assert self._more(), f"the connection ended after {self.bytes!r}"
        head, self.bytes = self.bytes.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        pairs = [line.split(": ", 1) for line in lines[1:]]
        return int(lines[0].split(" ")[1]), {n.lower(): v for n, v in pairs}

    def block(self):
        """The next block whatever it is; None at the end."""
        while b"\n\n" not in self.bytes:
            if not self._more():
                return None
        block, self.bytes = self.bytes.split(b"\n\n", 1)
        self.events.append(Event(block.decode()))
        return self.events[-1]

    def next(self):
        event = self.block()
        while event is not None and not event.name:
            event = self.block()
        assert event is not None, "the stream has ended"
        return event

    def begin(self):
        """Reads up to the stream's own first event, and returns that."""
        status, _ = self.head()
        assert status == 200, self.bytes
        ready = self.next()
        assert ready.name == "ready"
        return ready

    def refused(self):
        """Status and document of an answer that is no stream."""
        status, headers = self.head()
        while len(self.bytes) < int(headers["content-length"]):
            assert self._more()
        self.close()
        return status, json.loads(self.bytes)

    def rest(self):
        """What comes until the stream ends, as events with data."""
        events = []
        while (event := self.block()) is not None:
            events += [event] if event.name else []
        return events
