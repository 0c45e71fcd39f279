"""Posting: chat.postMessage and chat.sendMessage, where a message goes, who may send it, and what
it may be."""

import re

import pytest

from harness.bodies import (
    CLOSED,
    NOBODY,
    ONE_OF,
    failure,
    invalid,
    required,
    thrown,
)
from harness.integrations import MOMENT, RANDOM_LETTER
from harness.people import add_client, new_name, permissions, settings
from harness.rooms import invite, make, members, texts, types
from harness.table import table

INVALID_CHANNEL = thrown("invalid-channel")


@pytest.fixture(scope="module")
def channel(admin):
    return make(admin, "channels")


@pytest.fixture(scope="module")
def bot(admin):
    return add_client(admin, roles=["bot"])


def post(client, channel, text="hello", **more):
    return client.post("chat.postMessage", {"channel": channel, "text": text, **more})


def posted(client, channel, text="hello", **more):
    return post(client, channel, text, **more).ok()["message"]


def send(client, room, msg="hello", **more):
    return client.post("chat.sendMessage", {"message": {"rid": room["_id"], "msg": msg, **more}})


def sent(client, room, msg="hello", **more):
    return send(client, room, msg, **more).ok()["message"]


# The document


def test_a_posted_message_is_answered_as_it_is_stored(admin, channel):
    answer = post(admin, "#" + channel["name"]).ok()
    assert list(answer) == ["ts", "channel", "message", "success"]
    assert isinstance(answer["ts"], int)
    assert answer["channel"] == "#" + channel["name"]
    message = answer["message"]
    assert re.fullmatch(RANDOM_LETTER + "{17}", message["_id"])
    assert re.fullmatch(MOMENT, message["ts"]) and re.fullmatch(MOMENT, message["_updatedAt"])
    assert message == {
        "_id": message["_id"],
        "rid": channel["_id"],
        "alias": "",
        "msg": "hello",
        "attachments": [],
        "parseUrls": True,
        "groupable": False,
        "urls": [],
        "mentions": [],
        "channels": [],
        "ts": message["ts"],
        "u": {"_id": admin.user_id, "username": "admin", "name": "Administrator"},
        "_updatedAt": message["_updatedAt"],
    }
    stored = admin.get("chat.getMessage", {"msgId": message["_id"]}).ok()["message"]
    assert stored == message


def test_a_sent_message_is_answered_as_it_is_stored(admin, channel):
    message = sent(admin, channel, "two\nlines ")
    assert message == {
        "_id": message["_id"],
        "rid": channel["_id"],
        "msg": "two\nlines ",
        "parseUrls": True,
        "urls": [],
        "mentions": [],
        "channels": [],
        "ts": message["ts"],
        "u": {"_id": admin.user_id, "username": "admin", "name": "Administrator"},
        "_updatedAt": message["_updatedAt"],
    }
    stored = admin.get("chat.getMessage", {"msgId": message["_id"]}).ok()["message"]
    assert stored == message


CONTENTS = {
    "no text": ({"text": None}, {"msg": ""}),
    "text with blanks around it": ({"text": " a b\n"}, {"msg": "a b"}),
    "attachments": (
        {"attachments": [{"text": "t", "color": "#fff", "mine": {"k": [1]}}]},
        {"attachments": [{"text": "t", "color": "#fff", "mine": {"k": [1]}}], "parseUrls": False},
    ),
    "an empty list of attachments": ({"attachments": []}, {"attachments": [], "parseUrls": False}),
    "attachments and addresses": (
        {"attachments": [], "parseUrls": True},
        {"attachments": [], "parseUrls": True},
    ),
    "an attachment's text called msg": (
        {"attachments": [{"msg": " m ", "text": "t", "title": "x"}]},
        {"attachments": [{"title": "x", "text": "m"}]},
    ),
    "an emoji": ({"emoji": ":ghost:"}, {"emoji": ":ghost:"}),
}


@pytest.mark.parametrize("given, kept", table(CONTENTS))
def test_a_post_keeps(admin, channel, given, kept):
    message = posted(admin, channel["_id"], **given)
    assert {name: message[name] for name in kept} == kept


def test_an_avatar_goes_before_an_emoji(bot, channel):
    both = {"avatar": "http://example.com/a.png", "emoji": ":ghost:"}
    message = posted(bot, channel["_id"], **both)
    assert message["avatar"] == "http://example.com/a.png"
    assert "emoji" not in message


REFERENCES = {
    "an address": ("see https://example.com/a?b=1.", ["https://example.com/a?b=1"], [], []),
    "one address twice": ("http://a.b http://a.b", ["http://a.b"], [], []),
    "an address in brackets": ("(http://a.b/c_(d))", ["http://a.b/c_(d)"], [], []),
    "a link": ("[t](http://a.b/c) <http://x.y|z>", ["http://a.b/c", "http://x.y"], [], []),
    "inline code": ("`http://a.b @admin #general`", [], [], []),
    "a block of code": ("```\n@admin\n``` @all", [], ["all"], []),
    "somebody": ("hi @admin, @nobody-here and a@admin", [], ["admin"], []),
    "somebody at the end of a sentence": ("thanks @admin.", [], ["admin"], []),
    "everybody": ("@all @here @all", [], ["all", "here"], []),
    "a room": ("#general and #nothing", [], [], ["general"]),
}


@pytest.mark.parametrize("text, urls, mentions, channels", table(REFERENCES))
def test_a_text_refers_to(admin, channel, text, urls, mentions, channels):
    message = sent(admin, channel, text)
    assert message["urls"] == [{"url": url, "meta": {}} for url in urls]
    assert [m["username"] for m in message["mentions"]] == mentions
    assert [c["name"] for c in message["channels"]] == channels


def test_a_mention_names_the_user_in_full(admin, channel):
    message = sent(admin, channel, "@admin")
    assert message["mentions"] == [
        {"_id": admin.user_id, "username": "admin", "name": "Administrator", "type": "user"}
    ]
    assert sent(admin, channel, "@here")["mentions"] == [{"_id": "here", "username": "here"}]


def test_addresses_are_left_alone_when_the_sender_says_so(admin, channel):
    assert sent(admin, channel, "http://a.b", parseUrls=False)["urls"] == []


# Destinations


def test_a_room_is_named_in_every_way(admin, channel):
    for name in channel["_id"], channel["name"], "#" + channel["_id"], "#" + channel["name"]:
        assert posted(admin, name)["rid"] == channel["_id"]
    by_id = {"roomId": [channel["_id"]], "text": "x"}
    answer = admin.post("chat.postMessage", by_id).ok()
    assert (answer["channel"], answer["message"]["rid"]) == (channel["_id"], channel["_id"])


def test_a_post_goes_to_each_room_once_and_answers_with_the_first(admin):
    one, other = make(admin, "channels"), make(admin, "groups")
    names = ["#" + one["name"], "#" + other["name"], "#" + one["name"]]
    answer = post(admin, names, "to both").ok()
    assert answer["channel"] == names[0]
    assert answer["message"]["rid"] == one["_id"]
    assert texts(admin, "channels", one) == ["to both"]
    assert texts(admin, "groups", other) == ["to both"]


def test_one_destination_that_is_not_there_refuses_all(admin, channel):
    room = make(admin, "channels")
    assert post(admin, ["#" + room["name"], "#missing"]).said == INVALID_CHANNEL
    assert texts(admin, "channels", room) == []


UNKNOWN = ["#missing", "@missing", "missing", "#", "@", "plain-user"]


@pytest.mark.parametrize("name", UNKNOWN)
def test_nothing_is_posted_to(admin, user, name):
    assert post(admin, name).said == INVALID_CHANNEL


def test_people_are_written_to_in_the_room_they_have_together(admin):
    other = add_client(admin)
    first = posted(admin, "@" + other.username, "one")
    assert first["rid"] == "".join(sorted([admin.user_id, other.user_id]))
    for name in "@" + other.user_id, other.user_id, first["rid"], "@" + first["rid"]:
        assert posted(admin, name)["rid"] == first["rid"]
    assert posted(other, "@admin", "back")["rid"] == first["rid"]
    rooms = [room["_id"] for room in other.get("im.list").ok()["ims"]]
    assert rooms == [first["rid"]]


def test_somebody_writes_to_himself(admin):
    client = add_client(admin)
    room = posted(client, "@" + client.username)["rid"]
    assert posted(client, client.user_id)["rid"] == room
    with settings(admin, {"Message_AllowDirectMessagesToYourself": False}):
        assert post(client, "@" + client.username).said == INVALID_CHANNEL


def test_who_may_not_make_direct_rooms_cannot_write_to_somebody_new(admin):
    client = add_client(admin)
    posted(client, "@admin")
    with permissions(admin, {"create-d": ["admin"]}):
        refused = post(client, "@rocket.cat").json()
        assert refused["error"] == "Not allowed [error-not-allowed]"
        posted(client, "@admin", "still there")


# Coming in


def test_who_posts_into_a_channel_comes_in_first(admin):
    room, client = make(admin, "channels"), add_client(admin)
    posted(client, "#" + room["name"], "here I am")
    assert members(admin, "channels", room) == sorted(["admin", client.username])
    listed = admin.get("channels.messages", {"roomId": room["_id"]}).ok()["messages"]
    assert [m["msg"] for m in listed] == ["here I am", client.username]
    assert listed[1]["t"] == "uj" and listed[1]["u"]["username"] == client.username


def test_a_group_is_not_entered_by_posting(admin, user):
    room = make(admin, "groups")
    assert post(user, "#" + room["name"]).said == failure("error-not-allowed")
    assert members(admin, "groups", room) == ["admin"]


def test_a_channel_of_a_private_team_is_not_entered_by_posting(admin):
    outsider = add_client(admin)
    team = admin.post("teams.create", {"name": new_name("team"), "type": 1}).ok()["team"]
    room = make(admin, "channels", extraData={"teamId": team["_id"]})
    answer = post(outsider, "#" + room["name"]).json()
    assert (answer["error"], answer["errorType"]) == (
        "Not allowed [error-not-allowed]",
        "error-not-allowed",
    )
    assert texts(admin, "channels", room) == []
    invite(admin, "channels", room, outsider)
    posted(outsider, "#" + room["name"], "let in")


def test_sending_does_not_bring_one_in(admin, user):
    room = make(admin, "channels")
    sent(user, room, "from outside")
    assert members(admin, "channels", room) == ["admin"]


# Who may


def test_nobody_posts_without_a_login(nobody, channel):
    assert post(nobody, channel["_id"]).said == NOBODY


def test_an_archived_room_takes_no_message(admin):
    room = make(admin, "channels")
    admin.post("channels.archive", {"roomId": room["_id"]}).ok()
    assert post(admin, room["_id"]).said == failure("room_is_archived")
    assert send(admin, room).said == failure("room_is_archived")
    outsider = add_client(admin)
    assert post(outsider, room["_id"]).said == failure("room_is_archived")
    assert members(admin, "channels", room) == ["admin"]


def test_a_read_only_room_takes_messages_of_its_owner_only(admin):
    room, client = make(admin, "channels", readOnly=True), add_client(admin)
    invite(admin, "channels", room, client)
    refused = failure("You can't send messages because the room is readonly.")
    assert post(client, room["_id"]).said == refused
    assert send(client, room).said == refused
    posted(admin, room["_id"])


def test_a_room_one_does_not_see_takes_no_message(admin, user):
    room = make(admin, "groups")
    assert send(user, room).said == failure("error-not-allowed")
    nowhere = {"_id": "nowhere"}
    assert send(user, nowhere).said == failure("error-invalid-room")


# What it may be


def test_another_name_is_for_those_who_may_impersonate(admin, bot, channel):
    for what in {"alias": "Somebody"}, {"avatar": "http://example.com/a.png"}:
        assert post(admin, channel["_id"], **what).said == failure("Not enough permission")
        assert send(admin, channel, **what).said == failure("Not enough permission")
        name, value = next(iter(what.items()))
        assert posted(bot, channel["_id"], **what)[name] == value
    assert posted(admin, channel["_id"], alias="")["alias"] == ""


SIZES = {"ASCII": "x" * 5000, "pairs of UTF-16 units": "\U0001f600" * 2500}


@pytest.mark.parametrize("text", table(SIZES))
def test_a_text_has_5000_units_at_most(admin, channel, text):
    too_long = failure("error-message-size-exceeded")
    assert posted(admin, channel["_id"], text)["msg"] == text
    assert post(admin, channel["_id"], text + "x").said == too_long
    attached = {"attachments": [{"text": text + "x"}]}
    assert post(admin, channel["_id"], **attached).said == too_long
    assert send(admin, channel, text + "x").said == thrown(
        "error-message-size-exceeded", "Message size exceeds Message_MaxAllowedSize"
    )


HREF = failure("Invalid href value provided")
FIELD = failure("Invalid attachment field, title and value is required")
ATTACHMENTS = {
    "a program": ({"title_link": "javascript:alert(1)"}, HREF),
    "a relative link": ({"image_url": "/avatar/x"}, HREF),
    "an empty link": ({"author_icon": ""}, HREF),
    "another scheme": ({"thumb_url": "ftp://a.b"}, HREF),
    "a program behind a button": ({"actions": [{"url": "javascript:x"}]}, HREF),
    "a field without a value": ({"fields": [{"title": "t"}]}, FIELD),
    "a field with an empty title": ({"fields": [{"title": "", "value": "v"}]}, FIELD),
    "a field with the value 0": ({"fields": [{"title": "t", "value": 0}]}, FIELD),
    "one inside another": ({"attachments": [{"audio_url": "x"}]}, HREF),
}


@pytest.mark.parametrize("attachment, said", table(ATTACHMENTS))
def test_an_attachment_is_refused_for(admin, channel, attachment, said):
    assert post(admin, channel["_id"], attachments=[attachment]).said == said
    assert send(admin, channel, attachments=[attachment]).said == said


KEPT = {
    "links": {"title_link": "https://a.b", "image_url": "data:image/png;base64,AA=="},
    "an upload": {"image_url": "/file-upload/x/y.png"},
    "fields": {"fields": [{"short": True, "title": "t", "value": 5}]},
    "what is null": {"title_link": None, "fields": None},
}


@pytest.mark.parametrize("attachment", table(KEPT))
def test_an_attachment_is_kept_with(admin, channel, attachment):
    message = posted(admin, channel["_id"], attachments=[attachment])
    assert message["attachments"] == [attachment]


AVATARS = {
    "absolute": ("http://a.b/c.png", True),
    "relative": ("/avatar/bob", True),
    "a program": ("javascript:alert(1)", False),
    "another host": ("//a.b/c.png", False),
}


@pytest.mark.parametrize("avatar, fine", table(AVATARS))
def test_an_avatar_may_be_relative(bot, channel, avatar, fine):
    answer = post(bot, channel["_id"], avatar=avatar)
    assert answer.status == 200 if fine else answer.said == HREF


def test_custom_fields_are_off(admin, channel):
    refused = thrown("error-invalid-custom-fields")
    assert send(admin, channel, customFields={"k": 1}).said == refused
    with settings(admin, {"Message_CustomFields_Enabled": True}):
        assert sent(admin, channel, customFields={"k": 1})["customFields"] == {"k": 1}


# Parameters

FORMS = {
    "an unknown key": {"channel": "#general", "text": "x", "color": "red"},
    "both forms": {"channel": "#general", "roomId": "GENERAL"},
    "a thread in a channel": {"channel": "#general", "tmid": "x"},
    "nothing": {},
    "attachments that are a text": {"channel": "#general", "attachments": "x"},
}


@pytest.mark.parametrize("body", table(FORMS))
def test_a_post_is_not_made_of(admin, body):
    answer = admin.post("chat.postMessage", body)
    assert answer.status == 400
    assert answer.json()["errorType"] == "invalid-params"
    assert ONE_OF in answer.json()["error"]


def test_a_message_needs_a_room(admin):
    assert admin.post("chat.sendMessage", {}).said == invalid(required("message"))
    body = {"message": {"msg": "x"}}
    assert admin.post("chat.sendMessage", body).said == invalid(required("rid"))
    body = {"message": {"rid": "GENERAL"}, "color": "red"}
    assert admin.post("chat.sendMessage", body).said == invalid(CLOSED)


def test_a_client_does_not_speak_as_the_server(admin, channel):
    for kind in "uj", "rm", "room-archived":
        assert send(admin, channel, t=kind).said == failure(
            "Cannot send system messages using 'chat.sendMessage'"
        )


def test_an_id_of_ones_own_is_stored_once(admin):
    room = make(admin, "channels")
    body = {"message": {"rid": room["_id"], "_id": new_name("id")}}
    first = admin.post("chat.sendMessage", body).ok()["message"]
    assert (first["_id"], first["msg"]) == (body["message"]["_id"], "")
    body["message"]["msg"] = "again"
    assert admin.post("chat.sendMessage", body).ok()["message"] == first
    assert texts(admin, "channels", room) == [""]



def test_a_moment_far_off_is_refused(admin, channel):
    answer = send(admin, channel, ts="2001-01-01T00:00:00.000Z").json()
    assert answer["errorType"] == "error-message-ts-out-of-sync"


# Threads


def test_a_reply_belongs_to_its_thread_and_the_parent_counts_it(admin, channel):
    other = add_client(admin)
    parent = sent(admin, channel, "question")
    first = sent(other, channel, "answer", tmid=parent["_id"])
    assert first["tmid"] == parent["_id"]
    second = sent(admin, channel, "thanks", tmid=first["_id"], tshow=True)
    assert (second["tmid"], second["tshow"]) == (parent["_id"], True)
    now = admin.get("chat.getMessage", {"msgId": parent["_id"]}).ok()["message"]
    assert (now["tcount"], now["tlm"]) == (2, second["ts"])
    assert now["replies"] == [admin.user_id, other.user_id]
    listed = admin.get("chat.getThreadMessages", {"tmid": parent["_id"]}).ok()
    assert [m["msg"] for m in listed["messages"]] == ["answer", "thanks"]
    assert listed["total"] == 2


def test_a_reply_needs_a_parent_in_its_room(admin, channel):
    parent = sent(admin, make(admin, "channels"), "elsewhere")
    for tmid in parent["_id"], "nothing":
        assert send(admin, channel, tmid=tmid).json()["errorType"] == "error-invalid-message"
        body = {"roomId": channel["_id"], "tmid": tmid}
        refused = admin.post("chat.postMessage", body).json()
        assert refused["errorType"] == "error-invalid-message"
    shown = send(admin, channel, tshow=True)
    assert shown.said == thrown("invalid-params", "tshow provided but missing tmid")
    unknown = admin.get("chat.getThreadMessages", {"tmid": "nothing"})
    assert unknown.said == thrown("error-invalid-message", "Invalid Message")


def test_a_reply_is_not_the_rooms_newest_message(admin):
    room = make(admin, "channels")
    parent = sent(admin, room, "question")
    sent(admin, room, "aside", tmid=parent["_id"])
    shown = admin.get("channels.info", {"roomId": room["_id"]}).ok()["channel"]
    assert (shown["lastMessage"]["msg"], shown["lm"], shown["msgs"]) == ("question", parent["ts"], 2)
    assert types(admin, "channels", room) == [None, None]


# The rest of the world


def test_alertmanager_posts_unchanged(admin, channel):
    body = {
        "channel": "#" + channel["name"],
        "emoji": ":fire:",
        "attachments": [
            {
                "title": "[FIRING:1] Disk",
                "title_link": "http://alerts.example.com/#/alerts",
                "text": "full",
                "image_url": "http://example.com/i.png",
                "thumb_url": "http://example.com/t.png",
                "color": "#ff0000",
                "fields": [{"title": "host", "value": "db1", "short": True}],
                "actions": [{"type": "button", "text": "Runbook", "url": "http://r.b", "msg": "x"}],
            }
        ],
    }
    message = admin.post("chat.postMessage", body).ok()["message"]
    assert message["attachments"] == body["attachments"]


def test_a_message_survives_a_kill(new_server):
    server = new_server().start()
    admin = server.admin()
    message = posted(admin, "#general", "kept")
    server.kill()
    server.start()
    again = admin.at(server.address).get("chat.getMessage", {"msgId": message["_id"]})
    assert again.ok()["message"] == message


def test_the_sender_is_called_as_he_is_now(admin):
    client = add_client(admin)
    message = posted(client, "#general")
    new = {"userId": client.user_id, "data": {"name": "Another Name"}}
    admin.post("users.update", new).ok()
    read = {"msgId": message["_id"]}
    assert admin.get("chat.getMessage", read).ok()["message"]["u"]["name"] == "Another Name"
    admin.post("users.delete", {"userId": client.user_id}).ok()
    sender = admin.get("chat.getMessage", read).ok()["message"]["u"]
    assert (sender["_id"], sender["username"]) == (client.user_id, client.username)


def test_who_does_not_see_the_room_does_not_see_the_message(admin, user):
    room = make(admin, "groups")
    message = sent(admin, room)
    assert user.get("chat.getMessage", {"msgId": message["_id"]}).said == (400, b'{"success":false}')
    assert user.get("chat.getMessage", {"msgId": "nothing"}).said == (400, b'{"success":false}')
    assert user.get("chat.getThreadMessages", {"tmid": message["_id"]}).status == 400
