"""The routes beside the hook itself: sample, info, add, remove."""

import re

import pytest

from harness.bodies import CLOSED, SUCCESS, failure, invalid, required, thrown
from harness.hooks import UNKNOWN, call, hook_in_room, path, posted
from harness.integrations import ANY, INCOMING, MOMENT, RANDOM_LETTER, create, stored, update
from harness.people import add_client, new_name, permissions
from harness.rooms import make
from harness.table import table


@pytest.fixture(scope="module")
def hook(admin):
    """It posts as somebody who may manage outgoing integrations."""
    return create(admin, INCOMING, username=admin.username)


def add(client, hook, user=None, **changes):
    body = {"event": "newMessageOnChannel", "name": "added",
            "target_url": "http://127.0.0.1:9/" + new_name("url"),
            "data": {"channel_name": "general"}}  # fmt: skip
    body = {k: v for k, v in {**body, **changes}.items() if v is not None}
    return client.post(path(hook, user=user, kind="add"), body)


def take_away(client, hook, **body):
    return client.post(path(hook, kind="remove"), body)


both_forms = pytest.mark.parametrize("user", [None, "somebody"])


@both_forms
def test_samples_look_like_deliveries(nobody, hook, user):
    answer = nobody.get(path(hook, user=user, kind="sample"))
    assert answer.status == 200
    samples = answer.json()
    assert [s["text"] for s in samples] == [f"Sample text {n}" for n in (1, 2, 3)]
    for sample in samples:
        assert list(sample) == [
            "token", "channel_id", "channel_name", "timestamp", "user_id", "user_name", "text",
            "trigger_word",
        ]  # fmt: skip
        assert re.fullmatch(RANDOM_LETTER + "{24}", sample["token"])
        assert re.fullmatch(RANDOM_LETTER + "{17}", sample["channel_id"])
        assert re.fullmatch(RANDOM_LETTER + "{17}", sample["user_id"])
        assert re.fullmatch(MOMENT, sample["timestamp"])
        assert (sample["channel_name"], sample["user_name"], sample["trigger_word"]) == (
            "general", "rocket.cat", "Sample",
        )  # fmt: skip


@both_forms
def test_info_says_that_the_address_is_right(nobody, hook, user):
    assert nobody.get(path(hook, user=user, kind="info")).said == SUCCESS


@pytest.mark.parametrize("kind", ["sample", "info", "add", "remove"])
def test_all_of_them_ask_for_the_credentials_and_none_for_being_enabled(admin, nobody, kind):
    hook = create(admin, INCOMING, enabled=False, username=admin.username)
    method = "GET" if kind in ("sample", "info") else "POST"
    assert nobody.call(method, path(hook, "wrong", kind=kind), {}).said == UNKNOWN
    answer = nobody.call(method, path(hook, kind=kind), {})
    assert answer.status == (200 if method == "GET" else 400)
    assert "disabled" not in answer.body.decode()


@pytest.mark.parametrize("kind", ["sample", "info", "add", "remove"])
def test_their_words_never_run_a_hook(admin, nobody, kind):
    hook, room = hook_in_room(admin)
    method = "POST" if kind in ("sample", "info") else "GET"
    assert nobody.call(method, path(hook, kind=kind), {"text": "x"}).said == UNKNOWN
    assert posted(admin, room) == []


# add


@both_forms
def test_add_makes_an_outgoing_integration(admin, nobody, hook, user):
    document = add(nobody, hook, user).ok()
    assert document.pop("success") is True
    assert stored(admin, document) == document
    expected = {
        "type": "webhook-outgoing", "name": "added", "event": "sendMessage", "enabled": True,
        "username": "rocket.cat", "channel": ["#general"], "scriptEnabled": False,
    }  # fmt: skip
    assert {name: document[name] for name in expected} == expected
    assert re.fullmatch(RANDOM_LETTER + "{24}", document["token"])
    assert document["_createdBy"] == {"_id": admin.user_id, "username": admin.username}


ADDED = {
    "a channel with its sign": ({"data": {"channel_name": "#general"}}, {"channel": ["#general"]}),
    "a user": (
        {"event": "newMessageToUser", "data": {"username": "rocket.cat"}},
        {"channel": ["@rocket.cat"], "enabled": True},
    ),
    "a user with his sign": (
        {"event": "newMessageToUser", "data": {"username": "@rocket.cat"}},
        {"channel": ["@rocket.cat"]},
    ),
    "words in one text": (
        {"data": {"channel_name": "general", "trigger_words": "a, b"}}, {"triggerWords": ["a", "b"]},
    ),
    "a list of words": (
        {"data": {"channel_name": "general", "trigger_words": ["a", "b"]}}, {"triggerWords": ["a", "b"]},
    ),
    "no words": ({"data": {"channel_name": "general", "trigger_words": ""}}, {}),
}  # fmt: skip


@pytest.mark.parametrize("changes, expected", table(ADDED))
def test_add_takes(nobody, hook, changes, expected):
    document = add(nobody, hook, **changes).ok()
    assert {name: document[name] for name in expected} == expected
    assert len(document["token"]) == 24


NOT_ADDED = {
    "no event": ({"event": None}, invalid(required("event"))),
    "another event": ({"event": "x"}, invalid("must be equal to one of the allowed values")),
    "no name": ({"name": None}, invalid(required("name"))),
    "no url": ({"target_url": None}, invalid(required("target_url"))),
    "an unknown member": ({"x": 1}, invalid(CLOSED)),
    "an unknown member of data": ({"data": {"x": 1}}, invalid(CLOSED)),
    "a user without a name": ({"event": "newMessageToUser", "data": {}}, failure("username-required")),
    "a user without data": ({"event": "newMessageToUser", "data": None}, failure("username-required")),
}  # fmt: skip


@pytest.mark.parametrize("changes, refusal", table(NOT_ADDED))
def test_add_is_refused_with(nobody, hook, changes, refusal):
    assert add(nobody, hook, **changes).said == refusal


def test_add_needs_a_channel_that_is_there(nobody, hook):
    for data in None, {}, {"channel_name": "gone"}:
        assert add(nobody, hook, data=data).status == 400


def test_the_hooks_user_must_be_allowed_to_add_and_remove(admin, nobody):
    user = add_client(admin)
    room = make(admin, "channels")
    hook = create(admin, INCOMING, username=user.username)
    url = "http://127.0.0.1:9/" + new_name("url")
    changes = {"target_url": url, "data": {"channel_name": room["name"]}}
    assert add(nobody, hook, **changes).said == thrown("not_authorized")
    with permissions(admin, {ANY["outgoing"]: ["admin", "user"]}):
        user.post("channels.join", {"roomId": room["_id"]}).ok()
        document = add(nobody, hook, **changes).ok()
    assert document["_createdBy"]["_id"] == user.user_id
    refused = take_away(nobody, hook, target_url=url)
    assert refused.said == thrown(
        "not_authorized", "Unauthorized", method="deleteOutgoingIntegration"
    )
    with permissions(admin, {ANY["outgoing"]: ["admin", "user"]}):
        assert take_away(nobody, hook, target_url=url).said == SUCCESS


# remove


def test_remove_takes_it_away_by_its_url(admin, nobody, hook):
    document = add(nobody, hook).ok()
    (url,) = document["urls"]
    assert take_away(nobody, hook, target_url=url).said == SUCCESS
    gone = admin.get("integrations.get", {"integrationId": document["_id"]})
    assert gone.said == failure("The integration does not exists.")
    assert take_away(nobody, hook, target_url=url).said == failure("integration-not-found")


def test_remove_takes_nothing_but_a_url(nobody, hook):
    assert take_away(nobody, hook).said == invalid(required("target_url"))
    assert take_away(nobody, hook, target_url="x", y=1).said == invalid(CLOSED)


def test_both_are_in_the_audit_log(new_server):
    server = new_server().start()
    admin = server.admin()
    hook = create(admin, INCOMING, username=admin.username)
    document = add(server.client(), hook).ok()
    take_away(server.client(), hook, target_url=document["urls"][0]).ok()
    server.stop()
    for kind in "add", "remove":
        assert f"action=/hooks/{kind}/:integrationId/:token" in server.said()
    assert server.said().count(f"target={document['_id']}") == 2
    assert hook["token"] not in server.said()


def test_what_was_added_is_an_integration_like_others(admin, nobody, hook):
    document = add(nobody, hook).ok()
    document.pop("success")
    assert update(admin, document, name="renamed")["name"] == "renamed"
