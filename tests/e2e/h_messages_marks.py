"""What people do with messages that are there, and the lists of chat.* that come of it."""

import re

import pytest

from harness.bodies import NOBODY, SUCCESS, failure, invalid, required, thrown
from harness.integrations import MOMENT
from harness.people import add_client, settings
from harness.rooms import invite, make, messages, types
from harness.waiting import past_moment_of

LONG_AGO = "2000-01-01T00:00:00.000Z"
LATER = "2100-01-01T00:00:00.000Z"

NO_MESSAGE = thrown(
    "error-message-not-found",
    'The provided "messageId" does not match any existing message.',
)
NOT_ALLOWED = thrown("error-not-allowed", "Not allowed")


@pytest.fixture
def room(admin):
    return make(admin, "groups")


@pytest.fixture
def guest(admin, room):
    client = add_client(admin)
    invite(admin, "groups", room, client)
    return client


@pytest.fixture
def stranger(admin):
    return add_client(admin)


def send(client, room, msg="hello", **more):
    body = {"message": {"rid": room["_id"], "msg": msg, **more}}
    return client.post("chat.sendMessage", body).ok()["message"]


def read(client, message):
    return client.get("chat.getMessage", {"msgId": message["_id"]}).ok()["message"]


def delete(client, message):
    body = {"roomId": message["rid"], "msgId": message["_id"]}
    client.post("chat.delete", body).ok()


def mark(client, verb, message, **more):
    return client.post(f"chat.{verb}", {"messageId": message["_id"], **more})


def listed(client, name, room, **more):
    return client.get(f"chat.{name}", {"roomId": room["_id"], **more}).ok()


def texts(answer, key="messages"):
    return [m["msg"] for m in answer[key]]


# What all have in common

MARKS = ["react", "starMessage", "unStarMessage", "pinMessage", "unPinMessage", "reportMessage"]
MORE = {"react": {"emoji": "smile"}, "reportMessage": {"description": "rude"}}


@pytest.mark.parametrize("verb", MARKS)
def test_only_messages_that_exist_are_marked(admin, nobody, verb):
    unknown = {"_id": "nobody-wrote-it"}
    assert mark(admin, verb, unknown, **MORE.get(verb, {})).said == NO_MESSAGE
    assert admin.post(f"chat.{verb}", MORE.get(verb, {})).said == invalid(required("messageId"))
    assert mark(nobody, verb, unknown).said == NOBODY


@pytest.mark.parametrize("verb", MARKS)
def test_nobody_marks_a_message_he_does_not_see(admin, room, stranger, verb):
    message = send(admin, room)
    assert not mark(stranger, verb, message, **MORE.get(verb, {})).json()["success"]
    assert read(admin, message) == message


# Reactions


def test_a_reaction_comes_and_goes(admin, room, guest):
    message = send(admin, room)
    steps = [
        (admin, {"emoji": "smile"}, {":smile:": ["admin"]}),
        (guest, {"emoji": ":smile:"}, {":smile:": ["admin", guest.username]}),
        (guest, {"reaction": ":+1:"}, {":smile:": ["admin", guest.username], ":+1:": [guest.username]}),
        (admin, {"emoji": "smile", "shouldReact": True},
         {":smile:": ["admin", guest.username], ":+1:": [guest.username]}),
        (admin, {"emoji": "smile"}, {":smile:": [guest.username], ":+1:": [guest.username]}),
        (guest, {"emoji": "smile", "shouldReact": False}, {":+1:": [guest.username]}),
        (guest, {"emoji": "+1"}, None),
    ]
    for client, body, expected in steps:
        assert mark(client, "react", message, **body).said == SUCCESS
        found = read(guest, message).get("reactions")
        assert found == (expected and {k: {"usernames": v} for k, v in expected.items()})


@pytest.mark.parametrize("emoji", [":not an emoji:", "::", "a:b", "é", "x" * 65])
def test_what_cannot_be_an_emoji_is_refused(admin, room, emoji):
    refused = mark(admin, "react", send(admin, room), emoji=emoji)
    assert refused.said == thrown("error-not-allowed", "Invalid emoji provided.", method="setReaction")


def test_a_reaction_needs_an_emoji(admin, room):
    missing = thrown("error-emoji-param-not-provided", 'The required "emoji" param is missing.')
    assert mark(admin, "react", send(admin, room)).said == missing


# Stars


def test_a_star_is_seen_by_who_gave_it(admin, room, guest):
    message, other = send(admin, room, "one"), send(admin, room, "two")
    assert mark(guest, "starMessage", message).said == SUCCESS
    assert mark(guest, "starMessage", message).said == SUCCESS
    assert read(guest, message)["starred"] == [{"_id": guest.user_id}]
    assert "starred" not in read(admin, message)
    assert "starred" not in read(guest, other)
    assert texts(listed(guest, "getStarredMessages", room)) == ["one"]
    assert listed(admin, "getStarredMessages", room)["total"] == 0
    starred = messages(guest, "groups", room, starredIds=guest.user_id)
    assert [m["_id"] for m in starred] == [message["_id"]]
    assert mark(guest, "unStarMessage", message).said == SUCCESS
    assert listed(guest, "getStarredMessages", room)["messages"] == []


def test_the_star_of_a_deleted_message_is_gone(admin, room):
    message = send(admin, room)
    mark(admin, "starMessage", message).ok()
    delete(admin, message)
    assert listed(admin, "getStarredMessages", room)["total"] == 0


def test_stars_and_pins_can_be_switched_off(admin, room):
    message = send(admin, room)
    with settings(admin, {"Message_AllowStarring": False, "Message_AllowPinning": False}):
        for verb in "starMessage", "pinMessage":
            assert mark(admin, verb, message).json()["errorType"] == "error-action-not-allowed"


# Pins


def test_a_pin_is_noted_in_the_room(admin, room):
    message = send(admin, room, "keep this")
    note = mark(admin, "pinMessage", message).ok()["message"]
    assert (note["t"], note["msg"], note["rid"]) == ("message_pinned", "", room["_id"])
    assert note["attachments"][0]["text"] == "keep this"
    assert note["attachments"][0]["author_name"] == "admin"
    pinned = read(admin, message)
    assert pinned["pinned"] is True
    assert re.fullmatch(MOMENT, pinned["pinnedAt"])
    assert pinned["pinnedBy"] == {"_id": admin.user_id, "username": "admin"}
    assert texts(listed(admin, "getPinnedMessages", room)) == ["keep this"]
    assert len(messages(admin, "groups", room, pinned="true")) == 1
    mark(admin, "pinMessage", message).ok()
    assert types(admin, "groups", room).count("message_pinned") == 1
    assert mark(admin, "unPinMessage", message).said == SUCCESS
    assert listed(admin, "getPinnedMessages", room)["total"] == 0
    assert "pinned" not in read(admin, message)


def test_pinning_is_for_moderators(admin, room, guest):
    refused = thrown("not-authorized", "Not Authorized", method="pinMessage")
    assert mark(guest, "pinMessage", send(guest, room)).said == refused


def test_a_client_cannot_write_the_note_himself(admin, room):
    body = {"message": {"rid": room["_id"], "msg": "", "t": "message_pinned"}}
    refused = failure("Cannot send system messages using 'chat.sendMessage'")
    assert admin.post("chat.sendMessage", body).said == refused


# Threads


def test_threads_are_followed_by_who_takes_part_and_by_who_wants(admin, room, guest):
    parent = send(admin, room, "a thread")
    reply = send(admin, room, "a reply", tmid=parent["_id"])
    steps = [
        ("followMessage", reply, [admin.user_id, guest.user_id]),
        ("followMessage", parent, [admin.user_id, guest.user_id]),
        ("unfollowMessage", parent, [admin.user_id]),
    ]
    for verb, message, expected in steps:
        assert guest.post(f"chat.{verb}", {"mid": message["_id"]}).said == SUCCESS
        assert read(admin, parent)["replies"] == expected
    unknown = thrown("error-invalid-message", "Invalid message")
    assert guest.post("chat.followMessage", {"mid": "none"}).said == unknown


def test_threads_are_listed_by_their_newest_reply(admin, room, guest):
    first, second = send(admin, room, "First thread"), send(guest, room, "second thread")
    send(guest, room, "no thread")
    past_moment_of(send(guest, room, "x", tmid=second["_id"]))
    send(guest, room, "y", tmid=first["_id"])
    rows = [
        ({}, ["First thread", "second thread"], 2),
        ({"count": "1", "offset": "1"}, ["second thread"], 2),
        ({"text": "FIRST"}, ["First thread"], 1),
        ({"type": "following"}, ["First thread"], 1),
        ({"type": "following", "text": "second"}, [], 0),
    ]
    for parameters, expected, total in rows:
        query = {"rid": room["_id"], **parameters}
        answer = admin.get("chat.getThreadsList", query).ok()
        assert (texts(answer, "threads"), answer["total"]) == (expected, total)


def test_clients_learn_what_changed_in_threads(admin, room):
    parent = send(admin, room, "a thread")
    send(admin, room, "a reply", tmid=parent["_id"])
    rows = [
        ("syncThreadsList", {"rid": room["_id"]}, "threads", "a thread"),
        ("syncThreadMessages", {"tmid": parent["_id"]}, "messages", "a reply"),
    ]
    for name, query, key, expected in rows:
        answer = admin.get(f"chat.{name}", {**query, "updatedSince": LONG_AGO}).ok()
        assert texts(answer[key], "update") == [expected]
        assert answer[key]["remove"] == []
        answer = admin.get(f"chat.{name}", {**query, "updatedSince": LATER}).ok()
        assert answer[key] == {"update": [], "remove": []}


# Lists


def test_mentions_of_oneself_are_listed(admin, room, guest):
    send(admin, room, f"hello @{guest.username}")
    send(admin, room, "hello @all")
    assert texts(listed(guest, "getMentionedMessages", room)) == [f"hello @{guest.username}"]
    assert listed(admin, "getMentionedMessages", room)["total"] == 0


def test_a_search_finds_the_newest_first_in_any_case(admin, room):
    for text in ("Alpha 100%", "beta", "ALPHA_2", 'say "alpha"\n', "alias"):
        send(admin, room, text)
    rows = [
        ("alpha", {}, ['say "alpha"\n', "ALPHA_2", "Alpha 100%"]),
        ("alpha", {"count": "1", "offset": "1"}, ["ALPHA_2"]),
        ("0%", {}, ["Alpha 100%"]),
        ("A_2", {}, ["ALPHA_2"]),
        ('"alpha"\n', {}, ['say "alpha"\n']),
        ("msg", {}, []),
        ("admin", {}, []),
    ]
    for text, more, expected in rows:
        assert texts(listed(admin, "search", room, searchText=text, **more)) == expected


def test_clients_learn_what_changed_and_what_went(admin, room):
    kept, gone = send(admin, room, "kept"), send(admin, room, "gone")
    delete(admin, gone)
    result = listed(admin, "syncMessages", room, lastUpdate=LONG_AGO)["result"]
    assert texts(result, "updated") == ["kept"]
    assert [m["_id"] for m in result["deleted"]] == [gone["_id"]]
    assert re.fullmatch(MOMENT, result["deleted"][0]["_deletedAt"])
    since = {"lastUpdate": kept["_updatedAt"]}
    assert listed(admin, "syncMessages", room, **since)["result"]["updated"] == []
    mark(admin, "react", kept, emoji="smile").ok()
    assert texts(listed(admin, "syncMessages", room, **since)["result"], "updated") == ["kept"]
    deleted = listed(admin, "getDeletedMessages", room, since=LONG_AGO)
    assert (deleted["messages"], deleted["total"]) == ([{"_id": gone["_id"]}], 1)
    assert listed(admin, "getDeletedMessages", room, since=LATER)["messages"] == []


def test_changes_can_be_paged(admin, room):
    for text in "abc":
        send(admin, room, text)
    seen, cursor = [], {}
    while cursor is not None:
        query = {"type": "UPDATED", "count": "2", **cursor}
        result = listed(admin, "syncMessages", room, **query)["result"]
        seen += texts(result, "updated")
        following = result["cursor"]["next"]
        cursor = {"next": following} if following else None
    assert seen == ["a", "b", "c"]
    removed = listed(admin, "syncMessages", room, type="DELETED")["result"]
    assert removed == {"deleted": [], "cursor": {"next": None, "previous": None}}


@pytest.mark.parametrize(
    "query, said",
    [
        ({}, ("error-param-required", 'The required "roomId" query param is missing')),
        (
            {"roomId": "GENERAL"},
            ("error-param-required", 'The "type" or "lastUpdate" parameters must be provided'),
        ),
        (
            {"roomId": "GENERAL", "lastUpdate": "yesterday"},
            (
                "error-lastUpdate-param-invalid",
                'The "lastUpdate" query parameter must be a valid date',
            ),
        ),
    ],
)
def test_what_is_missing_for_changes_is_said(admin, query, said):
    assert admin.get("chat.syncMessages", query).said == thrown(*said)


LISTS = [
    ("getStarredMessages", {}),
    ("getPinnedMessages", {}),
    ("getMentionedMessages", {}),
    ("getDiscussions", {}),
    ("getDeletedMessages", {"since": LONG_AGO}),
    ("search", {"searchText": "x"}),
    ("syncMessages", {"lastUpdate": LONG_AGO}),
    ("getURLPreview", {"url": "http://example.com/"}),
]


@pytest.mark.parametrize("name, more", LISTS)
def test_lists_are_for_those_who_see_the_room(room, stranger, name, more):
    refused = stranger.get(f"chat.{name}", {"roomId": room["_id"], **more})
    assert refused.said == NOT_ALLOWED


# Others


def test_no_message_begins_a_discussion(admin, room):
    answer = listed(admin, "getDiscussions", room)
    assert (answer["messages"], answer["total"]) == ([], 0)


def test_an_address_is_shown_without_being_fetched(admin, room):
    answer = listed(admin, "getURLPreview", room, url="http://127.0.0.1:9/x")
    assert answer["urlPreview"] == {"url": "http://127.0.0.1:9/x", "meta": {}}


def test_a_message_is_reported_once_by_each(admin, room):
    message = send(admin, room)
    assert mark(admin, "reportMessage", message, description="rude").said == SUCCESS
    assert mark(admin, "reportMessage", message, description="very rude").said == SUCCESS


@pytest.mark.parametrize(
    "ignore, ignored",
    [(None, True), ("true", True), ("1", True), ("True", False), ("false", False)],
)
def test_a_user_is_ignored_by_who_is_in_the_room(admin, room, guest, ignore, ignored):
    query = {"rid": room["_id"], "userId": admin.user_id}
    if ignore is not None:
        query["ignore"] = ignore
    assert guest.get("chat.ignoreUser", query).said == SUCCESS
    own = guest.get("subscriptions.getOne", {"roomId": room["_id"]}).ok()["subscription"]
    assert own["ignored"] == ([admin.user_id] if ignored else [])


def test_who_is_not_in_the_room_ignores_nobody_there(admin, room, stranger):
    query = {"rid": room["_id"], "userId": admin.user_id}
    refused = thrown("error-invalid-subscription", "Invalid subscription", method="ignoreUser")
    assert stranger.get("chat.ignoreUser", query).said == refused
