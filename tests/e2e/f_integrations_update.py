"""Changing and removing integrations: what an update leaves alone, what it writes, and each reason
to refuse, in the order they are looked for."""

import re

import pytest

from harness.bodies import failure, thrown
from harness.integrations import (
    ALL_FOUR,
    ANY,
    INCOMING,
    MOMENT,
    OUTGOING,
    OWN,
    create,
    create_named,
    remove,
    stored,
    update,
    update_body,
    without,
)
from harness.people import add_client, add_user, new_name, permissions, settings
from harness.table import table

UPDATING_INCOMING = {"method": "updateIncomingIntegration"}
UPDATING_OUTGOING = {"method": "updateOutgoingIntegration"}
NOT_FOUND = failure("No integration found.")
BODIES = {"incoming": INCOMING, "outgoing": OUTGOING}
both = pytest.mark.parametrize("body", table(BODIES))


@pytest.fixture(scope="module")
def own(admin):
    """Somebody who may manage what is his own."""
    role = admin.post("roles.create", {"name": "own-manager"}).ok()["role"]["_id"]
    with permissions(admin, {OWN[d]: ["admin", role] for d in OWN}):
        yield add_client(admin, "own-manager", roles=["user", role])


@pytest.fixture
def callers(admin, own, user):
    return {"admin": admin, "own": own, "user": user}


@pytest.fixture(scope="module", autouse=True)
def room(admin):
    """A channel that only the administrator is in."""
    return admin.post("channels.create", {"name": "not-for-all"}).ok()["channel"]


def send(client, body):
    return client.put("integrations.update", body)


# What an update leaves and what it writes


@both
def test_an_update_answers_the_document_as_get_answers_it_afterwards(admin, body):
    document = update(admin, create(admin, body), name="new", enabled=False)
    assert (document["name"], document["enabled"]) == ("new", False)
    assert stored(admin, document) == document


@both
def test_an_update_signs_and_leaves_the_signs_of_the_creation(admin, own, body):
    before = create(own, body)
    after = update(admin, before)
    assert after["_updatedBy"] == {"_id": admin.user_id, "username": "admin"}
    assert re.fullmatch(MOMENT, after["_updatedAt"])
    assert after["_updatedAt"] >= before["_updatedAt"]
    for name in "_id", "type", "_createdAt", "_createdBy":
        assert after[name] == before[name]
    assert "_updatedBy" not in before


def test_an_update_never_changes_the_token_of_an_incoming_integration(admin):
    before = create(admin, INCOMING)
    assert update(admin, before, token="another")["token"] == before["token"]


def test_an_update_changes_the_token_of_an_outgoing_integration(admin):
    before = create(admin, OUTGOING, token="old")
    assert update(admin, before, token="new")["token"] == "new"


INCOMING_EXTRAS = {
    "alias": "a", "avatar": "b", "emoji": ":c:", "script": "d", "scriptEngine": "e",
    "overrideDestinationChannelEnabled": True,
}  # fmt: skip
OUTGOING_EXTRAS = {
    "alias": "a", "avatar": "b", "emoji": ":c:", "script": "d", "scriptEngine": "e",
    "targetRoom": "#general", "triggerWords": ["w"], "triggerWordAnywhere": True,
    "runOnEdits": True, "retryFailedCalls": True, "retryCount": 2, "retryDelay": "powers-of-two",
    "impersonateUser": True, "token": "t",
}  # fmt: skip


@pytest.mark.parametrize(
    "body, extras",
    table({"incoming": (INCOMING, INCOMING_EXTRAS), "outgoing": (OUTGOING, OUTGOING_EXTRAS)}),
)
def test_what_an_update_does_not_mention_stays(admin, body, extras):
    before = create(admin, body, **extras)
    after = update(admin, before)
    assert {name: after.get(name) for name in extras} == extras


@pytest.mark.parametrize("name", ["alias", "avatar", "emoji", "script"])
@both
def test_an_explicit_null_is_stored_and_from_then_on_answered(admin, body, name):
    before = create(admin, body, **{name: "x"})
    after = update(admin, before, **{name: None})
    assert after[name] is None
    assert stored(admin, after)[name] is None


@both
def test_an_update_can_make_texts_empty(admin, body):
    after = update(admin, create(admin, body, alias="x"), alias="", name="")
    assert (after["alias"], after["name"]) == ("", "")


@both
def test_skip_transpile_is_off_unless_the_update_says_otherwise(admin, body):
    before = create(admin, body, skipTranspile=True)
    assert update(admin, before)["skipTranspile"] is False
    assert update(admin, before, skipTranspile=True)["skipTranspile"] is True


@pytest.mark.parametrize("kept", ["isolated-vm", "another"])
@both
def test_the_script_engine_is_the_stored_one_unless_the_update_says_otherwise(admin, body, kept):
    before = create(admin, body, scriptEngine=kept)
    assert update(admin, before)["scriptEngine"] == kept
    assert update(admin, before, scriptEngine="third")["scriptEngine"] == "third"


def test_an_incoming_update_without_username_keeps_the_user(admin):
    before = create(admin, INCOMING)
    after = update(admin, before)
    assert (after["username"], after["userId"]) == ("rocket.cat", "rocket.cat")


@both
def test_a_new_username_brings_its_user_id(admin, body):
    author = add_user(admin)
    after = update(admin, create(admin, body), username=author["username"])
    assert (after["username"], after["userId"]) == (author["username"], author["_id"])


@both
def test_an_update_splits_channels_as_create_does(admin, body):
    after = update(admin, create(admin, body), channel=" #GENERAL ,@rocket.cat")
    assert after["channel"] == ["#GENERAL", "@rocket.cat"]


def test_unknown_keys_of_an_incoming_update_are_not_stored(admin):
    assert "unknown" not in update(admin, create(admin, INCOMING), unknown=1, event="sendMessage")


def test_an_outgoing_update_can_change_the_event_and_loses_what_it_does_not_use(admin):
    before = create(admin, OUTGOING, triggerWords=["w"], token="t")
    after = update(admin, before, event="roomCreated")
    assert (after["event"], after["channel"]) == ("roomCreated", [])


def test_an_outgoing_update_looks_after_retries_as_create_does(admin):
    before = create(admin, OUTGOING, token="t")
    after = update(admin, before, retryFailedCalls=True, retryDelay="Powers-Of-Two")
    assert (after["retryCount"], after["retryDelay"]) == (4, "powers-of-two")


# Which integration is meant


def test_an_outgoing_integration_is_found_by_one_of_its_urls(admin):
    url = f"http://127.0.0.1:9/{new_name()}"
    before = create(admin, OUTGOING, urls=["http://127.0.0.1:9/first", url], token="t")
    body = {**without(update_body(before), "integrationId"), "target_url": url, "name": "found"}
    after = send(admin, body).ok()["integration"]
    assert (after["_id"], after["name"]) == (before["_id"], "found")


def test_the_url_counts_when_an_id_is_given_too(admin):
    url = f"http://127.0.0.1:9/{new_name()}"
    one = create(admin, OUTGOING, urls=[url], token="t")
    other = create(admin, OUTGOING, token="t")
    body = {**update_body(one), "target_url": url, "integrationId": other["_id"]}
    assert send(admin, body).ok()["integration"]["_id"] == one["_id"]


def test_of_several_with_the_same_url_the_oldest_is_meant(admin):
    url = f"http://127.0.0.1:9/{new_name()}"
    same = [create(admin, OUTGOING, urls=[url], token="t") for _ in range(3)]
    body = {**without(update_body(same[0]), "integrationId"), "target_url": url}
    assert send(admin, body).ok()["integration"]["_id"] == same[0]["_id"]


@pytest.mark.parametrize(
    "changes",
    table({"the id is unknown": {"integrationId": "nothing"}, "the id is empty":
           {"integrationId": ""}, "the url is unknown": {"target_url": "http://nowhere"}}),
)  # fmt: skip
def test_an_update_of_nothing_finds_nothing(admin, changes):
    before = create(admin, OUTGOING, token="t")
    assert send(admin, {**update_body(before), **changes}).said == NOT_FOUND


@pytest.mark.parametrize("real, said", [("incoming", "outgoing"), ("outgoing", "incoming")])
def test_an_integration_is_not_found_by_the_other_type(admin, real, said):
    """So a manager of one direction cannot reach into the other."""
    document = create(admin, BODIES[real])
    body = {**BODIES[said], "integrationId": document["_id"]}
    if said == "outgoing":
        body["token"] = "t"
    assert send(admin, body).said == NOT_FOUND
    removal = {"type": BODIES[said]["type"], "integrationId": document["_id"]}
    assert admin.post("integrations.remove", removal).said == NOT_FOUND
    assert stored(admin, document) == document


# Reasons to refuse an update, in their order

NO_PREFIX = "Invalid channel. Start with @ or #"

INCOMING_REASONS = {
    "1 the channel is blank": (
        "user", {"channel": " ", "username": "no-such-user"},
        thrown("error-invalid-channel", "Invalid channel", **UPDATING_INCOMING),
    ),
    "1 a channel has no prefix": (
        "user", {"channel": "#nowhere,general", "username": "no-such-user"},
        thrown("error-invalid-channel-start-with-chars", NO_PREFIX, **UPDATING_INCOMING),
    ),
    "2 the caller may not": (
        "user", {"channel": "#nowhere", "username": "no-such-user"},
        thrown("not_authorized", "Unauthorized", **UPDATING_INCOMING),
    ),
    "3 it is not his own": (
        "own", {"channel": "#nowhere", "username": "no-such-user"},
        thrown("error-invalid-integration", "Invalid integration", **UPDATING_INCOMING),
    ),
    "6 there is no such room": (
        "admin", {"channel": "#nowhere", "username": "no-such-user"},
        thrown("error-invalid-room", "Invalid room", **UPDATING_INCOMING),
    ),
    "7 there is no such user": (
        "admin", {"username": "no-such-user"},
        thrown("error-invalid-post-as-user", "Invalid Post As User", **UPDATING_INCOMING),
    ),
    "7 the username is an object": (
        "admin", {"username": {"$ne": ""}},
        thrown("error-invalid-post-as-user", "Invalid Post As User", **UPDATING_INCOMING),
    ),
    "7 the username is a number": (
        "admin", {"username": 5},
        thrown("error-invalid-post-as-user", "Invalid Post As User", **UPDATING_INCOMING),
    ),
    "7 the username is empty": (
        "admin", {"username": ""},
        thrown("error-invalid-post-as-user", "Invalid Post As User", **UPDATING_INCOMING),
    ),
}  # fmt: skip


@pytest.mark.parametrize("caller, changes, refusal", table(INCOMING_REASONS))
def test_an_incoming_update_is_refused_and_changes_nothing(
    admin, callers, caller, changes, refusal
):
    before = create(admin, INCOMING)
    body = {**update_body(before), "name": "changed", "script": "changed", **changes}
    assert send(callers[caller], body).said == refusal
    assert stored(admin, before) == before


def test_an_own_incoming_integration_cannot_be_led_to_a_room_one_is_not_in(admin, own):
    before = create(own, INCOMING)
    body = {**update_body(before), "channel": "#general,#not-for-all", "username": "no-such-user"}
    assert send(own, body).said == thrown(
        "error-invalid-channel", "Invalid Channel", **UPDATING_INCOMING
    )
    assert stored(admin, before) == before


REQUIRED = {"function": "validateOutgoing._verifyRequiredFields"}
VALIDATE = {"function": "validateOutgoing"}
FOR_CHANNELS = {"function": "validateOutgoing._verifyUserHasPermissionForChannels"}

OUTGOING_REASONS = {
    "1 nobody knows the event": (
        "user", {"event": "x", "username": " ", "urls": [" "]},
        thrown("error-invalid-event-type", "Invalid event type", **REQUIRED),
    ),
    "1 the username is blank": (
        "user", {"username": " ", "urls": [" "]},
        thrown("error-invalid-username", "Invalid username", **REQUIRED),
    ),
    "1 the event needs a target room": (
        "user", {"event": "userCreated", "urls": [" "]},
        thrown("error-invalid-targetRoom", "Invalid Target Room", **REQUIRED),
    ),
    "1 all urls are blank": (
        "user", {"urls": [" "], "channel": " "},
        thrown("error-invalid-urls", "Invalid URLs", **REQUIRED),
    ),
    "1 there are no urls": (
        "user", {"urls": None, "channel": " "},
        thrown("error-invalid-urls", "Invalid URLs", **REQUIRED),
    ),
    "1 the channel is blank": (
        "user", {"channel": " ", "username": "no-such-user"},
        thrown("error-invalid-channel", "Invalid Channel", **VALIDATE),
    ),
    "1 a channel has no prefix": (
        "user", {"channel": "general", "username": "no-such-user"},
        thrown("error-invalid-channel-start-with-chars", NO_PREFIX, **VALIDATE),
    ),
    "1 an event without channels is for managers of everything": (
        "user", {"event": "roomCreated", "username": "no-such-user"},
        thrown("error-invalid-permissions",
               "Invalid permission for required Integration creation.", **VALIDATE),
    ),
    "1 there is no such user": (
        "user", {"username": "no-such-user", "channel": "#nowhere"},
        thrown("error-invalid-user", "Invalid user (did you delete the `rocket.cat` user?)",
               **VALIDATE),
    ),
    "1 there is no such room": (
        "user", {"channel": "#nowhere", "token": ""},
        thrown("error-invalid-room", "Invalid room", **FOR_CHANNELS),
    ),
    "1 he is not in the room": (
        "user", {"channel": "#not-for-all", "token": ""},
        thrown("error-invalid-channel", "Invalid Channel", **FOR_CHANNELS),
    ),
    "2 the token is empty": (
        "user", {"token": ""},
        thrown("error-invalid-token", "Invalid token", **UPDATING_OUTGOING),
    ),
    "2 the token is blank": (
        "user", {"token": "  "},
        thrown("error-invalid-token", "Invalid token", **UPDATING_OUTGOING),
    ),
    "2 the token is null": (
        "user", {"token": None},
        thrown("error-invalid-token", "Invalid token", **UPDATING_OUTGOING),
    ),
    "3 the caller may not": (
        "user", {}, thrown("not_authorized", "Unauthorized", **UPDATING_OUTGOING),
    ),
    "4 it is not his own": (
        "own", {},
        thrown("invalid_integration",
               "[methods] updateOutgoingIntegration -> integration not found"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("caller, changes, refusal", table(OUTGOING_REASONS))
def test_an_outgoing_update_is_refused_and_changes_nothing(
    admin, callers, caller, changes, refusal
):
    before = create(admin, OUTGOING, token="t")
    body = {**update_body(before), "name": "changed", **changes}
    assert send(callers[caller], body).said == refusal
    assert stored(admin, before) == before


def test_an_outgoing_update_must_repeat_the_token(admin):
    before = create(admin, OUTGOING, token="t")
    assert send(admin, without(update_body(before), "token")).said == thrown(
        "error-invalid-token", "Invalid token", **UPDATING_OUTGOING
    )


def test_whoever_may_not_learns_nothing_of_what_does_not_exist(user):
    for body in INCOMING, {**OUTGOING, "token": "t"}:
        assert send(user, {**body, "integrationId": "nothing"}).said == NOT_FOUND


# Who is posted as


def test_an_update_makes_the_user_of_an_incoming_integration_a_bot(admin):
    author = add_user(admin)
    update(admin, create(admin, INCOMING), username=author["username"])
    roles = admin.get("users.info", {"userId": author["_id"]}).ok()["user"]["roles"]
    assert roles == ["user", "bot"]


def test_by_the_strict_policy_an_update_asks_for_the_right_to_impersonate(admin):
    author = add_user(admin)
    before = create(admin, INCOMING)
    with settings(admin, {"Integrations_Post_As_Policy": "require"}):
        body = {**update_body(before), "username": author["username"]}
        assert send(admin, body).said == thrown(
            "error-user-lacks-message-impersonate-permission",
            "User selected for the incoming integration lacks the 'message-impersonate'"
            " permission.",
            **UPDATING_INCOMING,
        )
        update(admin, before, name="still works")


# Who may change and remove what


@pytest.mark.parametrize("held", ["any", "own", "nothing"])
@pytest.mark.parametrize("direction", BODIES)
def test_own_integrations_may_be_changed_and_removed_with_either_permission(
    admin, user, direction, held
):
    with permissions(admin, {ANY[direction]: ["user"], OWN[direction]: ["user"]}):
        mine = create(user, BODIES[direction])
    holders = {"any": ANY[direction], "own": OWN[direction]}
    with permissions(admin, {p: ["user"] if p == holders.get(held) else [] for p in ALL_FOUR}):
        updated = send(user, update_body(mine))
        removed = remove(user, mine)
    if held == "nothing":
        assert (updated.status, removed.status) == (400, 403)
    else:
        assert removed.ok()["integration"] == updated.ok()["integration"]


@pytest.mark.parametrize("direction", BODIES)
def test_integrations_of_others_may_be_changed_and_removed_with_the_wide_permission(
    admin, user, direction
):
    theirs = create_named(admin, BODIES[direction])
    with permissions(admin, {ANY[direction]: ["user"], OWN[direction]: []}):
        assert send(user, update_body(theirs)).ok()["integration"]["_createdBy"]["_id"] == (
            admin.user_id
        )
        remove(user, theirs).ok()


# Removing


@both
def test_remove_answers_the_document_as_it_was_and_it_is_gone(admin, body):
    document = create(admin, body)
    assert remove(admin, document).ok()["integration"] == document
    gone = admin.get("integrations.get", {"integrationId": document["_id"]})
    assert gone.said == failure("The integration does not exists.")
    assert remove(admin, document).said == NOT_FOUND


def test_an_outgoing_integration_is_removed_by_one_of_its_urls(admin):
    url = f"http://127.0.0.1:9/{new_name()}"
    document = create(admin, OUTGOING, urls=["http://127.0.0.1:9/first", url])
    removal = {"type": "webhook-outgoing", "target_url": url}
    assert admin.post("integrations.remove", removal).ok()["integration"] == document


@pytest.mark.parametrize(
    "removal",
    table(
        {
            "incoming by an unknown id": {"type": "webhook-incoming", "integrationId": "x"},
            "outgoing by an unknown id": {"type": "webhook-outgoing", "integrationId": "x"},
            "outgoing by an unknown url": {"type": "webhook-outgoing", "target_url": "http://x"},
            "incoming by an empty id": {"type": "webhook-incoming", "integrationId": ""},
        }
    ),
)
def test_nothing_is_removed_when_nothing_is_found(admin, removal):
    assert admin.post("integrations.remove", removal).said == NOT_FOUND


def test_removing_an_outgoing_integration_needs_an_id_or_a_url(admin):
    removal = {"type": "webhook-outgoing", "integrationId": ""}
    assert admin.post("integrations.remove", removal).said == failure(
        "An integrationId or target_url needs to be provided."
    )


@pytest.mark.parametrize(
    "direction, method",
    [("incoming", "deleteIncomingIntegration"), ("outgoing", "deleteOutgoingIntegration")],
)
def test_a_removal_is_refused_to_whoever_may_not(admin, user, own, direction, method):
    document = create_named(admin, BODIES[direction])
    other = "outgoing" if direction == "incoming" else "incoming"
    with permissions(admin, {OWN[other]: ["user"]}):
        unauthorized = thrown("not_authorized", "Unauthorized", method=method)
        assert remove(user, document).said == unauthorized
    invalid = thrown("error-invalid-integration", "Invalid integration", method=method)
    assert remove(own, document).said == invalid
    assert stored(admin, document) == document


# Frozen scripts


def test_while_scripts_are_frozen_an_update_may_change_all_but_the_script(new_server):
    server = new_server().start()
    admin = server.admin()
    before = [
        create(admin, INCOMING, script="1", skipTranspile=True),
        create(admin, OUTGOING, script="1", skipTranspile=True, token="t"),
    ]
    server.restart(FREEZE_INTEGRATION_SCRIPTS="yes")
    admin = admin.at(server.address)
    for document in before:
        for change in {"script": "2"}, {"scriptEngine": "another"}:
            refused = send(admin, {**update_body(document), **change})
            assert refused.said == thrown("integration-scripts-disabled")
        after = update(admin, document, name="new", script="1", scriptEnabled=True)
        assert after["name"] == "new"
        for name in "script", "scriptEnabled", "scriptEngine", "skipTranspile":
            assert after[name] == document[name]


def test_the_other_way_of_freezing_has_its_own_word(new_server):
    server = new_server().start()
    admin = server.admin()
    document = create(admin, INCOMING, script="1")
    server.restart(FREEZE_INTEGRATION_SCRIPTS="ivm")
    refused = send(admin.at(server.address), {**update_body(document), "script": "2"})
    assert refused.said == thrown("integration-scripts-isolated-vm-disabled")


# The rest of the house


def test_whose_account_is_closed_posts_no_more(admin):
    author, other = add_user(admin), add_user(admin)
    documents = [create(admin, body, username=author["username"]) for body in BODIES.values()]
    untouched = create(admin, INCOMING, username=other["username"])
    body = {"userId": author["_id"], "activeStatus": False}
    admin.post("users.setActiveStatus", body).ok()
    assert [stored(admin, d)["enabled"] for d in documents] == [False, False]
    assert stored(admin, untouched)["enabled"] is True


def test_whose_account_is_deleted_posts_no_more(admin):
    author = add_user(admin)
    document = create(admin, INCOMING, username=author["username"])
    admin.post("users.delete", {"userId": author["_id"]}).ok()
    assert stored(admin, document)["enabled"] is False
