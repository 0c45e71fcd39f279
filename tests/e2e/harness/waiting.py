"""Waiting. A test that has to wait says for what; how long it takes is not part of any test, so
the end is generous and only there so that a broken server cannot hang the run."""

import time
from datetime import datetime

PATIENCE = 60.0  # seconds; the sanitizers are slow
PAUSE = 0.005


def eventually(condition, what):
    """Returns the first true value of condition()."""
    end = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {PATIENCE:.0f} s in vain for: {what}")
        time.sleep(PAUSE)


def let_pass(seconds):
    """For rules that speak of time: at least this much has passed afterwards. Not a way to hope
    that something else has happened meanwhile."""
    end = time.monotonic() + seconds
    while time.monotonic() <= end:
        time.sleep(PAUSE)


def past_moment_of(message):
    """Waits until the clock has left the millisecond in which the message was stored."""
    stored = datetime.fromisoformat(message["ts"].replace("Z", "+00:00")).timestamp()
    eventually(lambda: time.time() >= stored + 0.001, "the next millisecond")
