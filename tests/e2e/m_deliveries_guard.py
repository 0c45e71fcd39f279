"""The outbound guard, as it comes: no spelling of an address inside leads there, whoever calls."""

import pytest

from harness.hooks import call
from harness.outgoing import only_entry, say, watching
from harness.receiver import Reply
from harness.scripts import incoming, scripted

INSIDE = {
    "loopback": "127.0.0.1",
    "a range of it": "127.8.9.10",
    "two parts": "127.1",
    "three parts": "127.0.1",
    "one number": "2130706433",
    "hexadecimal": "0x7f000001",
    "hexadecimal part": "0x7F.1",
    "octal": "0177.0.0.1",
    "octal number": "017700000001",
    "percent signs": "127%2e0.0.1",
    "all of it in percent signs": "%31%32%37.0.0.1",
    "dot at the end": "127.0.0.1.",
    "zero": "0",
    "unspecified": "0.0.0.0",
    "a user before it": "good.example@127.0.0.1",
    "localhost": "localhost",
    "six": "[::1]",
    "six in full": "[0:0:0:0:0:0:0:1]",
    "six unspecified": "[::]",
    "mapped": "[::ffff:127.0.0.1]",
    "mapped in hexadecimal": "[::ffff:7f00:1]",
    "compatible": "[::127.0.0.1]",
    "translated": "[64:ff9b::7f00:1]",
    "private 10": "10.1.2.3",
    "private 172": "172.16.0.1",
    "private 192": "192.168.0.1",
    "private number": "3232235521",
    "shared": "100.64.0.1",
    "link-local": "169.254.169.254",
    "link-local, hexadecimal": "0xa9fea9fe",
    "link-local six": "[fe80::1]",
    "unique local six": "[fd00:ec2::254]",
    "mapped link-local": "[::ffff:169.254.169.254]",
    "six to four": "[2002:7f00:1::]",
    "broadcast": "255.255.255.255",
    "multicast": "224.0.0.1",
}


def url_of(receiver, host):
    return f"http://{host}:{receiver.url.rsplit(':', 1)[1].strip('/')}/"


@pytest.mark.parametrize("host", INSIDE.values(), ids=INSIDE)
def test_an_address_inside_is_not_called_and_the_history_says_which_setting_allows_it(admin, receiver, host):
    integration, room = watching(admin, url_of(receiver, host), retryFailedCalls=True, retryCount=3)
    say(admin, room)
    entry = only_entry(admin, integration)
    assert "outbound.allow" in entry["httpError"]["message"]
    assert "nextTryAt" not in entry
    assert receiver.calls == []


def test_nothing_but_http_is_spoken(admin):
    for url in ("ftp://example.org/", "file:///etc/passwd", "gopher://example.org/"):
        integration, room = watching(admin, url)
        say(admin, room)
        assert "http" in only_entry(admin, integration)["httpError"]["message"]


def test_a_script_s_fetch_goes_to_no_address_inside(admin, receiver):
    body = "return fetch(request.content.url).then(r => ({ error: 's' + r.status }), e => ({ error: e.message }))"
    hook, _ = scripted(admin, incoming(body))
    for host in INSIDE.values():
        assert b"outbound.allow" in call(admin, hook, {"url": url_of(receiver, host)}).body, host
    assert receiver.calls == []


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "10.0.0.1", "[fe80::1]"])
def test_a_redirect_leads_to_no_address_inside(new_server, new_receiver, host):
    inside, outside = new_receiver(), new_receiver()
    outside.answers[:] = [Reply(307, b"", Location=url_of(inside, host))]
    port = outside.url.rsplit(":", 1)[1].strip("/")
    admin = new_server(GANTRY_OUTBOUND_ALLOW=f"127.0.0.1:{port}").start().admin()
    integration, room = watching(admin, outside)
    say(admin, room)
    assert "outbound.allow" in only_entry(admin, integration)["httpError"]["message"]
    assert (len(outside.calls), inside.calls) == (1, [])
