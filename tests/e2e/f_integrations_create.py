"""Creating integrations: what is stored, and each reason not to, in the order they are looked for.

In the tables of reasons a row's body also breaks the rules of the rows behind it wherever one body
can, so a row passes only if its rule is looked at before those."""

import re

import pytest

from harness.bodies import failure, thrown
from harness.integrations import (
    ALL_FOUR,
    ANY,
    HEX_ID,
    INCOMING,
    MOMENT,
    OUTGOING,
    OWN,
    RANDOM_LETTER,
    create,
    stored,
    without,
)
from harness.people import add_client, add_user, new_name, permissions, settings
from harness.table import table


@pytest.fixture(scope="module")
def own(admin):
    """Somebody who may manage what is his own."""
    role_id = admin.post("roles.create", {"name": "own-manager"}).ok()["role"]["_id"]
    with permissions(admin, {OWN[d]: ["admin", role_id] for d in OWN}):
        yield add_client(admin, "own-manager", roles=["user", role_id])


@pytest.fixture(scope="module")
def room(admin):
    """A channel that only the administrator is in."""
    return admin.post("channels.create", {"name": "not-for-all"}).ok()["channel"]


@pytest.fixture
def callers(admin, own, user):
    return {"admin": admin, "own": own, "user": user}


# Incoming: what is stored


def test_an_incoming_integration_is_stored_with_what_the_server_adds(admin):
    document = create(admin, INCOMING)
    assert {n: document[n] for n in without(INCOMING, "channel")} == without(INCOMING, "channel")
    assert document["channel"] == ["#general"]
    assert document["userId"] == "rocket.cat"
    assert document["scriptEngine"] == "isolated-vm"
    assert document["skipTranspile"] is False
    assert document["overrideDestinationChannelEnabled"] is False
    assert document["_createdBy"] == {"_id": admin.user_id, "username": "admin"}
    assert re.fullmatch(HEX_ID, document["_id"])
    assert re.fullmatch(RANDOM_LETTER + "{48}", document["token"])
    assert re.fullmatch(MOMENT, document["_createdAt"])
    assert re.fullmatch(MOMENT, document["_updatedAt"])
    assert document.keys() == {
        *INCOMING, "_id", "userId", "scriptEngine", "skipTranspile", "token", "_createdAt",
        "_createdBy", "_updatedAt", "overrideDestinationChannelEnabled",
    }  # fmt: skip


def test_an_incoming_integration_keeps_all_that_its_body_may_say(admin):
    said = {
        "alias": "an alias", "avatar": "http://x/y.png", "emoji": ":ghost:", "script": "",
        "scriptEngine": "another", "skipTranspile": True,
        "overrideDestinationChannelEnabled": True, "enabled": False, "name": "",
    }  # fmt: skip
    document = create(admin, INCOMING, **said)
    assert {name: document[name] for name in said} == said


def test_each_incoming_integration_has_a_token_of_its_own(admin):
    tokens = [create(admin, INCOMING)["token"] for _ in range(3)]
    assert len(set(tokens)) == 3


@pytest.mark.parametrize("body", table({"incoming": INCOMING, "outgoing": OUTGOING}))
def test_what_create_answers_is_what_get_answers(admin, body):
    document = create(admin, body, alias="x")
    assert stored(admin, document) == document


# Outgoing: what is stored


def test_an_outgoing_integration_has_its_members_in_the_documented_order(admin):
    document = create(admin, OUTGOING)
    assert list(document) == [
        "_id", "type", "username", "channel", "scriptEnabled", "name", "enabled", "event", "urls",
        "scriptEngine", "skipTranspile", "userId", "_createdAt", "_createdBy", "_updatedAt",
    ]  # fmt: skip
    assert document["urls"] == OUTGOING["urls"]
    assert document["userId"] == "rocket.cat"


def test_an_outgoing_integration_keeps_all_that_its_body_may_say(admin):
    said = {
        "targetRoom": "#general", "triggerWords": ["a", "b"], "triggerWordAnywhere": True,
        "token": "a token", "runOnEdits": True, "retryFailedCalls": False, "retryCount": 3,
        "retryDelay": "As Sent", "impersonateUser": True, "alias": "x", "avatar": "y",
        "emoji": ":z:", "script": "", "scriptEngine": "other", "skipTranspile": True,
    }  # fmt: skip
    document = create(admin, OUTGOING, **said)
    assert {name: document[name] for name in said} == said


@pytest.mark.parametrize(
    "said, kept",
    table(
        {
            "nothing more": ({}, (4, "powers-of-ten")),
            "a count": ({"retryCount": 6}, (6, "powers-of-ten")),
            "no tries": ({"retryCount": 0}, (4, "powers-of-ten")),
            "fewer than none": ({"retryCount": -2}, (4, "powers-of-ten")),
            "a delay in capitals": ({"retryDelay": "Powers-Of-Two"}, (4, "powers-of-two")),
            "a blank delay": ({"retryDelay": "  "}, (4, "powers-of-ten")),
        }
    ),
)
def test_whoever_retries_gets_a_count_and_a_delay(admin, said, kept):
    document = create(admin, OUTGOING, retryFailedCalls=True, **said)
    assert (document["retryCount"], document["retryDelay"]) == kept


def test_whoever_does_not_retry_gets_neither(admin):
    assert not {"retryCount", "retryDelay"} & create(admin, OUTGOING).keys()


def test_blank_urls_and_trigger_words_are_dropped(admin):
    document = create(admin, OUTGOING, urls=[" ", "http://x"], triggerWords=["  ", "word"])
    assert (document["urls"], document["triggerWords"]) == (["http://x"], ["word"])


@pytest.mark.parametrize(
    "event, has_channel, has_words",
    [
        ("sendMessage", True, True),
        ("fileUploaded", True, False),
        ("roomArchived", False, False),
        ("roomCreated", False, False),
        ("roomJoined", True, False),
        ("roomLeft", True, False),
        ("userCreated", False, False),
    ],
)
def test_an_event_keeps_the_channel_and_the_words_it_uses(admin, event, has_channel, has_words):
    said = {"event": event, "triggerWords": ["a"], "targetRoom": "#general"}
    document = create(admin, OUTGOING, **said)
    assert document["channel"] == (["#general"] if has_channel else [])
    assert ("triggerWords" in document) == has_words
    assert document["event"] == event


def test_an_event_without_channels_needs_none(admin):
    document = create(admin, OUTGOING, event="roomCreated", channel="")
    assert document["channel"] == []


# Channels

CHANNELS = {
    "a room by name": ("#general", ["#general"]),
    "a room by id": ("#GENERAL", ["#GENERAL"]),
    "a user by name": ("@rocket.cat", ["@rocket.cat"]),
    "several with blanks": (" #general ,  @rocket.cat", ["#general", "@rocket.cat"]),
}


@pytest.mark.parametrize("sent, kept", table(CHANNELS))
@pytest.mark.parametrize("body", table({"incoming": INCOMING, "outgoing": OUTGOING}))
def test_channels_are_split_and_kept_as_written(admin, body, sent, kept):
    assert create(admin, body, channel=sent)["channel"] == kept


def test_a_user_can_be_named_by_his_id(admin, user):
    assert create(admin, INCOMING, channel="@" + user.user_id)["channel"] == ["@" + user.user_id]


def test_an_outgoing_list_of_channels_may_have_empty_parts(admin):
    assert create(admin, OUTGOING, channel="#general,, ,")["channel"] == ["#general"]


@pytest.mark.parametrize("word", ["all_public_channels", "all_private_groups",
                                  "all_direct_messages", "All_Public_Channels"])  # fmt: skip
def test_an_outgoing_integration_may_listen_to_a_whole_kind_of_rooms(admin, word):
    assert create(admin, OUTGOING, channel=word)["channel"] == [word]


# Incoming: reasons to refuse

ADDING = {"method": "addIncomingIntegration"}

INCOMING_REASONS = {
    "1 the caller may not": (
        "user", {"channel": " ", "username": " "},
        thrown("not_authorized", "Unauthorized", **ADDING),
    ),
    "2 the channel is blank": (
        "own", {"channel": " ", "username": " "},
        thrown("error-invalid-channel", "Invalid channel", **ADDING),
    ),
    "2 the channel is null": (
        "own", {"channel": None, "username": " "},
        thrown("error-invalid-channel", "Invalid channel", **ADDING),
    ),
    "3 a channel has no prefix": (
        "own", {"channel": "#nowhere,general", "username": " "},
        thrown("error-invalid-channel-start-with-chars", "Invalid channel. Start with @ or #",
               method="updateIncomingIntegration"),
    ),
    "3 a channel is empty": (
        "own", {"channel": "#general,", "username": " "},
        thrown("error-invalid-channel-start-with-chars", "Invalid channel. Start with @ or #",
               method="updateIncomingIntegration"),
    ),
    "3 a word of outgoing ones": (
        "own", {"channel": "all_public_channels", "username": " "},
        thrown("error-invalid-channel-start-with-chars", "Invalid channel. Start with @ or #",
               method="updateIncomingIntegration"),
    ),
    "4 the username is blank": (
        "own", {"channel": "#nowhere", "username": " "},
        thrown("error-invalid-username", "Invalid username", **ADDING),
    ),
    "6 there is no such user": (
        "own", {"channel": "#nowhere", "username": "no-such-user"},
        thrown("error-invalid-user", "Invalid user", **ADDING),
    ),
    "6 the user's name is written otherwise": (
        "own", {"channel": "#nowhere", "username": "Rocket.Cat"},
        thrown("error-invalid-user", "Invalid user", **ADDING),
    ),
    "9 there is no such room": (
        "own", {"channel": "#nowhere"},
        thrown("error-invalid-room", "Invalid room", **ADDING),
    ),
    "9 there is no such user to write to": (
        "admin", {"channel": "#general,@no-such-user"},
        thrown("error-invalid-room", "Invalid room", **ADDING),
    ),
    "10 a manager of his own is not in the room": (
        "own", {"channel": "#general,#not-for-all"},
        thrown("error-invalid-channel", "Invalid Channel", **ADDING),
    ),
    "10 a manager of his own writes to a user": (
        "own", {"channel": "@rocket.cat"},
        thrown("error-invalid-channel", "Invalid Channel", **ADDING),
    ),
}  # fmt: skip


@pytest.mark.parametrize("caller, changes, refusal", table(INCOMING_REASONS))
def test_an_incoming_integration_is_refused(callers, room, caller, changes, refusal):
    answer = callers[caller].post("integrations.create", {**INCOMING, **changes})
    assert answer.said == refusal


def test_a_manager_of_his_own_may_name_the_rooms_he_is_in(own):
    assert create(own, INCOMING)["_createdBy"]["_id"] == own.user_id


def test_a_manager_of_everything_but_his_own_must_be_in_the_room(admin, user, room):
    with permissions(admin, {ANY["incoming"]: ["user"], OWN["incoming"]: []}):
        answer = user.post("integrations.create", {**INCOMING, "channel": "#not-for-all"})
        assert answer.said == INCOMING_REASONS["10 a manager of his own is not in the room"][2]
        create(user, INCOMING, channel="#general")


def test_who_holds_both_permissions_may_name_any_room(admin, user, room):
    with permissions(admin, {ANY["incoming"]: ["user"], OWN["incoming"]: ["user"]}):
        create(user, INCOMING, channel="#not-for-all")


# Incoming: who is posted as


def roles(admin, user_id):
    return admin.get("users.info", {"userId": user_id}).ok()["user"]["roles"]


def test_the_user_of_an_incoming_integration_becomes_a_bot_once(admin):
    author = add_user(admin)
    for _ in range(2):
        create(admin, INCOMING, username=author["username"])
        assert roles(admin, author["_id"]) == ["user", "bot"]


def test_a_refused_incoming_integration_makes_nobody_a_bot(admin):
    author = add_user(admin)
    body = {**INCOMING, "username": author["username"], "channel": "#nowhere"}
    assert admin.post("integrations.create", body).status == 400
    assert roles(admin, author["_id"]) == ["user"]


def test_the_user_of_an_outgoing_integration_does_not_become_a_bot(admin):
    author = add_user(admin)
    create(admin, OUTGOING, username=author["username"])
    assert roles(admin, author["_id"]) == ["user"]


def test_by_the_strict_policy_the_user_must_be_allowed_to_impersonate(admin):
    author = add_user(admin)
    with settings(admin, {"Integrations_Post_As_Policy": "require"}):
        body = {**INCOMING, "username": author["username"], "channel": "#nowhere"}
        assert admin.post("integrations.create", body).said == thrown(
            "error-user-lacks-message-impersonate-permission",
            "User selected for the incoming integration lacks the 'message-impersonate'"
            " permission.",
            **ADDING,
        )
        create(admin, INCOMING, username="rocket.cat")
        create(admin, OUTGOING, username=author["username"])
    assert roles(admin, author["_id"]) == ["user"]


# Outgoing: reasons to refuse

REQUIRED = {"function": "validateOutgoing._verifyRequiredFields"}
VALIDATE = {"function": "validateOutgoing"}
FOR_CHANNELS = {"function": "validateOutgoing._verifyUserHasPermissionForChannels"}
NO_PREFIX = thrown(
    "error-invalid-channel-start-with-chars", "Invalid channel. Start with @ or #", **VALIDATE
)
WRONG = {"username": " ", "urls": [" "], "channel": "nowhere"}

OUTGOING_REASONS = {
    "1 the caller may not": ("user", {"event": "x", **WRONG}, thrown("not_authorized")),
    "3 nobody knows the event": (
        "own", {"event": "x", **WRONG},
        thrown("error-invalid-event-type", "Invalid event type", **REQUIRED),
    ),
    "3 the event is blank": (
        "own", {"event": " ", **WRONG},
        thrown("error-invalid-event-type", "Invalid event type", **REQUIRED),
    ),
    "3 the event is written otherwise": (
        "own", {"event": "sendmessage", **WRONG},
        thrown("error-invalid-event-type", "Invalid event type", **REQUIRED),
    ),
    "4 the username is blank": (
        "own", {"event": "userCreated", **WRONG},
        thrown("error-invalid-username", "Invalid username", **REQUIRED),
    ),
    "5 the event needs a target room": (
        "own", {"event": "userCreated", "urls": [" "], "username": "no-such-user"},
        thrown("error-invalid-targetRoom", "Invalid Target Room", **REQUIRED),
    ),
    "5 the target room is empty": (
        "own", {"event": "userCreated", "urls": [" "], "targetRoom": ""},
        thrown("error-invalid-targetRoom", "Invalid Target Room", **REQUIRED),
    ),
    "6 all urls are blank": (
        "own", {"urls": [" ", "\t"], "channel": "nowhere", "username": "no-such-user"},
        thrown("error-invalid-urls", "Invalid URLs", **REQUIRED),
    ),
    "6 there are no urls": (
        "own", {"urls": [], "channel": "nowhere", "username": "no-such-user"},
        thrown("error-invalid-urls", "Invalid URLs", **REQUIRED),
    ),
    "6 urls are null": (
        "own", {"urls": None, "channel": "nowhere", "username": "no-such-user"},
        thrown("error-invalid-urls", "Invalid URLs", **REQUIRED),
    ),
    "7 the channel is blank": (
        "own", {"channel": "  ", "username": "no-such-user"},
        thrown("error-invalid-channel", "Invalid Channel", **VALIDATE),
    ),
    "8 a channel has no prefix": (
        "own", {"channel": "#general,nowhere", "username": "no-such-user"}, NO_PREFIX,
    ),
    "9 an event without channels is for managers of everything": (
        "own", {"event": "roomCreated", "username": "no-such-user"},
        thrown("error-invalid-permissions",
               "Invalid permission for required Integration creation.", **VALIDATE),
    ),
    "10 there is no such user": (
        "own", {"username": "no-such-user", "channel": "all_private_groups"},
        thrown("error-invalid-user", "Invalid user (did you delete the `rocket.cat` user?)",
               **VALIDATE),
    ),
    "13 all private groups are for managers of everything": (
        "own", {"channel": "all_private_groups,#nowhere"},
        thrown("error-invalid-channel", "Invalid Channel", **FOR_CHANNELS),
    ),
    "13 all direct messages are for managers of everything": (
        "own", {"channel": "all_direct_messages"},
        thrown("error-invalid-channel", "Invalid Channel", **FOR_CHANNELS),
    ),
    "14 there is no such room": (
        "own", {"channel": "#nowhere"},
        thrown("error-invalid-room", "Invalid room", **FOR_CHANNELS),
    ),
    "14 there is no such user to listen to": (
        "admin", {"channel": "@no-such-user"},
        thrown("error-invalid-room", "Invalid room", **FOR_CHANNELS),
    ),
    "15 a manager of his own is not in the room": (
        "own", {"channel": "#general,#not-for-all"},
        thrown("error-invalid-channel", "Invalid Channel", **FOR_CHANNELS),
    ),
}  # fmt: skip


@pytest.mark.parametrize("caller, changes, refusal", table(OUTGOING_REASONS))
def test_an_outgoing_integration_is_refused(callers, room, caller, changes, refusal):
    answer = callers[caller].post("integrations.create", {**OUTGOING, **changes})
    assert answer.said == refusal


@pytest.mark.parametrize("channel", ["#general", "all_public_channels"])
def test_a_manager_of_his_own_may_listen_to(own, channel):
    assert create(own, OUTGOING, channel=channel)["channel"] == [channel]


# Who may create what

DIRECTIONS = {"incoming": INCOMING, "outgoing": OUTGOING}


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("held", ALL_FOUR)
def test_one_permission_allows_one_direction(admin, user, held, direction):
    roles = {p: ["user"] if p == held else [] for p in ALL_FOUR}
    with permissions(admin, roles):
        answer = user.post("integrations.create", DIRECTIONS[direction])
    if held in (ANY[direction], OWN[direction]):
        answer.ok()
    else:
        refusals = {"incoming": INCOMING_REASONS, "outgoing": OUTGOING_REASONS}[direction]
        assert answer.said == refusals["1 the caller may not"][2]


def test_a_script_that_is_off_is_only_kept(admin):
    for body in INCOMING, OUTGOING:
        document = create(admin, body, script="class Script {")
        assert document["script"] == "class Script {"
        assert not {"scriptCompiled", "scriptError"} & document.keys()


# Frozen scripts

FROZEN = {
    "yes": "integration-scripts-disabled",
    "true": "integration-scripts-disabled",
    "ivm": "integration-scripts-isolated-vm-disabled",
}


@pytest.mark.parametrize("variable, error", list(FROZEN.items()))
def test_while_scripts_are_frozen_nobody_brings_a_new_one(new_server, variable, error):
    admin = new_server(FREEZE_INTEGRATION_SCRIPTS=variable).start().admin()
    for body in INCOMING, OUTGOING:
        sent = {**body, "script": "1", "username": "no-such-user"}
        assert admin.post("integrations.create", sent).said == failure(error)
        create(admin, body, script="  ")
    incoming = {**INCOMING, "script": "1", "username": " "}
    assert admin.post("integrations.create", incoming).said == thrown(
        "error-invalid-username", "Invalid username", **ADDING
    )


def test_names_of_integrations_need_not_differ(admin):
    name = new_name()
    ids = {create(admin, INCOMING, name=name)["_id"] for _ in range(2)}
    assert len(ids) == 2
