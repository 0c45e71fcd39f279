"""The program as somebody at a terminal sees it."""

import os
import subprocess
from pathlib import Path

from .waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[3]
INHERITED = ("PATH", "TMPDIR", "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")


def binary():
    return os.environ.get("GANTRY_BIN", str(ROOT / "build" / "dev" / "gantry"))


def environment(extra=None):
    """Only what was asked for: what the caller's shell has set must not change a test. The
    sanitizers' options are passed on, for their reports are collected elsewhere."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {**inherited, **(extra or {})}


class Outcome:
    """How a command ended, and what it printed."""

    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def __repr__(self):
        return f"<exit {self.code}\nstdout: {self.out}\nstderr: {self.err}>"


def gantry(*arguments, env=None, stdin="", cwd=None):
    done = subprocess.run(
        [binary(), *map(str, arguments)],
        env=environment(env),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        cwd=cwd,
        check=False,
    )
    return Outcome(done)
