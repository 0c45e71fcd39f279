"""What rooms tell of their messages: pages, histories, counters, what is unread, and what the server
itself notes in them."""

import time

import pytest

from harness.bodies import ANY_OF, FORBIDDEN, NO_PERMISSION, SUCCESS, failure, thrown
from harness.people import add_client, new_name, permissions
from harness.rooms import KINDS, invite, make, messages, texts, types
from harness.table import table

both = pytest.mark.parametrize("family", KINDS)


def send(client, room, msg="hello", **more):
    body = {"message": {"rid": room["_id"], "msg": msg, **more}}
    return client.post("chat.sendMessage", body).ok()["message"]


def shown(client, family, room):
    return client.get(f"{family}.info", {"roomId": room["_id"]}).ok()[KINDS[family]]


def subscription(client, room):
    return client.get("subscriptions.getOne", {"roomId": room["_id"]}).ok()["subscription"]


# Pages


@pytest.fixture(scope="module")
def seven(admin):
    """A channel with seven messages, one of them a reply that is shown in its thread only."""
    room = make(admin, "channels")
    room["sent"] = []
    for n in range(7):
        thread = {"tmid": room["sent"][0]["_id"]} if n == 3 else {}
        room["sent"].append(send(admin, room, f"m{n}", **thread))
        begun = time.time_ns() // 1_000_000
        while time.time_ns() // 1_000_000 == begun:
            pass  # each message has a millisecond of its own, for the tests that name moments
    return room


PAGES = {
    "by default": ("", "m6 m5 m4 m3 m2 m1 m0"),
    "of a size": ("&count=2", "m6 m5"),
    "from a place on": ("&count=2&offset=3", "m3 m2"),
    "the last": ("&count=5&offset=5", "m1 m0"),
    "past the end": ("&offset=7", ""),
    "the other way round": ('&sort={"ts":1}&count=3', "m0 m1 m2"),
    "the other way round, from a place on": ('&sort={"ts":1}&offset=5', "m5 m6"),
    "by what is not sorted by": ('&sort={"msg":1}&count=1', "m6"),
    "of what is pinned": ("&pinned=true", ""),
}


@pytest.mark.parametrize("query, expected", table(PAGES))
def test_a_page(admin, seven, query, expected):
    answer = admin.get("channels.messages", f"roomId={seven['_id']}{query}").ok()
    assert list(answer) == ["messages", "count", "offset", "total", "success"]
    assert " ".join(m["msg"] for m in answer["messages"]) == expected
    assert answer["count"] == len(answer["messages"])
    assert answer["total"] == (0 if "pinned" in query else 7)


def test_a_page_is_the_same_after_a_message_was_deleted(admin):
    room = make(admin, "groups")
    sent = [send(admin, room, f"m{n}") for n in range(5)]
    admin.post("chat.delete", {"roomId": room["_id"], "msgId": sent[2]["_id"]}).ok()
    answer = admin.get("groups.messages", {"roomName": room["name"], "count": "2", "offset": "1"})
    assert [m["msg"] for m in answer.ok()["messages"]] == ["m3", "m1"]
    assert answer.json()["total"] == 4


def test_messages_that_mention_somebody(admin):
    room, other = make(admin, "channels"), add_client(admin)
    for text in "@admin 1", f"@{other.username} 2", "3", "@all 4", f"@admin @{other.username} 5":
        send(admin, room, text)

    def mentioning(*ids):
        query = {"roomId": room["_id"], "mentionIds": ",".join(ids)}
        answer = admin.get("channels.messages", query).ok()
        assert answer["total"] == answer["count"]
        return [m["msg"][-1] for m in answer["messages"]]

    assert mentioning(admin.user_id) == ["5", "1"]
    assert mentioning(other.user_id, admin.user_id) == ["5", "2", "1"]
    assert mentioning("all") == ["4"]
    assert mentioning("nobody") == []


def test_who_may_read(admin, user):
    channel, group = make(admin, "channels"), make(admin, "groups")
    send(admin, channel)
    assert texts(user, "channels", channel) == ["hello"]
    hidden = user.get("groups.messages", {"roomId": group["_id"]}).json()
    assert hidden["errorType"] == "error-room-not-found"
    assert ANY_OF in user.get("channels.messages").json()["error"]
    bot = add_client(admin, roles=["bot"])
    assert bot.get("channels.messages", {"roomId": channel["_id"]}).said == FORBIDDEN
    invite(admin, "channels", channel, bot)
    assert texts(bot, "channels", channel) == ["hello"]
    with permissions(admin, {"view-c-room": ["admin"]}):
        assert user.get("channels.messages", {"roomId": channel["_id"]}).said == NO_PERMISSION


# Histories


def history(client, room, **query):
    answer = client.get("channels.history", {"roomId": room["_id"], **query}).ok()
    return " ".join(m["msg"] for m in answer["messages"])


def test_a_history(admin, seven):
    moment = [m["ts"] for m in seven["sent"]]
    assert history(admin, seven) == "m6 m5 m4 m2 m1 m0"
    assert history(admin, seven, showThreadMessages="true") == "m6 m5 m4 m3 m2 m1 m0"
    assert history(admin, seven, count="2", offset="1") == "m5 m4"
    assert history(admin, seven, latest=moment[4], inclusive="true").startswith("m4 m2")
    assert "m4" not in history(admin, seven, latest=moment[4])
    assert "m4" not in history(admin, seven, oldest=moment[4])
    assert history(admin, seven, oldest=moment[4], inclusive="true").endswith("m4")
    assert history(admin, seven, oldest=moment[6]) == ""
    answer = admin.get("channels.history", {"roomId": seven["_id"], "latest": "never"})
    assert answer.json()["errorType"] == "error-invalid-date"


def test_a_history_says_what_it_left_out(admin, seven):
    query = {
        "roomId": seven["_id"],
        "oldest": seven["sent"][0]["ts"],
        "inclusive": "true",
        "count": "2",
        "unreads": "true",
    }
    answer = admin.get("channels.history", query).ok()
    assert list(answer) == ["messages", "firstUnread", "unreadNotLoaded", "success"]
    assert answer["firstUnread"]["msg"] == "m0"
    assert answer["unreadNotLoaded"] == 4


def test_the_history_of_a_new_room_is_empty(admin):
    room = make(admin, "groups")
    assert admin.get("groups.history", {"roomId": room["_id"]}).ok()["messages"] == []
    assert (room["msgs"], "lm" in room, "lastMessage" in room) == (0, False, False)


# What a room says


@both
def test_a_room_tells_how_many_messages_it_has_and_the_newest(admin, family):
    room = make(admin, family)
    send(admin, room, "first")
    newest = send(admin, room, "second")
    now = shown(admin, family, room)
    assert (now["msgs"], now["lm"], now["lastMessage"]) == (2, newest["ts"], newest)
    assert now["_updatedAt"] >= newest["ts"]
    admin.post("chat.delete", {"roomId": room["_id"], "msgId": newest["_id"]}).ok()
    now = shown(admin, family, room)
    assert (now["msgs"], now["lastMessage"]["msg"]) == (1, "first")


# What is unread


def test_a_message_is_unread_for_the_others(admin):
    room, other = make(admin, "channels"), add_client(admin)
    invite(admin, "channels", room, other)
    send(other, room, "I am here")
    mine, his = subscription(admin, room), subscription(other, room)
    assert (mine["alert"], mine["unread"]) == (True, 0)
    assert (his["alert"], his["unread"], "ls" in his) == (False, 0, True)
    for text in "plain", f"@{other.username}", "@all", f"@here @{other.username}":
        send(admin, room, text)
    his = subscription(other, room)
    assert (his["alert"], his["unread"]) == (True, 3)
    assert (his["userMentions"], his["groupMentions"]) == (2, 2)
    assert subscription(admin, room)["unread"] == 0
    send(other, room, "read all that")
    his = subscription(other, room)
    assert (his["alert"], his["unread"], his["userMentions"]) == (False, 0, 0)


def test_a_room_is_read_when_somebody_says_so(admin, user):
    room, other = make(admin, "channels"), add_client(admin)
    invite(admin, "channels", room, other)
    send(admin, room, "@all")
    for name in "rid", "roomId":
        assert other.post("subscriptions.read", {name: room["_id"]}).said == SUCCESS
        his = subscription(other, room)
        assert (his["alert"], his["unread"], his["groupMentions"]) == (False, 0, 0)
    outside = user.post("subscriptions.read", {"rid": room["_id"]})
    assert outside.said == failure("error-invalid-subscription")


def test_a_newcomer_sees_that_there_is_something_to_read(admin):
    room, other = make(admin, "channels"), add_client(admin)
    send(admin, room, f"@{other.username} long ago")
    invite(admin, "channels", room, other)
    his = subscription(other, room)
    assert (his["alert"], his["unread"], his["userMentions"]) == (True, 1, 0)


def test_counters(admin, user):
    room, other = make(admin, "channels"), add_client(admin)
    invite(admin, "channels", room, other)
    send(other, room)
    last = send(admin, room, f"@{other.username}")
    query = {"roomId": room["_id"]}
    answer = other.get("channels.counters", query).ok()
    assert list(answer) == [
        "joined", "members", "unreads", "unreadsFrom", "msgs", "latest", "userMentions", "success",
    ]  # fmt: skip
    assert (answer["joined"], answer["members"], answer["msgs"]) == (True, 2, 3)
    assert (answer["unreads"], answer["userMentions"], answer["latest"]) == (1, 1, last["ts"])
    assert admin.get("channels.counters", {**query, "userId": other.user_id}).ok() == answer
    assert user.get("channels.counters", {**query, "userId": other.user_id}).said == FORBIDDEN
    outside = user.get("channels.counters", query).ok()
    assert outside == {
        "joined": False, "members": None, "unreads": None, "unreadsFrom": None, "msgs": None,
        "latest": None, "userMentions": None, "success": True,
    }  # fmt: skip


# What the server notes


def notes(admin, family, room):
    return [(m["t"], m["msg"], m["u"]["username"]) for m in messages(admin, family, room)]


def test_coming_and_going_is_noted(admin):
    room, other = make(admin, "channels"), add_client(admin)
    body = {"roomId": room["_id"]}
    guest = {**body, "userId": other.user_id}
    other.post("channels.join", body).ok()
    other.post("channels.join", body).ok()
    other.post("channels.leave", body).ok()
    admin.post("channels.invite", guest).ok()
    admin.post("channels.invite", guest).ok()
    admin.post("channels.kick", guest).ok()
    name = other.username
    assert notes(admin, "channels", room) == [
        ("uj", name, name), ("ul", name, name), ("au", name, "admin"), ("ru", name, "admin"),
    ]  # fmt: skip
    assert shown(admin, "channels", room)["msgs"] == 4


@both
def test_archiving_and_topics_are_noted(admin, family):
    room = make(admin, family)
    body = {"roomId": room["_id"]}
    admin.post(f"{family}.setTopic", {**body, "topic": "weather"}).ok()
    admin.post(f"{family}.archive", body).ok()
    admin.post(f"{family}.unarchive", body).ok()
    assert notes(admin, family, room) == [
        ("room_changed_topic", "weather", "admin"),
        ("room-archived", "", "admin"),
        ("room-unarchived", "", "admin"),
    ]


def test_a_new_user_is_noted_in_the_default_rooms(admin):
    name = add_client(admin).username
    newest = messages(admin, "channels", {"_id": "GENERAL"})[-1]
    assert (newest["t"], newest["msg"], newest["u"]["username"]) == ("uj", name, name)


def test_a_team_has_its_own_words(admin):
    other = add_client(admin)
    team = admin.post("teams.create", {"name": new_name("team"), "type": 0}).ok()["team"]
    main = {"_id": team["roomId"]}
    room = make(admin, "channels", extraData={"teamId": team["_id"]})
    other.post("channels.join", {"roomId": main["_id"]}).ok()
    assert notes(admin, "channels", main) == [
        ("user-added-room-to-team", room["name"], "admin"),
        ("ujt", other.username, other.username),
    ]


def test_members_named_at_the_making_are_not_noted(admin):
    room = make(admin, "channels", members=[add_client(admin).username])
    assert types(admin, "channels", room) == []


# The end of a room


def test_a_deleted_room_takes_its_messages_along(admin):
    room = make(admin, "channels")
    message = send(admin, room)
    reply = send(admin, room, "re", tmid=message["_id"])
    admin.post("channels.delete", {"roomId": room["_id"]}).ok()
    for gone in message, reply:
        answer = admin.get("chat.getMessage", {"msgId": gone["_id"]})
        assert answer.said == (400, b'{"success":false}')
    thread = admin.get("chat.getThreadMessages", {"tmid": message["_id"]})
    assert thread.said == thrown("error-invalid-message", "Invalid Message")
    again = make(admin, "channels", name=room["name"])
    assert texts(admin, "channels", again) == []
    assert send(admin, again, "same id", _id=message["_id"])["_id"] == message["_id"]


def test_what_a_large_room_leaves_is_removed_behind_everybodys_back(new_server):
    """The messages' ids are free again only when their rows are gone."""
    server = new_server().start()
    admin = server.admin()
    room = make(admin, "channels")
    sent = [send(admin, room, f"m{n}") for n in range(600)]
    admin.post("channels.delete", {"roomId": room["_id"]}).ok()
    server.restart()
    admin = admin.at(server.address)
    again = make(admin, "channels", name=room["name"])
    assert send(admin, again, _id=sent[599]["_id"])["_id"] == sent[599]["_id"]
    assert shown(admin, "channels", again)["msgs"] == 1
