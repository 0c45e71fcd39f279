"""Direct rooms: im.* and dm.*, which are two names for one thing."""

import pytest

from harness.bodies import FORBIDDEN, NO_PERMISSION, SUCCESS, failure, thrown
from harness.people import add_client, permissions, settings

PREFIXES = pytest.mark.parametrize("prefix", ["im", "dm"])


def create(client, *others, prefix="im", **more):
    names = {"usernames": ",".join(o.username for o in others)}
    body = names if len(others) > 1 else {"username": others[0].username}
    return client.post(f"{prefix}.create", {**body, **more}).ok()["room"]


def send(client, room, msg="hello"):
    body = {"message": {"rid": room["_id"], "msg": msg}}
    return client.post("chat.sendMessage", body).ok()["message"]


def subscription(client, room):
    return client.get("subscriptions.getOne", {"roomId": room["_id"]}).ok()["subscription"]


@pytest.fixture
def people(admin):
    return [add_client(admin) for _ in range(3)]


# Making


@PREFIXES
def test_a_room_of_two_is_made_once(people, prefix):
    one, other, _ = people
    room = create(one, other, prefix=prefix)
    assert room == {
        "rid": room["_id"],
        "_id": "".join(sorted([one.user_id, other.user_id])),
        "t": "d",
        "msgs": 0,
        "usersCount": 2,
        "ts": room["ts"],
        "uids": [one.user_id, other.user_id],
        "usernames": [one.username, other.username],
        "_updatedAt": room["_updatedAt"],
    }
    assert create(one, other, prefix=prefix) == room
    assert create(other, one, prefix=prefix) == room


def test_rooms_of_one_and_of_three(people):
    one, two, three = people
    alone, together = create(one, one), create(one, two, three)
    assert (alone["usernames"], alone["usersCount"]) == ([one.username], 1)
    assert len(together["_id"]) == 24
    assert create(one, one) == alone
    assert create(three, one, two)["_id"] == together["_id"]
    without = create(one, two, three, excludeSelf=True)
    assert without["_id"] == "".join(sorted([two.user_id, three.user_id]))


def test_a_room_is_made_of_people_who_are_there_and_not_too_many(admin, people):
    one = people[0]
    unknown = one.post("im.create", {"username": "nobody-at-all"}).json()
    assert (unknown["error"], unknown["errorType"]) == (
        "[error-invalid-user]",
        "error-invalid-user",
    )
    many = ",".join(add_client(admin).username for _ in range(8))
    refused = one.post("im.create", {"usernames": many}).json()
    assert refused["error"] == (
        "You cannot add more than 8 users, including yourself to a direct message "
        "[error-direct-message-max-user-exceeded]"
    )
    assert one.post("im.create", {}).json()["errorType"] == "invalid-params"


def test_making_needs_the_right_unless_it_is_there(admin, people):
    one, two, three = people
    room = create(one, two)
    with permissions(admin, {"create-d": ["admin"]}):
        assert create(one, two)["_id"] == room["_id"]
        refused = one.post("im.create", {"username": three.username}).json()
        assert refused["error"] == "Not allowed [error-not-allowed]"


# In the lists


def test_the_other_sees_it_with_the_first_message(people):
    one, other, _ = people
    room = create(one, other)
    mine, his = subscription(one, room), subscription(other, room)
    assert (mine["open"], his["open"]) == (True, False)
    assert (mine["name"], mine["fname"]) == (other.username, other.username)
    send(one, room)
    send(one, room)
    his = subscription(other, room)
    assert (his["open"], his["alert"], his["unread"], his["t"]) == (True, True, 2, "d")
    assert subscription(one, room)["unread"] == 0


@PREFIXES
def test_a_room_is_hidden_until_there_is_news(people, prefix):
    one, other, stranger = people
    room = create(one, other)
    body = {"roomId": room["_id"]}
    assert one.post(f"{prefix}.close", body).said == SUCCESS
    assert subscription(one, room)["open"] is False
    already = failure("The direct message room, is already closed to the sender")
    assert one.post(f"{prefix}.close", body).said == already
    for _ in range(2):
        assert one.post(f"{prefix}.open", body).said == SUCCESS
    assert subscription(one, room)["open"] is True
    one.post(f"{prefix}.close", body).ok()
    send(other, room)
    assert subscription(one, room)["open"] is True
    outside = failure("The user is not subscribed to the room")
    for verb in "open", "close":
        assert stranger.post(f"{prefix}.{verb}", body).said == outside


def test_everybody_lists_his_own(admin, people):
    one, two, three = people
    rooms = [create(one, two), create(one, three), create(one, one)]
    listed = one.get("im.list", "count=0").ok()
    assert [r["_id"] for r in listed["ims"]] == [r["_id"] for r in rooms]
    assert listed["total"] == 3
    assert [r["_id"] for r in two.get("dm.list").ok()["ims"]] == [rooms[0]["_id"]]
    assert one.get("im.list.everyone").said == NO_PERMISSION
    everyone = [r["_id"] for r in admin.get("im.list.everyone", "count=0").ok()["ims"]]
    assert set(everyone) >= {r["_id"] for r in rooms}


# Reading


def texts(client, **query):
    return [m["msg"] for m in client.get("im.messages", query).ok()["messages"]]


def test_messages_are_found_by_room_and_by_user(people):
    one, other, _ = people
    room = create(one, other)
    send(one, room, "ping")
    send(other, room, "pong")
    assert texts(one, roomId=room["_id"]) == ["pong", "ping"]
    assert texts(one, username=other.username) == ["pong", "ping"]
    history = one.get("im.history", {"roomId": room["_id"], "count": "1"}).ok()
    assert [m["msg"] for m in history["messages"]] == ["pong"]


def test_asking_for_somebody_makes_the_room(people):
    one, other, _ = people
    assert texts(one, username=other.username) == []
    assert len(one.get("im.list").ok()["ims"]) == 1


def test_members_with_their_subscriptions(people):
    one, other, _ = people
    room = create(one, other)
    for query in {"roomId": room["_id"]}, {"username": other.username}:
        answer = one.get("im.members", query).ok()
        assert answer["total"] == 2
        member = next(m for m in answer["members"] if m["_id"] == other.user_id)
        assert member["username"] == other.username
        assert list(member["subscription"]) == ["_id", "ts"]


def test_counters(admin, people):
    one, other, stranger = people
    room = create(one, other)
    query = {"roomId": room["_id"]}
    send(one, room)
    assert other.get("im.counters", query).ok()["unreads"] == 1
    mine = one.get("im.counters", query).ok()
    assert (mine["joined"], mine["members"], mine["msgs"], mine["unreads"]) == (True, 2, 1, 0)
    assert one.get("im.counters", {**query, "userId": other.user_id}).said == FORBIDDEN
    assert admin.get("im.counters", {**query, "userId": other.user_id}).ok()["unreads"] == 1
    assert stranger.get("im.counters", query).said == FORBIDDEN


def test_rooms_that_are_not_found(admin, people):
    one, two, stranger = people
    missing = thrown(
        "error-room-param-not-provided", 'Query param "roomId" or "username" is required'
    )
    other_kind = thrown(
        "error-room-not-found",
        'The required "roomId" param provided does not match any direct message',
    )
    for name in "messages", "members":
        assert one.get(f"im.{name}").said == missing
        assert one.get(f"im.{name}", "username=nobody-at-all").said == thrown("invalid-channel")
    for name in "messages", "members", "history", "counters":
        assert one.get(f"im.{name}", "roomId=nothing").said == thrown("invalid-channel")
        assert one.get(f"im.{name}", "roomId=GENERAL").said == other_kind
    room = create(one, two)
    assert stranger.get("im.messages", {"roomId": room["_id"]}).said == FORBIDDEN
    assert admin.get("im.messages", {"roomId": room["_id"]}).said == FORBIDDEN


def test_what_others_write_is_read_only_where_that_is_switched_on(admin, people):
    one, other, stranger = people
    room = create(one, other)
    send(one, room, "a secret")
    query = {"roomId": room["_id"]}
    off = thrown("error-endpoint-disabled", "This endpoint is disabled")
    assert admin.get("im.messages.others", query).said == off
    with settings(admin, {"API_Enable_Direct_Message_History_EndPoint": True}):
        answer = admin.get("im.messages.others", query).ok()
        assert [m["msg"] for m in answer["messages"]] == ["a secret"]
        assert stranger.get("im.messages.others", query).said == FORBIDDEN


# The end


def test_a_room_is_deleted_by_administrators_and_made_again_under_the_same_id(admin, people):
    one = people[0]
    room = create(one, admin)
    send(one, room, "before")
    assert one.post("im.delete", {"roomId": room["_id"]}).said == thrown("error-not-allowed")
    assert admin.post("im.delete", {"username": one.username}).said == SUCCESS
    assert one.get("im.messages", {"roomId": room["_id"]}).said == thrown("invalid-channel")
    again = create(one, admin)
    assert again["_id"] == room["_id"]
    assert (again["msgs"], texts(one, roomId=room["_id"])) == (0, [])


def test_a_room_of_two_goes_with_one_of_them(admin, people):
    one, other, third = people
    two, three = create(one, other), create(one, other, third)
    admin.post("users.delete", {"userId": other.user_id}).ok()
    assert [r["_id"] for r in one.get("im.list").ok()["ims"]] == [three["_id"]]
    assert one.get("im.messages", {"roomId": two["_id"]}).said == thrown("invalid-channel")
