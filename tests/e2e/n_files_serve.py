"""Giving files out: /file-upload/:id/:name, and the lists of a room's files."""

import json
import socket

import pytest

from harness.bodies import FORBIDDEN, NOT_FOUND
from harness.files import fetch, listed, post_file, upload
from harness.people import add_client, permissions
from harness.rooms import invite, make
from harness.table import table

CONTENT = bytes(range(256)) * 2000  # two pieces


@pytest.fixture(scope="module")
def group(admin):
    return make(admin, "groups")


@pytest.fixture(scope="module")
def file(admin, group):
    message = post_file(admin, group, CONTENT, "all bytes.bin", "application/octet-stream")
    return {"_id": message["file"]["_id"], "url": message["attachments"][0]["title_link"]}


# Who


def test_the_ways_to_say_who_one_is(admin, nobody, file):
    pair = {"rc_uid": admin.user_id, "rc_token": admin.token}
    cookie = f"a=b; rc_uid={admin.user_id};rc_token={admin.token}; c"
    assert fetch(admin, file["url"]).body == CONTENT
    assert fetch(nobody, file["url"], pair).body == CONTENT
    assert fetch(nobody, file["url"], Cookie=cookie).body == CONTENT


def test_who_does_not_say_it_well_gets_nothing(admin, user, nobody, file):
    wrong = {"rc_uid": admin.user_id, "rc_token": user.token}
    assert fetch(nobody, file["url"]).said == FORBIDDEN
    assert fetch(nobody, file["url"], wrong).said == FORBIDDEN
    assert fetch(nobody, file["url"], {"rc_token": admin.token}).said == FORBIDDEN
    assert fetch(nobody, file["url"], Cookie=f"rc_uid={admin.user_id}").said == FORBIDDEN
    assert fetch(nobody, "/file-upload/65f000000000000000000000/a").said == FORBIDDEN


def test_access_is_that_of_the_room(admin, group, file):
    guest = add_client(admin)
    assert fetch(guest, file["url"]).said == FORBIDDEN
    invite(admin, "groups", group, guest)
    assert fetch(guest, file["url"]).body == CONTENT
    admin.post("groups.kick", {"roomId": group["_id"], "userId": guest.user_id}).ok()
    assert fetch(guest, file["url"]).said == FORBIDDEN


def test_a_file_of_two_is_for_the_two(admin, user):
    one, other = add_client(admin), add_client(admin)
    room = one.post("im.create", {"username": other.username}).ok()["room"]
    url = post_file(one, room, b"between us")["attachments"][0]["title_link"]
    assert fetch(other, url).body == b"between us"
    assert fetch(user, url).said == FORBIDDEN
    assert fetch(admin, url).said == FORBIDDEN


def test_a_public_room_s_file_is_for_all_who_may_see_it(admin, user):
    room = make(admin, "channels")
    url = post_file(admin, room, b"x")["attachments"][0]["title_link"]
    assert fetch(user, url).body == b"x"
    with permissions(admin, {"view-c-room": ["admin"]}):
        assert fetch(user, url).said == FORBIDDEN


UNKNOWN = (
    "/file-upload/65f000000000000000000000/a",
    "/file-upload/..%2F..%2Fgantry.db/a",
    "/file-upload/%2e%2e/gantry.db",
    "/file-upload/incoming/a",
    "/file-upload/%00/a",
    "/file-upload/%ff/a",
    "/file-upload/a",
    "/file-upload/a/b/c",
    "/file-upload/",
)


@pytest.mark.parametrize("path", UNKNOWN)
def test_what_is_not_there_is_not_found(admin, path):
    assert fetch(admin, path).said == NOT_FOUND


def test_the_name_in_the_address_does_not_matter(admin, file):
    assert fetch(admin, f"/file-upload/{file['_id']}/..%2F..%2Fetc%2Fpasswd").body == CONTENT


# What


SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "no-store",
    "Accept-Ranges": "bytes",
}
TYPES = {
    "a picture": ("a.png", "image/png", "inline"),
    "a text": ("a.txt", "text/plain; charset=utf-8", "inline"),
    "a video": ("a.mp4", "video/mp4", "inline"),
    "a page": ("a.html", "text/html", "attachment"),
    "a drawing": ("a.svg", "image/svg+xml", "attachment"),
    "a script": ("a.js", "text/javascript", "attachment"),
    "a document": ("a.pdf", "application/pdf", "attachment"),
}


@pytest.mark.parametrize("name, content_type, shown", table(TYPES))
def test_what_could_act_is_saved_and_not_shown(admin, group, name, content_type, shown):
    file = upload(admin, group, b"<script>alert(1)</script>", name, content_type)
    answer = fetch(admin, file["url"])
    assert answer.headers["Content-Type"] == content_type
    assert {header: answer.headers[header] for header in SAFE} == SAFE
    says = f"{shown}; filename=\"{name}\"; filename*=UTF-8''{name}"
    assert answer.headers["Content-Disposition"] == says
    download = fetch(admin, file["url"], "download")
    assert download.headers["Content-Disposition"].startswith("attachment; ")


def test_a_name_stands_in_its_header_twice(admin, group):
    file = upload(admin, group, b"x", "ä %41.txt")
    says = "inline; filename=\"__ _41.txt\"; filename*=UTF-8''%C3%A4%20%2541.txt"
    assert fetch(admin, file["url"]).headers["Content-Disposition"] == says


def test_head_tells_the_size_and_the_connection_is_kept(admin, file):
    answer = admin.call("HEAD", file["url"])
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert fetch(admin, file["url"]).body == CONTENT


RANGES = {
    "the first ten": ("bytes=0-9", 206, slice(0, 10)),
    "some in the middle": ("bytes=1000-300000", 206, slice(1000, 300001)),
    "from somewhere on": ("bytes=511000-", 206, slice(511000, None)),
    "the last ten": ("bytes=-10", 206, slice(-10, None)),
    "more than there are": ("bytes=-999999999", 206, slice(0, None)),
    "beyond the end": ("bytes=511999-999999999", 206, slice(511999, None)),
    "several": ("bytes=0-1,5-6", 200, slice(0, None)),
    "backwards": ("bytes=9-5", 200, slice(0, None)),
    "no numbers": ("bytes=a-b", 200, slice(0, None)),
    "other units": ("lines=0-1", 200, slice(0, None)),
    "a sign": ("bytes=+1-2", 200, slice(0, None)),
}


@pytest.mark.parametrize("asked, status, part", table(RANGES))
def test_a_part_of_a_file(admin, file, asked, status, part):
    answer = fetch(admin, file["url"], Range=asked)
    assert (answer.status, answer.body) == (status, CONTENT[part])
    if status == 206:
        first, end, _ = part.indices(len(CONTENT))
        says = f"bytes {first}-{end - 1}/{len(CONTENT)}"
        assert answer.headers["Content-Range"] == says


@pytest.mark.parametrize("asked", ["bytes=512000-", "bytes=512000-512001", "bytes=-0"])
def test_bytes_that_are_not_there(admin, file, asked):
    answer = fetch(admin, file["url"], Range=asked)
    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(CONTENT)}"


def test_a_reader_that_leaves_does_no_harm(server, admin, group):
    large = upload(admin, group, b"x" * 20_000_000, "large")
    request = (
        f"GET {large['url']} HTTP/1.1\r\nHost: a\r\n"
        f"X-User-Id: {admin.user_id}\r\nX-Auth-Token: {admin.token}\r\n\r\n"
    )
    for _ in range(5):
        with socket.create_connection(server.address, 20) as wire:
            wire.sendall(request.encode())
            assert wire.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert len(fetch(admin, large["url"]).body) == 20_000_000


def test_a_reader_that_has_said_all_gets_all(server, admin, group):
    url = upload(admin, group, CONTENT, "half")["url"]
    request = (
        f"GET {url} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        f"X-User-Id: {admin.user_id}\r\nX-Auth-Token: {admin.token}\r\n\r\n"
    )
    with socket.create_connection(server.address, 20) as wire:
        wire.sendall(request.encode())
        said = b""
        while piece := wire.recv(100000):
            said += piece
    assert said.endswith(CONTENT)


def test_a_file_whose_bytes_were_lost_is_not_found(server, admin, group):
    file = upload(admin, group, b"x")
    (server.folder / "files" / file["_id"]).unlink()
    assert fetch(admin, file["url"]).said == NOT_FOUND


# Lists


@pytest.fixture(scope="module", params=["channels", "groups"])
def shelf(request, admin):
    """A room with three files, one of them not confirmed."""
    room = make(admin, request.param)
    files = [
        post_file(admin, room, b"22", "b.png", "image/png")["file"]["_id"],
        post_file(admin, room, b"1", "a_b.txt", "text/plain")["file"]["_id"],
        upload(admin, room, b"333", "C.txt", "text/plain")["_id"],
    ]
    return request.param, room, files


def test_a_list_says_what_the_files_are(admin, shelf):
    family, room, files = shelf
    answer = admin.get(f"{family}.files", {"roomId": room["_id"]}).ok()
    assert (answer["count"], answer["offset"], answer["total"]) == (3, 0, 3)
    first = next(f for f in answer["files"] if f["_id"] == files[1])
    path = f"/file-upload/{files[1]}/a_b.txt"
    assert first == {
        "_id": files[1],
        "name": "a_b.txt",
        "type": "text/plain",
        "size": 1,
        "rid": room["_id"],
        "url": path,
        "path": path,
        "uploadedAt": first["uploadedAt"],
        "complete": True,
        "user": {"_id": admin.user_id, "username": admin.username, "name": first["user"]["name"]},
    }
    by_name = admin.get(f"{family}.files", {"roomName": room["name"]}).ok()
    assert by_name == answer


QUESTIONS = {
    "by name": ({}, ["C.txt", "a_b.txt", "b.png"]),
    "by size": ({"sort": json.dumps({"size": -1})}, ["C.txt", "b.png", "a_b.txt"]),
    "the second": ({"offset": "1", "count": "1"}, ["a_b.txt"]),
    "behind the last": ({"offset": "3"}, []),
    "a part of the name, in any case": ({"name": "c.T"}, ["C.txt"]),
    "no pattern": ({"name": "_"}, ["a_b.txt"]),
    "a group of types": ({"typeGroup": "text"}, ["C.txt", "a_b.txt"]),
    "no such group": ({"typeGroup": "tex"}, []),
    "confirmed ones": ({"onlyConfirmed": "true"}, ["a_b.txt", "b.png"]),
}


@pytest.mark.parametrize("query, names", table(QUESTIONS))
def test_which_files_a_list_has(admin, shelf, query, names):
    family, room, _ = shelf
    assert [f["name"] for f in listed(admin, room, family, **query)] == names


def test_a_list_of_files_has_its_room_s_rights(admin, shelf):
    family, room, _ = shelf
    guest = add_client(admin)
    unknown = admin.get(f"{family}.files", {"roomId": "no-such-room"})
    assert unknown.json()["errorType"] == "error-room-not-found"
    with permissions(admin, {"view-c-room": ["admin"]}):
        answer = guest.get(f"{family}.files", {"roomId": room["_id"]})
    assert answer.said == (FORBIDDEN if family == "channels" else unknown.said)
    admin.post(f"{family}.archive", {"roomId": room["_id"]}).ok()
    assert len(listed(admin, room, family)) == 3
    admin.post(f"{family}.unarchive", {"roomId": room["_id"]}).ok()


@pytest.mark.parametrize("prefix", ["im", "dm"])
def test_the_files_of_two(admin, user, prefix):
    other = add_client(admin)
    room = user.post("im.create", {"username": other.username}).ok()["room"]
    file = post_file(user, room, b"x")["file"]["_id"]
    by_id = other.get(f"{prefix}.files", {"roomId": room["_id"]}).ok()
    assert [f["_id"] for f in by_id["files"]] == [file]
    assert other.get(f"{prefix}.files", {"username": user.username}).ok() == by_id
    assert admin.get(f"{prefix}.files", {"roomId": room["_id"]}).said == FORBIDDEN
    assert admin.get(f"{prefix}.files").json()["errorType"] == "error-room-param-not-provided"


def test_an_unconfirmed_file_is_for_the_room_too(admin, user):
    room = make(admin, "channels")
    file = upload(admin, room, b"x")
    assert fetch(user, file["url"]).body == b"x"
