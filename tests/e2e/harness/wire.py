"""The wire itself: bytes to a socket, and answers taken apart by hand."""

import select
import socket

from .waiting import PATIENCE


class WireAnswer:
    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.version, status, self.reason = (lines[0].split(" ", 2) + [""])[:3]
        self.status = int(status)
        pairs = [line.split(":", 1) for line in lines[1:]]
        self.headers = {name.lower(): value.strip() for name, value in pairs}
        self.body = body

    @property
    def said(self):
        return self.status, self.body

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body!r}>"


class Wire:
    """A connection. Whatever is sent is sent as it is; answers are read one after the other."""

    def __init__(self, address, receive_buffer=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(address)
        self.received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, *pieces):
        """All of it, unless the server has closed the connection meanwhile."""
        try:
            self.socket.sendall(b"".join(pieces))
        except (BrokenPipeError, ConnectionResetError):
            pass

    def finish(self):
        """Nothing more will be sent; answers still can come."""
        self.socket.shutdown(socket.SHUT_WR)

    def _more(self):
        """Reads what has come. False at the end of the connection."""
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            piece = b""
        self.received += piece
        return piece != b""

    def _until(self, mark):
        while mark not in self.received:
            assert self._more(), f"the connection ended after {self.received!r}"
        part, self.received = self.received.split(mark, 1)
        return part

    def _exactly(self, length):
        while len(self.received) < length:
            assert self._more(), f"the connection ended after {self.received!r}"
        part, self.received = self.received[:length], self.received[length:]
        return part

    def answer(self, to_head=False):
        """The next answer; `to_head`: of a HEAD, which has no body."""
        head = self._until(b"\r\n\r\n")
        answer = WireAnswer(head, b"")
        length = int(answer.headers.get("content-length", 0))
        if not to_head and answer.status >= 200:
            answer.body = self._exactly(length)
        return answer

    def is_silent(self):
        """Nothing has come and the connection is open."""
        ready, _, _ = select.select([self.socket], [], [], 0)
        return not ready and self.received == b""

    def rest(self):
        """Everything up to the end of the connection."""
        while self._more():
            pass
        rest, self.received = self.received, b""
        return rest

    def closes(self):
        """Waits until the server has closed the connection, without another answer."""
        return self.rest() == b""


def head(method, target, *headers):
    """A request head with a Host."""
    lines = [f"{method} {target} HTTP/1.1", "Host: gantry.test", *headers, "", ""]
    return "\r\n".join(lines).encode()


def as_user(client):
    """The header lines that say who one is."""
    return f"X-User-Id: {client.user_id}", f"X-Auth-Token: {client.token}"
