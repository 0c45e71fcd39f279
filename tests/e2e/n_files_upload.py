"""Uploading: rooms.media, rooms.mediaConfirm, rooms.upload, and what becomes of them."""

import os
import re
import resource
import signal
import socket

import pytest

from harness.bodies import FORBIDDEN, NOBODY, failure, thrown
from harness.client import Answer
from harness.files import (
    BOUNDARY,
    confirm,
    eventually_gone,
    eventually_nothing_new,
    fetch,
    form,
    listed,
    part,
    post_file,
    send,
    send_as_library,
    stored,
    upload,
)
from harness.integrations import HEX_ID
from harness.people import add_client, permissions, settings
from harness.rooms import invite, make, messages
from harness.table import table

NO_FILE = thrown("error-no-file-uploaded", "No file was uploaded")
TOO_LARGE = thrown("error-file-too-large")
INVALID = thrown("invalid-file")


@pytest.fixture(scope="module")
def room(admin):
    return make(admin, "channels")


def last(client, room, family="channels"):
    return messages(client, family, room)[-1]


# rooms.media


def test_an_upload_is_answered_with_its_address_and_posts_nothing(admin, room):
    before = messages(admin, "channels", room)
    file = upload(admin, room, b"hello", "a note.txt")
    assert re.fullmatch(HEX_ID, file["_id"])
    assert file == {"_id": file["_id"], "url": f"/file-upload/{file['_id']}/a%20note.txt"}
    assert messages(admin, "channels", room) == before
    assert fetch(admin, file["url"]).body == b"hello"


def test_parts_beside_the_file_are_read_and_ignored(admin, room):
    answer = send(
        admin,
        f"rooms.media/{room['_id']}",
        part("msg", b"not said"),
        part("other", b"x" * 100000, "other.bin"),
        part("file", b"the file", "f.txt", "text/plain"),
        part("file", b"a second one", "g.txt", "text/plain"),
        part("description", b"not described"),
    )
    file = answer.ok()["file"]
    assert fetch(admin, file["url"]).body == b"the file"


WITHOUT = {
    "a form without parts that are files": [part("file", b"only a text")],
    "a file of another name": [part("picture", b"x", "x.png", "image/png")],
    "nothing": [],
}


@pytest.mark.parametrize("parts", table(WITHOUT))
def test_a_form_without_the_file(admin, room, parts):
    if parts:
        assert send(admin, f"rooms.media/{room['_id']}", *parts).said == NO_FILE
    else:
        assert admin.post(f"rooms.media/{room['_id']}").said == NO_FILE


MALFORMED = {
    "no form": (b"hello", "text/plain"),
    "JSON": (b"{}", "application/json"),
    "no boundary": (form(part("file", b"x", "x")), "multipart/form-data"),
    "another boundary": (form(part("file", b"x", "x")), "multipart/form-data; boundary=b"),
    "no end": (form(part("file", b"x", "x"))[:-20], f"multipart/form-data; boundary={BOUNDARY}"),
}


@pytest.mark.parametrize("body, content_type", table(MALFORMED))
def test_a_body_that_is_no_whole_form_leaves_nothing(server, admin, room, body, content_type):
    before = stored(server)
    answer = admin.call(
        "POST", f"rooms.media/{room['_id']}", body, headers={"Content-Type": content_type}
    )
    assert answer.status == 400
    assert answer.json()["success"] is False
    eventually_nothing_new(server, before)


def test_the_size_is_limited_by_the_setting(server, admin, room):
    before = stored(server)
    with settings(admin, {"FileUpload_MaxFileSize": 1000}):
        path = f"rooms.media/{room['_id']}"
        assert send(admin, path, part("file", b"x" * 1001, "x")).said == TOO_LARGE
        assert send(admin, path, part("file", b"x" * 3000000, "x")).said == TOO_LARGE
        eventually_nothing_new(server, before)
        file = send(admin, path, part("file", b"x" * 1000, "x")).ok()["file"]
    assert fetch(admin, file["url"]).body == b"x" * 1000


def test_uploads_can_be_switched_off(admin, room):
    with settings(admin, {"FileUpload_Enabled": False}):
        answer = send(admin, f"rooms.media/{room['_id']}", part("file", b"x", "x"))
    assert answer.said == thrown("error-file-upload-disabled", "File uploads are disabled")


def test_who_may_upload_and_confirm(admin, user, nobody, room):
    group = make(admin, "groups")
    file = part("file", b"x", "x")
    mine = upload(admin, group, b"x")
    assert send(nobody, f"rooms.media/{room['_id']}", file).said == NOBODY
    assert nobody.post(f"rooms.mediaConfirm/{group['_id']}/{mine['_id']}", {}).said == NOBODY
    assert send(user, f"rooms.media/{group['_id']}", file).said == FORBIDDEN
    assert send(user, "rooms.media/no-such-room", file).said == FORBIDDEN
    assert send(user, f"rooms.upload/{group['_id']}", file).said == FORBIDDEN
    assert confirm(user, group, mine).said == FORBIDDEN
    assert send(user, f"rooms.media/{room['_id']}", file).status == 200


def test_somebody_nobody_knows_is_refused_before_he_has_sent_everything(server):
    with socket.create_connection(server.address, 20) as wire:
        wire.sendall(
            b"POST /api/v1/rooms.media/GENERAL HTTP/1.1\r\nHost: a\r\n"
            b"Content-Length: 50000000\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n--b"
        )
        head = wire.recv(4096)
    assert head.startswith(b"HTTP/1.1 401 ")
    assert b"Connection: close" in head


def test_a_client_that_sends_on_hears_the_refusal_all_the_same(admin, nobody, room):
    path, large = f"rooms.media/{room['_id']}", part("file", LARGE, "x")
    assert send(nobody, path, large).said == NOBODY
    with settings(admin, {"FileUpload_MaxFileSize": 1_000_000}):
        assert send(admin, path, large).said == TOO_LARGE
    assert send(admin, "rooms.media/no-such-room", large).said == FORBIDDEN


def test_a_body_that_does_not_say_its_length(admin, room):
    def pieces(content):
        body = form(part("file", content, "x.bin"))
        yield from (body[at : at + 50_000] for at in range(0, len(body), 50_000))

    def send_chunked(content):
        url = "http://{}:{}/api/v1/rooms.media/{}".format(*admin.address, room["_id"])
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        return Answer(admin.session.post(url, data=pieces(content), headers=headers, timeout=60))

    file = send_chunked(LARGE[:2_000_000]).ok()["file"]
    assert fetch(admin, file["url"]).body == LARGE[:2_000_000]
    with settings(admin, {"FileUpload_MaxFileSize": 1_000_000}):
        assert send_chunked(LARGE[:2_000_000]).said == TOO_LARGE


LARGE = os.urandom(3_000_000) + b"\r\n--" + BOUNDARY[:-1].encode() + os.urandom(70_000_000)


def test_a_file_larger_than_any_other_body_comes_back_as_it_was(admin, room):
    file = upload(admin, room, LARGE, "large.bin", "application/octet-stream")
    answer = fetch(admin, file["url"])
    assert answer.headers["Content-Length"] == str(len(LARGE))
    assert answer.body == LARGE


def test_neither_way_takes_much_memory(new_server):
    """A sanitizer would keep what was freed for a while, to see whether it is used again."""
    options = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
    server = new_server(ASAN_OPTIONS=options).start()
    admin = server.admin()

    def most_kb():
        with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmHWM:\s+(\d+) kB", status.read()).group(1))

    room = make(admin, "channels")
    before = most_kb()
    file = upload(admin, room, LARGE, "large.bin", "application/octet-stream")
    assert fetch(admin, file["url"]).body == LARGE
    assert most_kb() - before < len(LARGE) // 1024 // 3


def test_an_empty_file_is_one_too(admin, room):
    message = post_file(admin, room, b"", "empty.txt")
    assert message["file"]["size"] == 0
    answer = fetch(admin, message["attachments"][0]["title_link"])
    assert (answer.status, answer.body) == (200, b"")


def test_a_client_that_leaves_leaves_nothing_behind(server, admin, room):
    before = stored(server)
    head = (
        f"POST /api/v1/rooms.media/{room['_id']} HTTP/1.1\r\nHost: a\r\n"
        f"X-User-Id: {admin.user_id}\r\nX-Auth-Token: {admin.token}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: 9000000\r\n\r\n"
    )
    body = form(part("file", b"x" * 2_000_000, "x"))[:1_900_000]
    with socket.create_connection(server.address, 20) as wire:
        wire.sendall(head.encode() + body)
    eventually_nothing_new(server, before)


def test_a_disk_without_room_is_said_and_nothing_is_left(new_server):
    server = new_server()
    server.start(preexec=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (8 << 20, resource.RLIM_INFINITY))
    admin = server.admin()
    room = make(admin, "channels")
    before = stored(server)
    for step in ("media", "upload"):
        answer = send(admin, f"rooms.{step}/{room['_id']}", part("file", LARGE[: 20 << 20], "x"))
        assert answer.status == 503
        assert answer.headers["Retry-After"]
    eventually_nothing_new(server, before)
    assert fetch(admin, upload(admin, room, b"small")["url"]).body == b"small"


# rooms.mediaConfirm


def test_the_message_carries_the_file(admin, room):
    file = upload(admin, room, b"hello", "report.pdf", "application/pdf")
    message = confirm(admin, room, file, msg="see @all", description="what it is").ok()["message"]
    assert message["msg"] == "see @all"
    assert message["mentions"][0]["_id"] == "all"
    said = {
        "_id": file["_id"],
        "name": "report.pdf",
        "type": "application/pdf",
        "size": 5,
        "format": "PDF",
    }
    assert message["file"] == said
    assert message["files"] == [said]
    assert message["attachments"] == [
        {
            "title": "report.pdf",
            "type": "file",
            "description": "what it is",
            "title_link": file["url"],
            "title_link_download": True,
            "format": "PDF",
            "size": 5,
            "fileId": file["_id"],
        }
    ]
    assert message["u"]["username"] == admin.username
    assert last(admin, room) == message


KINDS = {
    "a picture": ("p.png", "image/png", "image"),
    "a sound": ("s.mp3", "audio/mpeg", "audio"),
    "a video": ("v.mp4", "video/mp4", "video"),
}


@pytest.mark.parametrize("name, content_type, kind", table(KINDS))
def test_what_clients_can_show_says_how(admin, room, name, content_type, kind):
    message = post_file(admin, room, b"12345", name, content_type)
    attachment = message["attachments"][0]
    assert attachment == {
        "title": name,
        "type": "file",
        "title_link": attachment["title_link"],
        "title_link_download": True,
        f"{kind}_url": attachment["title_link"],
        f"{kind}_type": content_type,
        f"{kind}_size": 5,
        "fileId": message["file"]["_id"],
    }


def test_a_thread_and_another_name_can_be_given(admin, room):
    parent = admin.post("chat.postMessage", {"roomId": room["_id"], "text": "parent"}).ok()
    file = upload(admin, room, b"x", "old.txt")
    tmid = parent["message"]["_id"]
    message = confirm(admin, room, file, tmid=tmid, fileName="../new name.TXT").ok()["message"]
    assert message["tmid"] == tmid
    assert message["file"]["name"] == "new name.TXT"
    link = message["attachments"][0]["title_link"]
    assert link == f"/file-upload/{file['_id']}/new%20name.TXT"
    assert fetch(admin, link).body == b"x"
    assert [f["name"] for f in listed(admin, room) if f["_id"] == file["_id"]] == ["new name.TXT"]


def test_what_cannot_be_confirmed(admin, user, room):
    other = make(admin, "channels")
    file = upload(admin, room, b"x")
    missing = {"_id": "65f000000000000000000000"}
    assert confirm(admin, room, missing).said == INVALID
    assert confirm(admin, room, {"_id": "..%2F..%2Fgantry.db"}).said == INVALID
    assert confirm(admin, other, file).said == INVALID
    assert confirm(user, room, file).said == INVALID
    long = "x" * 5001
    assert confirm(admin, room, file, description=long).said == thrown(
        "error-message-size-exceeded"
    )
    assert confirm(admin, room, file, msg=long).json()["errorType"] == "error-message-size-exceeded"
    assert confirm(admin, room, file, msg={"a": 1}).json()["errorType"] == "invalid-params"
    assert confirm(admin, room, file, customFields={"a": 1}).json()["errorType"] == (
        "error-invalid-custom-fields"
    )
    assert confirm(admin, room, file).status == 200


def test_custom_fields_are_kept_where_they_are_allowed(admin, room):
    with settings(admin, {"Message_CustomFields_Enabled": True}):
        file = upload(admin, room, b"x")
        message = confirm(admin, room, file, customFields={"a": [1]}).ok()["message"]
    assert message["customFields"] == {"a": [1]}


def test_a_second_confirmation_is_answered_with_the_first_message(admin, room):
    file = upload(admin, room, b"x")
    message = confirm(admin, room, file, msg="once").ok()["message"]
    before = messages(admin, "channels", room)
    assert confirm(admin, room, file, msg="twice").ok()["message"] == message
    assert messages(admin, "channels", room) == before


def test_a_room_that_nobody_may_post_in_takes_no_file(admin):
    room = make(admin, "channels")
    file = upload(admin, room, b"x")
    admin.post("channels.archive", {"roomId": room["_id"]}).ok()
    assert confirm(admin, room, file).said == failure("room_is_archived")


# rooms.upload


def test_one_step_does_both(admin, room):
    answer = send_as_library(
        admin, f"rooms.upload/{room['_id']}", "a.bin", b"12345", msg="here", description="bytes"
    )
    message = answer.ok()["message"]
    assert (message["msg"], message["file"]["name"]) == ("here", "a.bin")
    assert message["file"]["type"] == "application/octet-stream"
    assert message["attachments"][0]["description"] == "bytes"
    assert fetch(admin, message["attachments"][0]["title_link"]).body == b"12345"
    assert last(admin, room) == message


def test_texts_of_a_form_become_utf8_and_are_not_endless(admin, room):
    path, file = f"rooms.upload/{room['_id']}", part("file", b"x", "x")
    message = send(admin, path, part("msg", b"a\xff\xc3"), file).ok()["message"]
    assert message["msg"] == "a\ufffd\ufffd"
    answer = send(admin, path, part("msg", b"x" * 300_000), file)
    assert answer.said == failure("The texts of the form have more than 256 KB.")
    answer = send(admin, path, *[part(f"p{n}", b"x") for n in range(100)], file)
    assert answer.said == failure("The form cannot be read: it has too many parts.")


def test_one_step_that_fails_leaves_nothing(server, admin, room):
    before, there = stored(server), listed(admin, room, count="0")
    answer = send_as_library(admin, f"rooms.upload/{room['_id']}", "a", b"x", msg="x" * 5001)
    assert answer.status == 400
    assert listed(admin, room, count="0") == there
    eventually_nothing_new(server, before)


def test_the_library_s_form_is_understood(admin, room):
    answer = send_as_library(admin, f"rooms.media/{room['_id']}", "ä b.png", b"x", "image/png")
    file = answer.ok()["file"]
    assert file["url"].endswith("/%C3%A4%20b.png")
    answer = admin.post(f"rooms.mediaConfirm/{room['_id']}/{file['_id']}", {})
    assert answer.ok()["message"]["file"]["name"] == "ä b.png"


# Names

NAMES = {
    "a path": ("../../etc/passwd", "passwd"),
    "a path of Windows": (r"C:\\temp\\a.txt", "a.txt"),
    "the folder above": ("..", "file"),
    "nothing": ("", "file"),
    "a slash at the end": ("a/", "file"),
    "what a URL knows": ("a?b#c%2e&d.txt", "a?b#c%2e&d.txt"),
    "a quote": ('a\\"b.txt', 'a"b.txt'),
    "other letters": ("日本.txt", "日本.txt"),
    "a long one": ("ä" * 200, "ä" * 127),
}


@pytest.mark.parametrize("given, kept", table(NAMES))
def test_a_name_is_a_text_and_no_path(server, admin, room, given, kept):
    answer = send(admin, f"rooms.media/{room['_id']}", part("file", b"x", given))
    message = confirm(admin, room, answer.ok()["file"]).ok()["message"]
    assert message["file"]["name"] == kept
    answer = fetch(admin, message["attachments"][0]["title_link"])
    assert answer.body == b"x"
    assert "\n" not in answer.headers["Content-Disposition"]
    assert message["file"]["_id"] in stored(server)[0]


def test_a_type_that_is_none_is_not_kept(admin, room):
    for given in ("x", "text/", "text/plain; ä", "a b/c", "x" * 200 + "/y"):
        answer = send(admin, f"rooms.media/{room['_id']}", part("file", b"x", "a.bin", given))
        served = fetch(admin, answer.ok()["file"]["url"])
        assert served.headers["Content-Type"] == "application/octet-stream"


# Going


def test_a_deleted_message_takes_its_file_with_it(server, admin, room):
    message = post_file(admin, room, b"x")
    file_id = message["file"]["_id"]
    body = {"roomId": room["_id"], "msgId": message["_id"]}
    admin.post("chat.delete", body).ok()
    link = message["attachments"][0]["title_link"]
    assert fetch(admin, link).status == 404
    assert file_id not in [f["_id"] for f in listed(admin, room, count="0")]
    eventually_gone(server, {file_id})


def test_a_message_can_be_deleted_by_its_file(admin, room):
    message = post_file(admin, room, b"x")
    body = {"roomId": room["_id"], "fileId": message["file"]["_id"]}
    assert admin.post("chat.delete", body).ok()["_id"] == message["_id"]
    unknown = f'No message found with the file id: "{message["file"]["_id"]}".'
    assert admin.post("chat.delete", body).said == failure(unknown)
    unconfirmed = upload(admin, room, b"x")["_id"]
    unknown = f'No message found with the file id: "{unconfirmed}".'
    body = {"roomId": room["_id"], "fileId": unconfirmed}
    assert admin.post("chat.delete", body).said == failure(unknown)


def test_a_deleted_room_takes_its_files_with_it(server, admin):
    room = make(admin, "groups")
    ids = {post_file(admin, room, b"x")["file"]["_id"] for _ in range(3)}
    ids.add(upload(admin, room, b"x")["_id"])
    assert ids <= set(stored(server)[0])
    admin.post("groups.delete", {"roomId": room["_id"]}).ok()
    eventually_gone(server, ids)


# What integrations are told, and who may do what, is as for every message


def test_who_may_not_see_channels_may_not_upload_there(admin, room):
    guest = add_client(admin)
    with permissions(admin, {"view-c-room": ["admin"]}):
        answer = send(guest, f"rooms.media/{room['_id']}", part("file", b"x", "x"))
    assert answer.said == FORBIDDEN


def test_a_member_of_a_group_uploads_into_it(admin, user):
    room = make(admin, "groups")
    invite(admin, "groups", room, user)
    message = post_file(user, room, b"x")
    assert message["u"]["_id"] == user.user_id
