"""One running server: a process of its own on a free port, with its own folder."""

import re
import signal
import subprocess
import threading
from collections import deque

from .client import Client
from .program import binary, environment
from .waiting import PATIENCE, eventually

ADMIN_NAME = "admin"
ADMIN_PASSWORD = "admin-s3cret"

# What most tests want of a server: somebody who may do everything, and no rate limits.
PLAIN = {
    "ADMIN_USERNAME": ADMIN_NAME,
    "ADMIN_PASS": ADMIN_PASSWORD,
    "ADMIN_EMAIL": "admin@example.com",
    "OVERWRITE_SETTING_API_Enable_Rate_Limiter": "false",
}

LISTENING = re.compile(r"event=listening .*\baddress=(\S+):(\d+)")


class Server:
    """`server = Server(folder)` and `server.start()`; the folder outlives stop(), kill() and
    start() again. Settings are environment variables; None takes one of PLAIN away."""

    def __init__(self, folder, command="serve", **settings):
        self.folder = folder
        self.command = command
        self.settings = {k: v for k, v in {**PLAIN, **settings}.items() if v is not None}
        self.process = None
        self.address = None
        self.log = deque(maxlen=5000)
        self._reader = None
        self._printed = []

    def arguments(self):
        return [self.command, "--data", str(self.folder), "--listen", "127.0.0.1:0"]

    # Life

    def launch(self, preexec=None, **settings):
        """Starts the process without waiting for it to listen."""
        assert self.process is None, "the server runs already"
        self.address = None
        self.process = subprocess.Popen(
            [binary(), *self.arguments()],
            env=environment({**self.settings, **settings}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            preexec_fn=preexec,
        )
        self._reader = [
            threading.Thread(target=self._read_log, args=(self.process.stderr,), daemon=True),
            threading.Thread(target=self._read_out, args=(self.process.stdout,), daemon=True),
        ]
        for reader in self._reader:
            reader.start()
        return self

    def start(self, preexec=None, **settings):
        """Starts it; returns when it answers."""
        self.launch(preexec, **settings)
        eventually(lambda: self.address or not self.alive(), "the server to listen")
        assert self.alive(), f"the server did not start:\n{self.said()}"
        somebody = self.client()
        assert somebody.get("/health").status == 200
        somebody.close()
        return self

    def alive(self):
        return self.process.poll() is None

    def terminate(self):
        """Asks it to stop; wait() tells how it ended."""
        self.process.send_signal(signal.SIGTERM)

    def kill(self):
        """kill -9: nothing of it can say goodbye."""
        self.process.kill()
        self.wait()

    def wait(self):
        """The exit code; after this the server can be started again."""
        code = self.process.wait(PATIENCE)
        for reader in self._reader:
            reader.join(PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()
        self.process = None
        return code

    def stop(self):
        """Ends it in good order, and says so when the order was not good."""
        self.terminate()
        code = self.wait()
        assert code == 0, f"the server ended with {code}:\n{self.said()}"

    def restart(self, **settings):
        self.stop()
        return self.start(**settings)

    def clear_away(self):
        """For the end of a test, whatever it left behind."""
        if self.process is None:
            return
        if self.alive():
            self.stop()
        else:
            code = self.wait()
            assert code == 0, f"the server had died with {code}:\n{self.said()}"

    # What it says

    def _read_log(self, stream):
        for line in stream:
            self.log.append(line)
            found = LISTENING.search(line)
            if found:
                self.address = (found.group(1), int(found.group(2)))

    def _read_out(self, stream):
        for line in stream:
            self._printed.append(line)

    def said(self):
        """Everything it wrote to stderr."""
        return "".join(self.log)

    def printed(self):
        """Everything it wrote to stdout."""
        return "".join(self._printed)

    # Speaking to it

    @property
    def url(self):
        return "http://{}:{}".format(*self.address)

    def client(self):
        """Somebody nobody knows."""
        return Client(self.address)

    def login(self, name, password):
        return self.client().login(name, password)

    def admin(self):
        return self.login(ADMIN_NAME, ADMIN_PASSWORD)
