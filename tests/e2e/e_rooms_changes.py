"""What changes in rooms that stay: roles in them, their name and texts, their kind, who has them in
his list; and what asking for it answers."""

import pytest

from harness.bodies import FORBIDDEN, NO_PERMISSION, SUCCESS, failure, thrown
from harness.integrations import INCOMING, OUTGOING, create
from harness.people import add_client, add_user, new_name, settings
from harness.rooms import KINDS, invite, make, members, messages
from harness.table import table

both = pytest.mark.parametrize("family", KINDS)
LABELS = {"channels": "channel", "groups": "private group"}


def shown(client, family, room):
    return client.get(f"{family}.info", {"roomId": room["_id"]}).ok()[KINDS[family]]


def last(client, family, room):
    """What the server noted last: its type, text and role."""
    m = messages(client, family, room)[-1]
    return m["t"], m["msg"], m.get("role")


def is_open(client, room):
    query = {"roomId": room["_id"]}
    return client.get("subscriptions.getOne", query).ok()["subscription"]["open"]


# Roles

ROLES = {"owner": "Owner", "moderator": "Moderator", "leader": "Leader"}
roles = pytest.mark.parametrize("role", ROLES)


@roles
@both
def test_a_role_comes_and_goes(admin, family, role):
    room, guest = make(admin, family), add_client(admin)
    body = {"roomId": room["_id"], "userId": guest.user_id}
    article = "an" if role == "owner" else "a"
    add, remove = f"{family}.add{ROLES[role]}", f"{family}.remove{ROLES[role]}"

    absent = admin.post(add, body).json()
    assert absent["error"] == "User is not in this room [error-user-not-in-room]"
    assert admin.post(remove, body).json()["error"] == "Invalid room [error-invalid-room]"
    invite(admin, family, room, guest)
    lacking = admin.post(remove, body).json()
    assert lacking["error"] == f"User is not {article} {role} [error-user-not-{role}]"

    assert admin.post(add, body).said == SUCCESS
    assert last(admin, family, room) == ("subscription-role-added", guest.username, role)
    again = admin.post(add, body).json()
    assert again["error"] == f"User is already {article} {role} [error-user-already-{role}]"
    listed = admin.get(f"{family}.roles", {"roomName": room["name"]}).ok()["roles"]
    assert [r["roles"] for r in listed if r["u"]["_id"] == guest.user_id] == [[role]]
    assert set(listed[0]) == {"_id", "rid", "u", "roles"}

    assert admin.post(remove, body).said == SUCCESS
    assert last(admin, family, room) == ("subscription-role-removed", guest.username, role)
    refused = guest.post(add, body).json()
    assert refused["error"] == "Not allowed [error-not-allowed]"


WHO = {
    "nobody": ({}, "error-user-param-not-provided"),
    "one who is not": ({"username": "nobody-at-all"}, "error-invalid-user"),
}


@pytest.mark.parametrize("who, code", table(WHO))
@both
def test_a_role_is_somebodys(admin, family, who, code):
    room = make(admin, family)
    answer = admin.post(f"{family}.addLeader", {"roomId": room["_id"], **who}).json()
    assert answer["errorType"] == code


@both
def test_the_last_owner_stays_owner_and_another_may_lead_on(admin, family):
    owner, heir = add_client(admin), add_client(admin)
    room = make(owner, family, members=[heir.username])
    mine = {"roomId": room["_id"], "userId": owner.user_id}
    refused = owner.post(f"{family}.removeOwner", mine).json()
    assert refused["errorType"] == "error-remove-last-owner"
    owner.post(f"{family}.addOwner", {**mine, "userId": heir.user_id}).ok()
    owner.post(f"{family}.removeOwner", mine).ok()
    body = {"roomId": room["_id"], "topic": "x"}
    assert owner.post(f"{family}.setTopic", body).json()["errorType"] == "error-action-not-allowed"
    heir.post(f"{family}.setTopic", body).ok()


@both
def test_moderators_are_listed_and_may_edit(admin, family):
    room, guest = make(admin, family), add_client(admin)
    invite(admin, family, room, guest)
    body = {"roomId": room["_id"], "userId": guest.user_id}
    query = {"roomId": room["_id"]}
    assert admin.get(f"{family}.moderators", query).ok()["moderators"] == []
    admin.post(f"{family}.addModerator", body).ok()
    assert admin.get(f"{family}.moderators", query).ok()["moderators"] == [
        {"_id": guest.user_id, "username": guest.username, "name": guest.username}
    ]
    guest.post(f"{family}.setTopic", {**query, "topic": "by a moderator"}).ok()


# Texts and flags

TEXTS = {
    "setTopic": ("topic", "topic", "room_changed_topic"),
    "setDescription": ("description", "description", "room_changed_description"),
    "setPurpose": ("purpose", "description", "room_changed_description"),
    "setAnnouncement": ("announcement", "announcement", "room_changed_announcement"),
}


@pytest.mark.parametrize("verb", TEXTS)
@both
def test_a_text_is_set_told_and_cleared(admin, user, family, verb):
    param, field, told = TEXTS[verb]
    room = make(admin, family)
    body = {"roomId": room["_id"], param: "new"}
    assert admin.post(f"{family}.{verb}", body).ok() == {param: "new", "success": True}
    assert shown(admin, family, room)[field] == "new"
    assert last(admin, family, room) == (told, "new", None)
    missing = admin.post(f"{family}.{verb}", {"roomId": room["_id"]})
    assert missing.said == failure(f'The bodyParam "{param}" is required')
    again = admin.post(f"{family}.{verb}", body)
    if family == "channels" and verb != "setAnnouncement":
        assert again.said == failure(
            f"The channel {field} is the same as what it would be changed to."
        )
    else:
        again.ok()
    admin.post(f"{family}.{verb}", {**body, param: ""}).ok()
    assert field not in shown(admin, family, room)
    assert user.post(f"{family}.{verb}", body).status == 400


@both
def test_read_only_is_switched_and_not_twice(admin, family):
    room, guest = make(admin, family), add_client(admin)
    invite(admin, family, room, guest)
    body = {"roomId": room["_id"], "readOnly": True}
    assert admin.post(f"{family}.setReadOnly", body).ok()[KINDS[family]]["ro"] is True
    assert last(admin, family, room)[0] == "room-set-read-only"
    assert admin.post(f"{family}.setReadOnly", body).said == failure(
        f"The {LABELS[family]} read only setting is the same as what it would be changed to."
    )
    message = {"message": {"rid": room["_id"], "msg": "x"}}
    assert guest.post("chat.sendMessage", message).status == 400
    admin.post(f"{family}.setReadOnly", {**body, "readOnly": False}).ok()
    assert last(admin, family, room)[0] == "room-removed-read-only"
    guest.post("chat.sendMessage", message).ok()


@both
def test_a_room_changes_family_with_its_type(admin, family):
    other = "groups" if family == "channels" else "channels"
    kind, told = ("p", "private") if family == "channels" else ("c", "public")
    room = make(admin, family)
    same = {"roomId": room["_id"], "type": room["t"]}
    assert admin.post(f"{family}.setType", same).said == failure(
        f"The {LABELS[family]} type is the same as what it would be changed to."
    )
    body = {"roomId": room["_id"], "type": kind}
    assert admin.post(f"{family}.setType", {**body, "type": "d"}).status == 400
    assert admin.post(f"{family}.setType", body).ok()[KINDS[family]]["t"] == kind
    assert last(admin, other, room) == ("room_changed_privacy", told, None)
    gone = admin.post(f"{family}.setType", body).json()
    assert gone["errorType"] == "error-room-not-found"


@both
def test_custom_fields_are_an_object(admin, family):
    room, fields = make(admin, family), {"a": 1, "b": ["x"]}
    body = {"roomId": room["_id"], "customFields": fields}
    answer = admin.post(f"{family}.setCustomFields", body).ok()
    assert answer[KINDS[family]]["customFields"] == fields
    for wrong in "x", ["x"], None:
        assert admin.post(f"{family}.setCustomFields", {**body, "customFields": wrong}).said == (
            failure('The bodyParam "customFields" is required with a type like object.')
        )


def test_a_default_room_takes_in_who_comes(admin):
    room = make(admin, "channels")
    query = {"roomId": room["_id"]}
    missing = admin.post("channels.setDefault", query)
    assert missing.said == failure(
        'The bodyParam "default" is required', errorType="error-channels-setdefault-is-same"
    )
    changed = admin.post("channels.setDefault", {**query, "default": "true"}).ok()["channel"]
    assert changed["default"] is True
    newcomer = add_user(admin)["username"]
    assert newcomer in members(admin, "channels", room)
    assert admin.post("channels.setDefault", {**query, "default": True}).said == failure(
        "The channel default setting is the same as what it would be changed to.",
        errorType="error-channels-setdefault-missing-default-param",
    )
    admin.post("channels.setDefault", {**query, "default": False}).ok()
    assert add_user(admin)["username"] not in members(admin, "channels", room)


def test_encryption_is_a_flag_of_groups_that_a_setting_allows(admin):
    room = make(admin, "groups")
    body = {"roomId": room["_id"], "encrypted": True}
    assert admin.post("groups.setEncrypted", body).json()["errorType"] == "error-action-not-allowed"
    with settings(admin, {"E2E_Enable": True}):
        for value in True, False:
            admin.post("groups.setEncrypted", {**body, "encrypted": value}).ok()
            assert shown(admin, "groups", room)["encrypted"] is value


# The name


@both
def test_a_renamed_room_keeps_what_hangs_on_it(admin, family):
    room = make(admin, family)
    hook = create(admin, INCOMING, channel=f"#{room['name']}")
    name = new_name("renamed")
    body = {"roomId": room["_id"], "name": name}
    answer = admin.post(f"{family}.rename", body).ok()[KINDS[family]]
    assert (answer["name"], answer["fname"]) == (name, name)
    assert last(admin, family, room) == ("r", name, None)
    query = {"integrationId": hook["_id"]}
    kept = admin.get("integrations.get", query).ok()["integration"]["channel"]
    assert kept == [f"#{name}"]
    listed = admin.get(f"{family}.getIntegrations", {"roomId": room["_id"]}).ok()["integrations"]
    assert hook["_id"] in [i["_id"] for i in listed]
    make(admin, family, name=room["name"])


def test_a_room_is_not_renamed_to_such_a_name(admin, user):
    room = make(admin, "channels")
    body = {"roomId": room["_id"]}
    for name in "", " ":
        assert admin.post("channels.rename", {**body, "name": name}).said == failure(
            'The bodyParam "name" is required'
        )
    assert admin.post("channels.rename", {**body, "name": room["name"]}).said == failure(
        "The channel name is the same as what it would be renamed to."
    )
    taken = admin.post("channels.rename", {**body, "name": "general"}).json()
    assert taken["errorType"] == "error-duplicate-channel-name"
    assert user.post("channels.rename", {**body, "name": new_name()}).said == thrown(
        "error-action-not-allowed", "Editing room is not allowed", method="saveRoomSettings"
    )


# Joining with a code


def test_a_join_code_is_asked_of_who_comes(admin):
    owner, guest = add_client(admin), add_client(admin)
    room = make(owner, "channels")
    body = {"roomId": room["_id"]}
    assert owner.post("channels.setJoinCode", body).said == failure(
        'The bodyParam "joinCode" is required'
    )
    changed = owner.post("channels.setJoinCode", {**body, "joinCode": "sesame"})
    assert changed.ok()["channel"]["joinCodeRequired"] is True
    assert b"sesame" not in changed.said[1]
    for code, said in (
        ({}, "Code required [error-code-required]"),
        ({"joinCode": "x"}, "Invalid code [error-code-invalid]"),
    ):
        assert guest.post("channels.join", {**body, **code}).json()["error"] == said
    posted = guest.post("chat.postMessage", {"channel": room["_id"], "text": "x"})
    assert posted.json()["errorType"] == "error-code-required"
    guest.post("channels.join", {**body, "joinCode": "sesame"}).ok()
    guest.post("channels.join", body).ok()
    admin.post("channels.join", body).ok()


# Lists


@both
def test_a_room_is_closed_and_opened(admin, family):
    room = make(admin, family)
    body, name = {"roomId": room["_id"]}, room["name"]
    to = "to" if family == "channels" else "for"
    assert admin.post(f"{family}.open", body).said == failure(
        f"The {LABELS[family]}, {name}, is already open {to} the sender"
    )
    assert admin.post(f"{family}.close", body).said == SUCCESS
    assert is_open(admin, room) is False
    assert admin.post(f"{family}.close", body).said == failure(
        f"The {LABELS[family]}, {name}, is already closed to the sender"
    )
    assert admin.post(f"{family}.open", body).said == SUCCESS
    assert is_open(admin, room) is True


def test_a_channel_is_in_the_list_of_members_only(admin, user):
    room = make(admin, "channels")
    body = {"roomId": room["_id"]}
    assert user.post("channels.open", body).said == failure(
        f'The user/callee is not in the channel "{room["name"]}".'
    )
    assert user.post("channels.close", body).said == failure(
        f'The user/callee is not in the channel "{room["name"]}.'
    )


def test_a_room_is_unread_again(admin):
    room, reader = make(admin, "channels"), add_client(admin)
    invite(admin, "channels", room, reader)
    body = {"roomId": room["_id"]}
    sent = [
        admin.post("chat.sendMessage", {"message": {"rid": room["_id"], "msg": f"m{n}"}}).ok()
        for n in range(3)
    ]

    def unread():
        return reader.get("channels.counters", body).ok()["unreads"]

    reader.post("subscriptions.read", {"rid": room["_id"]}).ok()
    assert unread() == 0
    reader.post("subscriptions.unread", body).ok()
    assert unread() == 1
    first = {"firstUnreadMessage": {"_id": sent[0]["message"]["_id"]}}
    reader.post("subscriptions.unread", first).ok()
    assert unread() == 3
    reader.post("subscriptions.unread", body).ok()
    assert unread() == 3
    own = admin.post("subscriptions.unread", first).json()
    assert own["errorType"] == "error-action-not-allowed"
    empty = make(admin, "channels")
    nothing = admin.post("subscriptions.unread", {"roomId": empty["_id"]}).json()
    assert nothing["errorType"] == "error-no-message-for-unread"


@both
def test_who_is_online(admin, user, family):
    room, guest = make(admin, family, members=["rocket.cat"]), add_client(admin)
    invite(admin, family, room, guest)
    guest.post("users.setStatus", {"message": "", "status": "offline"}).ok()
    query = {"_id": room["_id"]}
    online = admin.get(f"{family}.online", query).ok()["online"]
    assert {"_id": "rocket.cat", "username": "rocket.cat"} in online
    assert guest.user_id not in [u["_id"] for u in online]
    assert admin.get(f"{family}.online").said == failure("Invalid query")
    noun = KINDS[family].capitalize()
    unknown = admin.get(f"{family}.online", {"_id": "x"})
    assert unknown.said == failure(f"{noun} does not exists")
    if family == "groups":
        assert user.get("groups.online", query).said == thrown("error-not-allowed", "Not Allowed")


def test_everybody_is_added_by_administrators(admin, user):
    room = make(admin, "channels")
    body = {"roomId": room["_id"]}
    refused = user.post("channels.addAll", body).json()
    assert refused["errorType"] == "error-not-allowed"
    outsider = add_user(admin, joinDefaultChannels=False)["username"]
    added = admin.post("channels.addAll", body).ok()["channel"]
    inside = members(admin, "channels", room)
    assert {outsider, user.username, "rocket.cat"} <= set(inside)
    assert added["usersCount"] == len(inside)


# Integrations of a room

ALL_OF = {"channels": "all_public_channels", "groups": "all_private_groups"}
WITHOUT = {"channels": "includeAllPublicChannels", "groups": "includeAllPrivateGroups"}


@both
def test_integrations_of_a_room_are_those_that_name_it(admin, user, family):
    room, other = make(admin, family), make(admin, family)
    places = f"#{room['name']}", ALL_OF[family], f"#{other['name']}"
    own, of_all, foreign = (create(admin, OUTGOING, channel=p)["_id"] for p in places)
    query = {"roomId": room["_id"], "count": "0"}
    answer = admin.get(f"{family}.getIntegrations", query).ok()
    assert list(answer) == ["integrations", "count", "offset", "total", "success"]
    listed = [i["_id"] for i in answer["integrations"]]
    assert {own, of_all} <= set(listed) and foreign not in listed
    answer = admin.get(f"{family}.getIntegrations", {**query, WITHOUT[family]: "false"}).ok()
    assert [i["_id"] for i in answer["integrations"]] == [own]
    assert answer["total"] == 1
    assert user.get(f"{family}.getIntegrations", query).said == NO_PERMISSION


def test_messages_that_mention_the_caller(admin):
    room = make(admin, "channels")
    for text in "@admin 1", "@all 2", "@admin 3":
        admin.post("chat.sendMessage", {"message": {"rid": room["_id"], "msg": text}}).ok()
    path = "channels.getAllUserMentionsByChannel"
    answer = admin.get(path, {"roomId": room["_id"]}).ok()
    assert list(answer) == ["mentions", "count", "offset", "total", "success"]
    assert [m["msg"] for m in answer["mentions"]] == ["@admin 3", "@admin 1"]
    assert admin.get(path).said == failure('The request param "roomId" is required')


# Teams


def test_a_group_becomes_a_team_with_all_who_are_in_it(admin):
    guest = add_client(admin)
    room = make(admin, "groups", members=[guest.username])
    body = {"roomName": room["name"]}
    assert guest.post("groups.convertToTeam", body).said == FORBIDDEN
    team = admin.post("groups.convertToTeam", body).ok()["team"]
    assert (team["name"], team["type"], team["roomId"]) == (room["name"], 1, room["_id"])
    assert shown(admin, "groups", room)["teamMain"] is True
    assert last(admin, "groups", room) == ("user-converted-to-team", room["name"], None)
    inner = make(admin, "channels", extraData={"teamId": team["_id"]})
    assert guest.get("channels.info", {"roomId": inner["_id"]}).status == 200
    again = admin.post("groups.convertToTeam", body)
    assert again.said == failure("team-name-already-exists")


def test_a_closed_team_keeps_its_channels_roles_to_itself(admin, user):
    team = admin.post("teams.create", {"name": new_name("team"), "type": 1}).ok()["team"]
    room = make(admin, "channels", extraData={"teamId": team["_id"]})
    for name in "moderators", "roles":
        assert user.get(f"channels.{name}", {"roomId": room["_id"]}).said == FORBIDDEN
