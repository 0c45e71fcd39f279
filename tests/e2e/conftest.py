"""Servers for the tests. A module shares one server; a test that stops or breaks its server, or
wants other settings, takes one of its own from `new_server`.

The first letter of a file orders them, simple things before complex ones: a start and command
line, b the wire, c accounts, d rights, e rooms, f integrations, g what is left after a crash.
"""

import shutil
import tempfile
from pathlib import Path

import pytest

pytest.register_assert_rewrite("harness")

from harness.people import add_client  # noqa: E402
from harness.program import binary  # noqa: E402
from harness.receiver import Receiver  # noqa: E402
from harness.server import Server  # noqa: E402


def pytest_sessionstart(session):
    if not session.config.option.collectonly and not Path(binary()).is_file():
        pytest.exit(f"there is no {binary()}; build it, or set GANTRY_BIN", 2)


def _folder():
    return Path(tempfile.mkdtemp(prefix="gantry-e2e-"))


@pytest.fixture
def folder():
    """An empty folder, gone after the test."""
    path = _folder()
    yield path
    shutil.rmtree(path, ignore_errors=True)


def _servers():
    """What makes servers, and what ends them."""
    servers = []

    def make(folder=None, command="serve", **settings):
        server = Server(folder or _folder(), command, **settings)
        servers.append(server)
        return server

    def clear_away():
        try:
            for server in reversed(servers):
                server.clear_away()
        finally:
            for server in servers:
                if server.process is not None:
                    server.kill()
                shutil.rmtree(server.folder, ignore_errors=True)

    return make, clear_away


@pytest.fixture
def new_server():
    """new_server(**settings) makes a server, not yet started; it ends with the test."""
    make, clear_away = _servers()
    yield make
    clear_away()


@pytest.fixture(scope="module")
def new_module_server():
    """The same, but the server ends with the module."""
    make, clear_away = _servers()
    yield make
    clear_away()


@pytest.fixture(scope="module")
def server(request, new_module_server):
    """The server of the module. SETTINGS in the module are its own settings."""
    return new_module_server(**getattr(request.module, "SETTINGS", {})).start()


@pytest.fixture(scope="module")
def admin(server):
    return server.admin()


@pytest.fixture(scope="module")
def user(admin):
    """Somebody who is nothing but a user."""
    return add_client(admin, "plain-user")


@pytest.fixture
def nobody(server):
    return server.client()


@pytest.fixture
def new_receiver():
    """new_receiver(answers...) makes a server that outgoing calls reach; it ends with the test."""
    made = []

    def make_one(*answers, **more):
        made.append(Receiver(*answers, **more))
        return made[-1]

    yield make_one
    for receiver in made:
        receiver.close()


@pytest.fixture
def receiver(new_receiver):
    """One that answers 200 without a body, unless the test tells it otherwise."""
    return new_receiver()
