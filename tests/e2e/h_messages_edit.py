"""Changing and deleting messages."""

import re

import pytest

from harness.bodies import failure, invalid, required, thrown
from harness.integrations import MOMENT
from harness.people import add_client, settings
from harness.rooms import invite, make, texts, types


@pytest.fixture
def room(admin):
    return make(admin, "channels")


@pytest.fixture
def guest(admin, room):
    client = add_client(admin)
    invite(admin, "channels", room, client)
    return client


def send(client, room, msg="hello", **more):
    body = {"message": {"rid": room["_id"], "msg": msg, **more}}
    return client.post("chat.sendMessage", body).ok()["message"]


def update(client, message, text, **more):
    body = {"roomId": message["rid"], "msgId": message["_id"], "text": text, **more}
    return client.post("chat.update", body)


def delete(client, message, **more):
    body = {"roomId": message["rid"], "msgId": message["_id"], **more}
    return client.post("chat.delete", body)


def read(client, message):
    return client.get("chat.getMessage", {"msgId": message["_id"]})


# Changing


def test_a_changed_message_says_who_changed_it(admin, room, guest):
    message = send(guest, room, "before", attachments=[{"text": "kept"}])
    changed = update(admin, message, "after @admin").ok()["message"]
    assert changed["msg"] == "after @admin"
    assert changed["editedBy"] == {"_id": admin.user_id, "username": "admin"}
    assert re.fullmatch(MOMENT, changed["editedAt"])
    assert [m["username"] for m in changed["mentions"]] == ["admin"]
    assert (changed["ts"], changed["u"]) == (message["ts"], message["u"])
    assert changed["attachments"] == [{"text": "kept"}]
    assert read(admin, message).ok()["message"] == changed


def test_the_same_text_changes_nothing(admin, room):
    message = send(admin, room)
    assert update(admin, message, "hello").ok()["message"] == message


def test_a_message_is_changed_by_its_sender_and_by_moderators(admin, room, guest):
    hers, mine = send(guest, room), send(admin, room)
    update(guest, hers, "my own").ok()
    refused = update(guest, mine, "not mine").json()
    assert refused["error"] == "Message editing not allowed [error-action-not-allowed]"
    with settings(admin, {"Message_AllowEditing": False}):
        assert update(guest, hers, "again").json()["errorType"] == "error-action-not-allowed"
        update(admin, hers, "moderated").ok()


def test_a_changed_text_follows_the_rules_of_a_new_one(admin, room):
    message = send(admin, room)
    too_long = thrown(
        "error-message-size-exceeded", "Message size exceeds Message_MaxAllowedSize"
    )
    assert update(admin, message, "x" * 5001).said == too_long
    admin.post("channels.archive", {"roomId": room["_id"]}).ok()
    assert update(admin, message, "late").said == failure("room_is_archived")


def test_a_message_that_is_not_there_is_neither_changed_nor_deleted(admin, room):
    message = send(admin, room)
    nothing = {"_id": "nothing", "rid": room["_id"]}
    elsewhere = {**message, "rid": "GENERAL"}
    for act in (lambda m: update(admin, m, "x")), (lambda m: delete(admin, m)):
        assert act(nothing).said == failure('No message found with the id of "nothing".')
        assert act(elsewhere).said == failure(
            "The room id provided does not match where the message is from."
        )
    assert admin.post("chat.update", {"roomId": "x", "msgId": "y"}).said == invalid(
        required("text")
    )


# Deleting


def test_a_deleted_message_is_gone(admin, room, guest):
    message = send(guest, room)
    answer = delete(guest, message).ok()
    assert list(answer) == ["_id", "ts", "message", "success"]
    assert answer["_id"] == message["_id"] and answer["ts"].isdigit()
    assert answer["message"] == {"_id": message["_id"], "rid": room["_id"], "u": message["u"]}
    assert read(admin, message).status == 400
    assert texts(admin, "channels", room) == []
    again = delete(guest, message).said
    assert again == failure(f'No message found with the id of "{message["_id"]}".')


def test_a_message_is_deleted_by_its_sender_and_by_moderators(admin, room, guest):
    hers, mine = send(guest, room), send(admin, room)
    assert delete(guest, mine).json()["error"] == "Not allowed [error-action-not-allowed]"
    as_user = delete(guest, mine, asUser=True)
    assert as_user.said == failure(
        'Unauthorized. You must have the permission "force-delete-message" to delete other\'s '
        "message as them."
    )
    with settings(admin, {"Message_AllowDeleting": False}):
        assert delete(guest, hers).json()["errorType"] == "error-action-not-allowed"
        delete(admin, hers).ok()
    delete(admin, send(guest, room), asUser=True).ok()
    delete(admin, mine).ok()


def test_where_a_message_was_can_stay_visible(admin, room, guest):
    message = send(guest, room, "@all secret")
    with settings(admin, {"Message_ShowDeletedStatus": True}):
        delete(guest, message).ok()
    kept = read(admin, message).ok()["message"]
    assert (kept["t"], kept["msg"], kept["u"]) == ("rm", "", message["u"])
    assert types(admin, "channels", room) == ["au", "rm"]
    mine = admin.get("subscriptions.getOne", {"roomId": room["_id"]}).ok()["subscription"]
    assert mine["groupMentions"] == 0


def test_a_thread_counts_the_replies_that_are_left(admin, room):
    parent = send(admin, room, "question")
    replies = [send(admin, room, f"r{n}", tmid=parent["_id"]) for n in range(2)]
    delete(admin, replies[0]).ok()
    assert read(admin, parent).ok()["message"]["tcount"] == 1
    delete(admin, replies[1]).ok()
    assert "tcount" not in read(admin, parent).ok()["message"]


def test_messages_of_files_are_not_there(admin):
    body = {"fileId": "x", "roomId": "GENERAL"}
    assert admin.post("chat.delete", body).said == failure(
        'No message found with the file id: "x".'
    )
