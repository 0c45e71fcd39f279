"""Servers that outgoing webhooks call. Each keeps what came, as it came, and answers as it is told:
with an answer, with one after the other, or not at all."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .waiting import PATIENCE, eventually


class Call:
    """One request: headers by their names in lower case, in the order they came."""

    def __init__(self, handler, body):
        self.method = handler.command
        self.path = handler.path
        self.header_list = [(name.lower(), value) for name, value in handler.headers.items()]
        self.headers = dict(self.header_list)
        self.body = body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.method} {self.path} {self.body[:200]!r}>"


class Reply:
    def __init__(self, status=200, body=b"", **headers):
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if not isinstance(body, bytes):
            self.headers.setdefault("Content-Type", "application/json")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        reply = self.server.receiver._answer(Call(self, body))
        if reply is None:  # as a receiver that died
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # the caller went away; what the test waits for tells it


class Receiver:
    """`answers`: what is answered, in order; the last one stays. An answer is a Reply, None for a
    connection that breaks, or a function of the call that returns one of them."""

    def __init__(self, *answers, address=("127.0.0.1", 0)):
        self.answers = list(answers) or [Reply()]
        self.calls = []
        self.released = threading.Event()  # for those that hang
        self._lock = threading.Lock()
        self._server = _Server(address, _Handler)
        self._server.receiver = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def address(self):
        return self._server.server_address

    @property
    def url(self):
        return "http://{}:{}".format(*self.address)

    def hangs(self, reply=None):
        """An answer that waits until release()."""

        def wait(_call):
            self.released.wait(PATIENCE)
            return reply or Reply()

        return wait

    def release(self):
        self.released.set()

    def _answer(self, call):
        with self._lock:
            self.calls.append(call)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(call) if callable(answer) else answer

    def wait(self, count):
        """The first `count` calls, once they have come."""
        eventually(lambda: len(self.calls) >= count, f"{count} calls, there are {self.calls}")
        return self.calls[:count]

    def only(self):
        """The one call that came."""
        (call,) = self.wait(1)
        assert len(self.calls) == 1, self.calls
        return call

    def close(self):
        self.release()
        self._server.shutdown()
        self._server.server_close()


def closed_port():
    """An address where nobody listens."""
    receiver = Receiver()
    receiver.close()
    return receiver.url
