"""What outgoing webhooks are told of files."""

from harness.files import confirm, fetch, part, send, upload
from harness.outgoing import ALLOW, say, watching
from harness.receiver import Receiver
from harness.rooms import make

SETTINGS = ALLOW


def test_an_upload_tells_nobody_and_its_confirmation_tells_once_of_each(admin, receiver):
    files = Receiver()
    _, room = watching(admin, receiver)
    watching(admin, files, room=room, event="fileUploaded")
    file = upload(admin, room, b"hello", "a.txt")
    say(admin, room, "in between")
    message = confirm(admin, room, file, msg="here").ok()["message"]
    confirm(admin, room, file).ok()
    say(admin, room, "the end")
    told = [c.json() for c in receiver.wait(3)]
    assert sorted(t["text"] for t in told) == ["here", "in between", "the end"]
    about = files.only().json()
    files.close()
    assert about["channel_id"] == room["_id"]
    assert about["user_id"] == admin.user_id
    assert about["message"]["_id"] == message["_id"]
    assert about["message"]["file"] == message["file"]
    assert about["message"]["files"] == message["files"]
    link = about["message"]["attachments"][0]["title_link"]
    assert fetch(admin, link).body == b"hello"


def test_one_step_tells_of_both_too(admin, receiver):
    room = make(admin, "channels")
    for event in ("sendMessage", "fileUploaded"):
        watching(admin, receiver, room=room, event=event)
    form = [part("msg", b"here"), part("file", b"x", "a.txt")]
    send(admin, f"rooms.upload/{room['_id']}", *form).ok()
    assert len(receiver.wait(2)) == 2
