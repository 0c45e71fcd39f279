"""What fetch may connect to: public addresses, and what the operator allows, by configuration or by
the setting."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from harness.people import set_setting
from harness.program import gantry
from harness.scripts import incoming, try_script

ASK = incoming(
    "return fetch(request.content.url).then(async (r) => ({ content: { text: await r.text() } }),"
    " (e) => ({ error: String(e.message) }));"
)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"there")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def target():
    listener = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{listener.server_port}/"
    listener.shutdown()
    thread.join()
    listener.server_close()


def ask(admin, url):
    return try_script(admin, script=ASK, request={"content": {"url": url}}).ok()


def test_by_default_only_public_addresses(admin, target):
    told = ask(admin, target)
    assert told["status"] == 400 and "outbound.allow" in told["response"]["error"]


def test_the_configuration_allows_more(new_server, target):
    admin = new_server(GANTRY_OUTBOUND_ALLOW="10.0.0.0/8,127.0.0.0/8").start().admin()
    assert ask(admin, target)["wouldPost"][0]["msg"] == "there"


def test_the_setting_allows_more_from_the_next_start_and_mistakes_in_it_do_no_harm(
    new_server, target
):
    server = new_server().start()
    admin = server.admin()
    set_setting(admin, "SSRF_Allowlist", "not/an/entry\n127.0.0.1\n")
    assert ask(admin, target)["status"] == 400
    server.restart()
    admin = admin.at(server.address)
    assert ask(admin, target)["wouldPost"][0]["msg"] == "there"
    assert "event=bad-allowlist-entry" in server.said()


def test_a_wrong_entry_of_the_configuration_ends_the_start(folder):
    for command in "serve", "check-config":
        done = gantry(command, "--data", folder, "--outbound.allow", "300.1.2.3/8")
        assert done.code != 0 and "outbound.allow" in done.err and "300.1.2.3/8" in done.err
