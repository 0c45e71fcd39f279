"""Rooms as far as integrations need them: who is in, who sees what, and teams."""

import re

import pytest

from harness.bodies import FORBIDDEN, NO_PERMISSION, failure, thrown
from harness.integrations import HEX_ID, MOMENT
from harness.people import add_client, add_user, new_name, permissions
from harness.table import table

KINDS = {
    "channels": ("channel", "c", "any channel"),
    "groups": ("group", "p", "any group"),
}
both = pytest.mark.parametrize("family", KINDS)


def make(client, family, **more):
    body = {"name": new_name("room"), **more}
    return client.post(f"{family}.create", body).ok()[KINDS[family][0]]


def members(client, family, room):
    answer = client.get(f"{family}.members", {"roomId": room["_id"], "count": "0"}).ok()
    return sorted(member["username"] for member in answer["members"])


# GENERAL


def test_general_is_there_and_everybody_is_in_it_but_the_cat(admin):
    room = admin.get("channels.info", "roomId=GENERAL").ok()["channel"]
    assert (room["_id"], room["name"], room["t"], room["default"]) == (
        "GENERAL", "general", "c", True,
    )  # fmt: skip
    newcomer = add_user(admin)["username"]
    outsider = add_user(admin, joinDefaultChannels=False)["username"]
    inside = members(admin, "channels", room)
    assert {"admin", newcomer} <= set(inside)
    assert not {"rocket.cat", outsider} & set(inside)


def test_general_is_not_made_again_once_it_was_deleted(new_server):
    server = new_server().start()
    admin = server.admin()
    admin.post("channels.delete", {"roomId": "GENERAL"}).ok()
    server.restart()
    gone = admin.at(server.address).get("channels.info", "roomId=GENERAL")
    assert gone.json()["errorType"] == "error-room-not-found"


# Making


@both
def test_a_new_room_belongs_to_its_maker(admin, family):
    room = make(admin, family)
    assert re.fullmatch(HEX_ID, room["_id"])
    assert room["t"] == KINDS[family][1]
    assert room["name"] == room["fname"]
    assert room["u"] == {"_id": admin.user_id, "username": "admin", "name": "Administrator"}
    assert (room["msgs"], room["usersCount"], room["ro"], room["default"]) == (0, 1, False, False)
    assert room["customFields"] == {}
    assert re.fullmatch(MOMENT, room["ts"]) and re.fullmatch(MOMENT, room["_updatedAt"])
    assert members(admin, family, room) == ["admin"]


@both
def test_members_named_at_the_making_are_in_and_unknown_ones_skipped(admin, family):
    name = add_user(admin)["username"]
    room = make(admin, family, members=[name, "nobody-at-all"])
    assert members(admin, family, room) == sorted(["admin", name])
    assert room["usersCount"] == 2


@both
def test_a_maker_may_stay_outside(admin, family):
    name = add_user(admin)["username"]
    room = make(admin, family, members=[name], excludeSelf=True)
    assert room["usersCount"] == 1
    subscribed = admin.get("subscriptions.getOne", {"roomId": room["_id"]}).ok()
    assert subscribed["subscription"] is None


NAMES = {
    "blank": (" ", thrown("error-invalid-name", "Invalid name")),
    "with spaces": (
        "two words", thrown("error-invalid-room-name", "two words is not a valid room name."),
    ),
    "taken by a channel": (
        "general",
        thrown("error-duplicate-channel-name", "A channel with name 'general' exists"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name, said", table(NAMES))
@both
def test_a_room_is_not_made_by_such_a_name(admin, family, name, said):
    status, text = admin.post(f"{family}.create", {"name": name}).said
    assert (status, text.split(b',"details"')[0].rstrip(b"}")) == (said[0], said[1].rstrip(b"}"))


def test_a_room_needs_a_name_and_a_list_of_members(admin):
    assert admin.post("channels.create", {}).said == failure('Param "name" is required')
    assert admin.post("groups.create", {}).said == failure('Body param "name" is required')
    wrong = {"name": new_name(), "members": "admin"}
    assert admin.post("channels.create", wrong).said == failure(
        'Param "members" must be an array if provided'
    )


@pytest.mark.parametrize("family, permission", [("channels", "create-c"), ("groups", "create-p")])
def test_making_rooms_is_for_whoever_may(admin, user, family, permission):
    with permissions(admin, {permission: ["admin"]}):
        assert user.post(f"{family}.create", {"name": new_name()}).said == FORBIDDEN


# Finding


@both
def test_a_room_is_found_by_its_id_and_by_its_name(admin, family):
    room = make(admin, family)
    key = KINDS[family][0]
    for query in {"roomId": room["_id"]}, {"roomName": room["name"]}:
        assert admin.get(f"{family}.info", query).ok()[key]["_id"] == room["_id"]


@both
def test_a_room_is_not_found_in_the_other_family_or_not_at_all(admin, family):
    other = "groups" if family == "channels" else "channels"
    room = make(admin, other)
    for room_id in room["_id"], "nothing":
        answer = admin.get(f"{family}.info", {"roomId": room_id}).json()
        assert answer["error"] == (
            'The required "roomId" or "roomName" param provided does not match '
            f"{KINDS[family][2]} [error-room-not-found]"
        )


def test_a_private_group_is_not_there_for_others(admin, user):
    room = make(admin, "groups")
    answer = user.get("groups.info", {"roomId": room["_id"]}).json()
    assert answer["errorType"] == "error-room-not-found"
    listed = user.get("groups.list", "count=0").ok()["groups"]
    assert room["_id"] not in [r["_id"] for r in listed]


def test_channels_are_listed_for_who_may_see_them(admin, user):
    room = make(admin, "channels")
    seen = user.get("channels.list", "count=0").ok()
    assert list(seen) == ["channels", "count", "offset", "total", "success"]
    assert room["_id"] in [r["_id"] for r in seen["channels"]]
    names = [r["name"] for r in seen["channels"]]
    assert names == sorted(names)
    joined = user.get("channels.list.joined", "count=0").ok()["channels"]
    assert room["_id"] not in [r["_id"] for r in joined]
    with permissions(admin, {"view-c-room": ["admin"], "view-joined-room": ["admin"]}):
        assert user.get("channels.list").said == NO_PERMISSION


# Coming and going


@both
def test_members_are_invited_and_kicked(admin, family):
    room, guest = make(admin, family), add_client(admin)
    body = {"roomId": room["_id"], "userId": guest.user_id}
    for _ in range(2):
        admin.post(f"{family}.invite", body).ok()
        assert members(admin, family, room) == sorted(["admin", guest.username])
    seen = guest.get(f"{family}.info", {"roomId": room["_id"]})
    assert seen.ok()[KINDS[family][0]]["usersCount"] == 2
    admin.post(f"{family}.kick", body).ok()
    assert members(admin, family, room) == ["admin"]


def test_only_members_with_the_right_invite(admin, user):
    room = make(admin, "channels")
    body = {"roomId": room["_id"], "username": "rocket.cat"}
    assert user.post("channels.invite", body).said[0] == 400
    assert user.post("channels.invite", body).json()["errorType"] == "error-not-allowed"
    assert user.post("channels.kick", body).json()["errorType"] == "error-not-allowed"
    assert members(admin, "channels", room) == ["admin"]


def test_a_channel_is_joined_and_left(admin, user):
    room = make(admin, "channels")
    body = {"roomId": room["_id"]}
    for _ in range(2):
        user.post("channels.join", body).ok()
        assert members(admin, "channels", room) == sorted(["admin", user.username])
    user.post("channels.leave", body).ok()
    assert members(admin, "channels", room) == ["admin"]
    outside = user.post("channels.leave", body).json()
    assert outside["error"] == "You are not in this room [error-user-not-in-room]"


@both
def test_the_last_owner_stays(admin, family):
    owner, body = add_client(admin), {"name": new_name("room"), "members": ["admin"]}
    room = owner.post(f"{family}.create", body).ok()[KINDS[family][0]]
    refused = owner.post(f"{family}.leave", {"roomId": room["_id"]}).json()
    assert refused["error"] == (
        "You are the last owner. Please set new owner before leaving the room."
        " [error-you-are-last-owner]"
    )
    assert owner.username in members(admin, family, room)


def test_an_archived_channel_is_marked_and_can_come_back(admin, user):
    room = make(admin, "channels")
    body = {"roomId": room["_id"]}
    refused = user.post("channels.archive", body).json()
    assert refused["error"] == "Not authorized [error-not-authorized]"
    admin.post("channels.archive", body).ok()
    assert admin.get("channels.info", body).ok()["channel"]["archived"] is True
    again = admin.post("channels.create", {"name": room["name"]}).json()
    assert again["errorType"] == "error-archived-duplicate-name"
    admin.post("channels.unarchive", body).ok()
    assert admin.get("channels.info", body).ok()["channel"].get("archived", False) is False
    assert admin.post("channels.unarchive", body).said == failure(
        f"The channel, {room['name']}, is not archived"
    )


def test_a_deleted_room_is_gone_with_its_members(admin):
    room, guest = make(admin, "channels"), add_client(admin)
    body = {"roomId": room["_id"]}
    admin.post("channels.invite", {**body, "userId": guest.user_id}).ok()
    assert guest.post("channels.delete", body).json()["errorType"] == "error-not-allowed"
    assert admin.post("channels.delete", body).ok()
    assert guest.get("channels.info", body).json()["errorType"] == "error-room-not-found"
    assert room["_id"] not in [
        s["rid"] for s in guest.get("subscriptions.get").ok()["update"]
    ]  # fmt: skip
    make(admin, "channels", name=room["name"])


def test_a_subscription_says_what_one_is_in_a_room(admin):
    room = make(admin, "groups")
    subscription = admin.get("subscriptions.getOne", {"roomId": room["_id"]}).ok()["subscription"]
    assert (subscription["rid"], subscription["name"]) == (room["_id"], room["name"])
    assert (subscription["t"], subscription["roles"]) == ("p", ["owner"])
    assert subscription["u"]["_id"] == admin.user_id
    assert subscription["open"] is True
    assert admin.get("subscriptions.getOne").said == failure("The 'roomId' param is required")


# Teams


@pytest.mark.parametrize("kind, family", [(0, "channels"), (1, "groups")])
def test_a_team_has_a_main_room_and_takes_it_along(admin, kind, family):
    name = new_name("team")
    team = admin.post("teams.create", {"name": name, "type": kind}).ok()["team"]
    assert (team["name"], team["type"]) == (name, kind)
    room = admin.get(f"{family}.info", {"roomId": team["roomId"]}).ok()[KINDS[family][0]]
    assert (room["name"], room["teamMain"], room["teamId"]) == (name, True, team["_id"])
    taken = admin.post("teams.create", {"name": name, "type": kind})
    assert taken.said == failure("team-name-already-exists")
    admin.post("teams.delete", {"teamName": name}).ok()
    gone = admin.get(f"{family}.info", {"roomId": team["roomId"]}).json()
    assert gone["errorType"] == "error-room-not-found"
    again = admin.post("teams.delete", {"teamName": name})
    assert again.said == failure("team-does-not-exist")


def test_public_channels_of_a_private_team_are_for_its_members(admin):
    insider, outsider = add_client(admin), add_client(admin)
    body = {"name": new_name("team"), "type": 1, "members": [insider.user_id]}
    team = admin.post("teams.create", body).ok()["team"]
    room = make(admin, "channels", extraData={"teamId": team["_id"]})
    assert room["teamId"] == team["_id"]
    query = {"roomId": room["_id"]}
    assert insider.get("channels.info", query).status == 200
    assert outsider.get("channels.info", query).said == FORBIDDEN
    admin.post("channels.invite", {**query, "userId": outsider.user_id}).ok()
    assert outsider.get("channels.info", query).status == 200


def test_making_and_deleting_teams_is_for_whoever_may(admin, user):
    team = admin.post("teams.create", {"name": new_name("team"), "type": 0}).ok()["team"]
    assert user.post("teams.delete", {"teamId": team["_id"]}).said == NO_PERMISSION
    with permissions(admin, {"create-team": ["admin"]}):
        body = {"name": new_name("team"), "type": 0}
        assert user.post("teams.create", body).said == NO_PERMISSION


def test_rooms_and_their_members_survive_a_restart(new_server):
    server = new_server().start()
    admin = server.admin()
    guest = add_user(admin)["username"]
    room = make(admin, "groups", members=[guest])
    server.restart()
    assert members(admin.at(server.address), "groups", room) == sorted(["admin", guest])
