"""The wire, read strictly: what is not quite a request is refused with a clear status, the
connection ends, and nothing behind it is taken for another request."""

import json
import threading

import pytest

from harness.bodies import NOBODY, NOT_FOUND, ONE_OF, invalid, required
from harness.table import table
from harness.wire import Wire, as_user, head

ME = b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\n\r\n"


BODY = b'{"type":"webhook-incoming"}'  # the schema refuses it
JSON_TYPE = "Content-Type: application/json"
LENGTH = f"Content-Length: {len(BODY)}"


def get(*lines, target="/api/v1/me"):
    return head("GET", target, *lines)


def post(*lines, body=b""):
    return head("POST", "/api/v1/login", *lines) + body


def chunked(*chunks, lines=()):
    return post("Transfer-Encoding: chunked", *lines, body=b"".join(chunks))


REFUSED = {
    "Content-Length beside Transfer-Encoding": (
        post("Content-Length: 4", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400,
    ),
    "Transfer-Encoding beside Content-Length": (
        post("Transfer-Encoding: chunked", "Content-Length: 4", body=b"0\r\n\r\n"), 400,
    ),
    "two different Content-Length": (
        post("Content-Length: 2", "Content-Length: 3", body=b"{}"), 400,
    ),
    "a Content-Length with a sign": (post("Content-Length: +12", body=b"x" * 12), 400),
    "a Content-Length below zero": (post("Content-Length: -1"), 400),
    "a Content-Length in hexadecimal": (post("Content-Length: 0x2", body=b"{}"), 400),
    "a Content-Length of two numbers": (post("Content-Length: 2, 2", body=b"{}"), 400),
    "an empty Content-Length": (post("Content-Length: ", body=b"{}"), 400),
    "a Content-Length beyond all numbers": (post("Content-Length: 99999999999999999999"), 400),
    "an unknown coding": (post("Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), 501),
    "a coding before chunked": (post("Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), 501),
    "a coding behind chunked": (post("Transfer-Encoding: chunked, gzip", body=b"0\r\n\r\n"), 400),
    "two lines of codings": (
        post("Transfer-Encoding: gzip", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 501,
    ),
    "a chunk size with a prefix": (chunked(b"0xc\r\n", b"x" * 12, b"\r\n0\r\n\r\n"), 400),
    "a chunk size with a sign": (chunked(b"+2\r\n{}\r\n0\r\n\r\n"), 400),
    "a chunk size that is no number": (chunked(b"g\r\n"), 400),
    "a chunk size that is missing": (chunked(b"\r\n{}\r\n0\r\n\r\n"), 400),
    "a chunk size beyond all numbers": (chunked(b"1" + b"0" * 20 + b"\r\n"), 400),
    "a chunk line ended by LF alone": (chunked(b"2\n{}\n0\n\n"), 400),
    "a chunk longer than it says": (chunked(b"2\r\n{} \r\n0\r\n\r\n"), 400),
    "white space before a colon": (get("X-Header : x"), 400),
    "a header that goes on in the next line": (get("X-Header: x", " y"), 400),
    "a header without a name": (get(": x"), 400),
    "a header without a colon": (get("X-Header"), 400),
    "a header name with a space": (get("X Header: x"), 400),
    "a header value with a zero byte": (get("X-Header: a\0b"), 400),
    "a header value with a lone CR": (get("X-Header: a\rb"), 400),
    "lines ended by LF alone": (ME.replace(b"\r\n", b"\n"), 400),
    "no Host": (b"GET /api/v1/me HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (get("Host: other"), 400),
    "a Host with a path": (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    "a method in small letters": (b"get /api/v1/me HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a method nobody knows": (b"FETCH /api/v1/me HTTP/1.1\r\nHost: x\r\n\r\n", 501),
    "a tunnel": (b"CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n", 501),
    "another version": (b"GET /api/v1/me HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    "no version": (b"GET /api/v1/me\r\n\r\n", 505),
    "a version that is none": (b"GET /api/v1/me HTTPS/1.1\r\nHost: x\r\n\r\n", 400),
    "a target without a slash": (b"GET api/v1/me HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a target with a fragment": (get(target="/api/v1/me#x"), 400),
    "a target with a control character": (get(target="/api/v1/\x01me"), 400),
    "another protocol": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 32, 400),
    "a prior agreement on HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "an offer of another protocol": (get("Connection: Upgrade", "Upgrade: websocket"), 501),
    "an expectation that is none": (post("Expect: 200-ok", "Content-Length: 2", body=b"{}"), 417),
    "200 headers": (get(*[f"X-{n}: x" for n in range(200)]), 431),
    "a header of 64 KB": (get("X-Header: " + "x" * 65536), 431),
    "headers of 64 KB that do not end": (get("X: " + "x" * 65536)[:-4], 431),
    "a target of 64 KB": (get(target="/" + "x" * 65536), 414),
    "a body of 100 MB": (post("Content-Length: 104857600"), 413),
    "a chunk of 100 MB": (chunked(b"6400000\r\n"), 413),
}  # fmt: skip


@pytest.mark.parametrize("request_bytes, status", table(REFUSED))
def test_what_is_no_request_is_refused_and_the_connection_ends(server, request_bytes, status):
    with Wire(server.address) as wire:
        wire.send(request_bytes, ME)
        answer = wire.answer()
        assert wire.closes(), "something behind it was answered"
    assert answer.status == status
    assert answer.headers["connection"] == "close"
    assert answer.headers["content-type"] == "application/json"
    document = json.loads(answer.body)
    assert document["success"] is False
    assert document["error"]


def test_after_all_that_the_server_serves_others(server):
    assert server.client().get("me").said == NOBODY


# What must be taken

SPACED = b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-Header:   a \t b   \r\n\r\n"

TAKEN = {
    "empty lines before the request": (b"\r\n\r\n" + ME, NOBODY),
    "blanks around a header's value": (SPACED, NOBODY),
    "an empty header": (get("X-Header:"), NOBODY),
    "other letters in a header": (get("X-Header: gr\xfc\xdfe"), NOBODY),
    "an address of this server": (get(target="http://gantry.test/api/v1/me"), NOBODY),
    "a lone question mark": (get(target="/api/v1/me?"), NOBODY),
    "a body that a GET should not have": (get("Content-Length: 2") + b"{}", NOBODY),
    "an offer of HTTP/2": (
        get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: x"), NOBODY,
    ),
    "99 headers": (get(*[f"X-{n}: x" for n in range(98)]), NOBODY),
    "a body that is empty": (head("POST", "/api/v1/logout", "Content-Length: 0"), NOBODY),
    "a body that has no length": (head("POST", "/api/v1/logout"), NOBODY),
}  # fmt: skip


@pytest.mark.parametrize("request_bytes, said", table(TAKEN))
def test_what_is_a_request_is_answered_and_the_connection_stays(server, request_bytes, said):
    with Wire(server.address) as wire:
        wire.send(request_bytes)
        assert wire.answer().said == said
        wire.send(ME)
        assert wire.answer().said == NOBODY


def body_in_chunks(body, size, extension=b"", upper=False):
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    form = b"%X" if upper else b"%x"
    lines = [form % len(piece) + extension + b"\r\n" + piece + b"\r\n" for piece in pieces]
    return b"".join(lines) + b"0" + extension + b"\r\n"


CHUNKED = {
    "in one": (body_in_chunks(BODY, 100), b"\r\n"),
    "of one byte each": (body_in_chunks(BODY, 1), b"\r\n"),
    "of upper-case sizes": (body_in_chunks(BODY, 13, upper=True), b"\r\n"),
    "with extensions": (body_in_chunks(BODY, 9, b";a=b"), b"\r\n"),
    "with trailers": (body_in_chunks(BODY, 9), b"X-T: x\r\n\r\n"),
    "with zeros before its size": (b"00001b\r\n" + BODY + b"\r\n0\r\n", b"\r\n"),
}


@pytest.mark.parametrize("coding", ["chunked", "Chunked"])
@pytest.mark.parametrize("body, end", table(CHUNKED))
def test_a_body_may_come_in_chunks(server, admin, coding, body, end):
    lines = (*as_user(admin), JSON_TYPE, f"Transfer-Encoding: {coding}")
    with Wire(server.address) as wire:
        for _ in range(2):
            wire.send(head("POST", "/api/v1/integrations.create", *lines), body, end)
            assert wire.answer().said == invalid(
                required("username"), required("username"), ONE_OF
            )


def test_trailers_are_not_headers(server, admin):
    """Whoever could add credentials behind the body would get around a proxy's checks."""
    user_id, token = as_user(admin)
    request = head("POST", "/api/v1/logout", "Transfer-Encoding: chunked")
    with Wire(server.address) as wire:
        wire.send(request, f"0\r\n{user_id}\r\n{token}\r\n\r\n".encode())
        assert wire.answer().said == NOBODY


# Connections


def test_requests_of_a_pipeline_are_answered_in_their_order(server, admin):
    lines = as_user(admin)
    slow = head("POST", "/api/v1/integrations.create", *lines, JSON_TYPE, LENGTH) + BODY
    listed = head("GET", "/api/v1/integrations.list", *lines)
    with Wire(server.address) as wire:
        wire.send((ME + listed + slow + head("GET", "/api/nothing", *lines)) * 50)
        for _ in range(50):
            assert wire.answer().said == NOBODY
            assert b'"integrations":[]' in wire.answer().body
            assert wire.answer().status == 400
            assert wire.answer().said == NOT_FOUND


def test_three_requests_in_one_piece_get_three_answers(server):
    with Wire(server.address) as wire:
        wire.send(ME * 3)
        assert [wire.answer().said for _ in range(3)] == [NOBODY] * 3


def test_requests_may_come_in_any_pieces(server, admin):
    request = head("GET", "/api/v1/me", *as_user(admin))
    with Wire(server.address) as wire:
        wire.socket.setsockopt(6, 1, 1)  # TCP_NODELAY: each piece is a packet of its own
        for size in 1, 2, 3, 7, len(request) - 1:
            for at in range(0, len(request), size):
                wire.send(request[at : at + size])
            assert wire.answer().status == 200
        two = request * 2
        for at in range(0, len(two), len(request) - 3):
            wire.send(two[at : at + len(request) - 3])
        assert [wire.answer().status, wire.answer().status] == [200, 200]


def test_a_client_that_closes_only_its_own_direction_gets_its_answer(server):
    with Wire(server.address) as wire:
        wire.send(ME)
        wire.finish()
        assert wire.answer().said == NOBODY
        assert wire.closes()


@pytest.mark.parametrize(
    "version, line, stays",
    [
        ("1.1", "X: x", True),
        ("1.1", "Connection: keep-alive", True),
        ("1.1", "Connection: close", False),
        ("1.0", "X: x", False),
        ("1.0", "Connection: keep-alive", True),
    ],
)
def test_the_connection_stays_or_ends_as_the_client_wishes(server, version, line, stays):
    request = f"GET /api/v1/me HTTP/{version}\r\nHost: x\r\n{line}\r\n\r\n".encode()
    with Wire(server.address) as wire:
        wire.send(request)
        assert wire.answer().said == NOBODY
        if stays:
            wire.send(request)
            assert wire.answer().said == NOBODY
        else:
            assert wire.closes()


def test_a_client_that_expects_to_be_invited_is(server, admin):
    lines = (*as_user(admin), JSON_TYPE, LENGTH, "Expect: 100-continue")
    with Wire(server.address) as wire:
        for _ in range(2):
            wire.send(head("POST", "/api/v1/integrations.create", *lines))
            invitation = wire.answer()
            assert (invitation.status, invitation.headers) == (100, {})
            wire.send(BODY)
            assert wire.answer().status == 400


def test_a_client_that_expects_to_send_too_much_is_not_invited(server):
    with Wire(server.address) as wire:
        wire.send(post("Content-Length: 104857600", "Expect: 100-continue"))
        assert wire.answer().status == 413
        assert wire.closes()


# Methods and paths


@pytest.mark.parametrize("path", ["/api/v1/settings.public", "/health", "/api/info"])
def test_head_answers_as_get_without_the_body(server, path):
    with Wire(server.address) as wire:
        wire.send(head("GET", path))
        full = wire.answer()
        wire.send(head("HEAD", path), ME)
        bare = wire.answer(to_head=True)
        assert wire.answer().said == NOBODY
    assert (bare.status, bare.body) == (200, b"")
    for name in full.headers.keys() - {"date"}:
        assert bare.headers[name] == full.headers[name]


def test_head_of_what_fails_has_no_body_either(server):
    with Wire(server.address) as wire:
        wire.send(head("HEAD", "/api/v1/me"), head("HEAD", "/api/nothing"), ME)
        assert wire.answer(to_head=True).status == 401
        assert wire.answer(to_head=True).status == 404
        assert wire.answer().said == NOBODY


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/nothing", "/api/info"])
def test_options_are_answered_for_every_path(nobody, path):
    answer = nobody.call("OPTIONS", path)
    assert answer.said == (200, b"OK")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    "method, path",
    table(
        {
            "an unknown endpoint": ("GET", "/api/v1/nothing"),
            "a slash at the end": ("GET", "/api/v1/me/"),
            "two slashes": ("GET", "/api//v1/me"),
            "other letters": ("GET", "/api/v1/Me"),
            "another method": ("POST", "/api/v1/me"),
            "another method, with a query": ("GET", "/api/v1/login?x=y"),
            "a method for parts": ("PATCH", "/api/v1/me"),
            "another version": ("GET", "/api/v2/me"),
            "an endpoint without its version": ("GET", "/api/me"),
            "a path on the way": ("GET", "/api/v1"),
            "dots": ("GET", "/api/v1/users/../me"),
            "the root": ("GET", "/"),
        }
    ),
)
def test_there_is_nothing_elsewhere(nobody, method, path):
    answer = nobody.call(method, path)
    assert answer.said == NOT_FOUND
    assert answer.headers["Content-Type"] == "application/json"


def test_a_part_of_a_path_is_decoded(admin):
    plain = admin.get("settings/Site_Url")
    assert plain.status == 200
    assert admin.get("settings/Site%5FUrl").said == plain.said
    assert admin.get("settings/Site%5fUrl?x=y").said == plain.said
    assert admin.get("settings/Site+Url").status == 400


def test_a_query_is_decoded(admin):
    for query in "_id=Site%5FUrl", "%5fid=Site_Url", "_id=Site%5FU%72l":
        listed = admin.get("settings.public", query).ok()["settings"]
        assert [setting["_id"] for setting in listed] == ["Site_Url"], query


def test_a_name_that_is_repeated_in_a_query_is_a_list(admin):
    assert admin.get("settings.public", "_id=a&_id=b").said == invalid("must be string")


def test_a_plus_in_a_query_is_a_space(admin):
    answer = admin.get("integrations.list", "sort=a+b%20c%2Bd").json()
    assert answer["error"].startswith('Invalid sort parameter provided: "a b c+d"')


def test_a_list_in_a_query_has_its_limit(admin):
    query = "&".join(f"name[]={n}" for n in range(501))
    assert admin.get("integrations.list", query).said == (
        400,
        b'{"success":false,"error":"Invalid query parameters"}',
    )


@pytest.mark.parametrize("depth", [129, 100_000])
def test_json_that_is_too_deep_counts_as_none(admin, depth):
    body = b'{"type":' + b"[" * depth + b"]" * depth + b"}"
    headers = {"Content-Type": "application/json"}
    answer = admin.call("POST", "integrations.create", body, headers=headers)
    assert answer.said == invalid(required("type"), required("type"), ONE_OF)


def test_an_answer_has_a_date_a_length_and_no_more_than_it_should(server):
    with Wire(server.address) as wire:
        wire.send(ME)
        headers = wire.answer().headers
    assert headers["content-length"] == str(len(NOBODY[1]))
    assert headers["date"].endswith(" GMT")
    assert not {"x-powered-by", "transfer-encoding", "set-cookie"} & headers.keys()


@pytest.mark.concurrent
def test_many_clients_at_once_get_their_own_answers(server, admin):
    """Each asks for an id of its own and must find it in its refusal."""
    wrong = []

    def ask(number):
        client = admin.another()
        for n in range(40):
            sort = f"{number}-{n}"
            answer = client.get("integrations.list", {"sort": sort})
            if f'\\"{sort}\\"'.encode() not in answer.body:
                wrong.append((sort, answer))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
