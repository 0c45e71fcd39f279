"""Calls to incoming hooks: who is let in, what a body means, where the message goes, what the answer
is. Everything here is done as a sender does it: an address and a body."""

import json
from urllib.parse import quote

import pytest

from harness.bodies import NOBODY, NOT_FOUND, SUCCESS, failure, text
from harness.hooks import (
    DISABLED,
    FORM,
    JSON,
    UNKNOWN,
    call,
    hook_in_room,
    path,
    posted,
    recorded,
    texts,
)
from harness.integrations import INCOMING, OUTGOING, create, remove, update
from harness.people import add_client, add_user, new_name, permissions, settings
from harness.rooms import invite, make, members, types
from harness.table import table

OVERRIDE = failure("overriding destination channel is disabled for this integration")
UNWRAPPED = failure("Integration payload must be a JSON object, not an array or primitive")


@pytest.fixture(scope="module")
def hook(admin):
    return hook_in_room(admin, overrideDestinationChannelEnabled=True)


def last(admin, room):
    return posted(admin, room)[-1]


# Who is let in


def test_a_call_posts_a_message(admin, nobody):
    hook, room = hook_in_room(admin)
    answer = call(nobody, hook, {"text": "hi"})
    assert answer.said == SUCCESS
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    message = last(admin, room)
    assert (message["msg"], message["bot"], message["groupable"], message["parseUrls"]) == (
        "hi", {"i": hook["_id"]}, False, True,
    )  # fmt: skip
    assert (message["alias"], message["u"]["username"]) == ("", "rocket.cat")


def test_the_user_in_a_long_address_is_ignored(admin, nobody, hook):
    hook, room = hook
    for user in "rocket.cat", "nobody", "%20":
        assert nobody.post(path(hook, user=user), {"text": user}).said == SUCCESS
    assert texts(admin, room)[-3:] == ["rocket.cat", "nobody", "%20"]


def test_no_login_is_read(nobody, hook):
    hook, _ = hook
    assert call(nobody, hook, {"text": "x"}, X_User_Id="x", X_Auth_Token="x").said == SUCCESS


WRONG = {
    "another token": lambda h: path(h, h["token"][:-1] + ("2" if h["token"][-1] != "2" else "3")),
    "a shorter token": lambda h: path(h, h["token"][:-1]),
    "a longer token": lambda h: path(h, h["token"] + "x"),
    "another case": lambda h: path(h, h["token"].swapcase()),
    "a broken escape": lambda h: path(h, h["token"] + "%"),
    "a broken escape inside an escape": lambda h: path(h, h["token"] + "%25"),
    "bytes that are no text": lambda h: path(h, "%ff%fe"),
    "an unknown id": lambda h: path({**h, "_id": "659ea5e42dd9f928ada3e451"}),
    "a broken id": lambda h: path({**h, "_id": "%zz"}),
    "the words of other routes": lambda h: f"/hooks/info/{h['_id']}",
}


@pytest.mark.parametrize("wrong", table(WRONG))
def test_a_wrong_address_is_unknown(nobody, hook, wrong):
    assert nobody.post(wrong(hook[0]), {"text": "x"}).said == UNKNOWN


@pytest.mark.parametrize("address", ["/hooks", "/hooks/", "/hooks/x", "/hooks/a/b/c/d", "/hooks/a/b/"])
def test_what_has_no_form_of_an_address_is_not_found(nobody, address):
    assert nobody.post(address, {}).said == NOT_FOUND


def test_other_methods_are_not_found(nobody, hook):
    for method in "PUT", "DELETE", "PATCH":
        assert nobody.call(method, path(hook[0]), {"text": "x"}).said == NOT_FOUND


def test_a_token_may_be_encoded_once_or_twice(admin, nobody, hook):
    hook, room = hook
    once = "".join(f"%{ord(c):02x}" for c in hook["token"])
    for token in once, quote(once):
        assert nobody.post(path(hook, token), {"text": token[:6]}).said == SUCCESS
    assert texts(admin, room)[-2:] == [once[:6], quote(once)[:6]]


def test_the_token_of_an_outgoing_integration_opens_nothing(admin, nobody):
    outgoing = create(admin, OUTGOING, token="sent-to-third-parties")
    assert call(nobody, outgoing, {"text": "x"}).said == UNKNOWN


def test_a_removed_integration_is_unknown_at_once(admin, nobody):
    hook, _ = hook_in_room(admin)
    call(nobody, hook, {"text": "x"}).ok()
    remove(admin, hook).ok()
    assert call(nobody, hook, {"text": "x"}).said == UNKNOWN


def test_a_disabled_integration_is_unavailable_to_whoever_has_the_token(admin, nobody):
    hook, room = hook_in_room(admin, enabled=False)
    assert call(nobody, hook, {"text": "x"}).said == DISABLED
    assert nobody.post(path(hook, "wrong"), {"text": "x"}).said == UNKNOWN
    update(admin, hook, enabled=True)
    assert call(nobody, hook, {"text": "x"}).said == SUCCESS
    assert texts(admin, room) == ["x"]


def test_a_hook_of_a_user_who_is_no_more_is_refused(new_server):
    server = new_server().start()
    admin = server.admin()
    user = add_user(admin)
    hook = create(admin, INCOMING, username=user["username"])
    admin.post("users.delete", {"userId": user["_id"]}).ok()
    assert call(server.client(), hook, {"text": "x"}).said == NOBODY


def test_by_the_strict_policy_the_user_needs_the_right_at_each_call(admin, nobody):
    user = add_user(admin)
    hook, _ = hook_in_room(admin, username=user["username"])
    with settings(admin, {"Integrations_Post_As_Policy": "require"}):
        assert call(nobody, hook, {"text": "x"}).said == SUCCESS
        admin.post("users.update", {"userId": user["_id"], "data": {"roles": ["user"]}}).ok()
        assert call(nobody, hook, {"text": "x"}).said == failure(
            "error-user-lacks-message-impersonate-permission"
        )
    assert call(nobody, hook, {"text": "x"}).said == SUCCESS


def test_browsers_may_ask_first(nobody, hook):
    for kind in None, "sample", "info", "add", "remove":
        assert nobody.call("OPTIONS", path(hook[0], kind=kind)).said == (200, b"OK")


def test_tokens_are_in_no_log(new_server):
    server = new_server(GANTRY_LOG_LEVEL="debug").start()
    hook = create(server.admin(), INCOMING)
    client = server.client()
    call(client, hook, {"text": "x"}).ok()
    guess = "a-wrong-token-that-somebody-guessed"
    assert client.post(path(hook, guess), {}).said == UNKNOWN
    server.stop()
    said = server.said()
    assert hook["token"] not in said and guess not in said
    assert f"event=hook-refused integration={hook['_id']}" in said


# What a body means. None: nothing is posted, and that is a success.

OBJECT = b'{"text":"object"}'
BODIES = {
    "JSON": (JSON, OBJECT, "object"),
    "JSON with a charset": (JSON + "; charset=utf-8", OBJECT, "object"),
    "JSON of a vendor": ("application/vnd.x+json", OBJECT, "object"),
    "a JSON array": (JSON, b'[{"text":"x"}]', None),
    "a JSON text": (JSON, b'"x"', None),
    "malformed JSON": (JSON, b'{"text":', None),
    "an empty object": (JSON, b"{}", None),
    "an empty body": (JSON, b"", None),
    "payload is not unwrapped from JSON": (JSON, b'{"payload":"{\\"text\\":\\"x\\"}"}', ""),
    "a form with a payload": (FORM, b"payload=" + quote(OBJECT).encode(), "object"),
    "a payload that is a text": (FORM, b"payload=x", ""),
    "a form of fields": (FORM, b"text=a+b%21&alias=c", "a b!"),
    "a field twice": (FORM, b"text=a&text=b&alias=c", "b"),
    "one field": (FORM, b"text=one", "one"),
    "JSON under the type of a form": (FORM, OBJECT, "object"),
    "a form of several parts": ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--", None),
    "JSON as plain text": ("text/plain", OBJECT, "object"),
    "JSON without a type": (None, OBJECT, "object"),
    "plain text": ("text/plain", b"hello", None),
    "nothing at all": (None, b"", None),
    "broken UTF-8": (JSON, b'{"text":"a\xffb"}', "a\ufffdb"),
}


@pytest.mark.parametrize("kind, body, message", table(BODIES))
def test_a_body_means(admin, nobody, kind, body, message):
    hook, room = hook_in_room(admin)
    headers = {} if kind is None else {"Content_Type": kind}
    assert call(nobody, hook, body, **headers).said == SUCCESS
    assert texts(admin, room) == ([] if message is None else [message])


@pytest.mark.parametrize("payload", [b"[1]", b"1", b"null", b'"x"', b"true"])
def test_a_wrapped_payload_that_is_no_object_is_refused(admin, nobody, payload):
    hook, room = hook_in_room(admin)
    answer = call(nobody, hook, b"payload=" + quote(payload).encode(), Content_Type=FORM)
    assert answer.said == UNWRAPPED
    assert texts(admin, room) == []


def test_a_get_posts_nothing_and_its_query_is_no_content(admin, nobody):
    hook, room = hook_in_room(admin)
    assert nobody.get(path(hook), "text=x").said == SUCCESS
    assert nobody.call("GET", path(hook), {"text": "x"}).said == SUCCESS
    assert texts(admin, room) == []


def test_any_member_makes_a_message(admin, nobody):
    hook, room = hook_in_room(admin)
    assert call(nobody, hook, {"alias": "x"}).said == SUCCESS
    assert [(m["msg"], m["alias"]) for m in posted(admin, room)] == [("", "x")]


def test_a_body_that_is_too_large_is_refused(new_server):
    server = new_server(GANTRY_HTTP_BODY_BYTES="10k").start()
    hook = create(server.admin(), INCOMING)
    assert call(server.client(), hook, {"text": "x" * 20000}).status == 413


# The message

MESSAGES = {
    "text before msg": ({"text": "a", "msg": "b"}, {"msg": "a"}),
    "msg": ({"msg": "b"}, {"msg": "b"}),
    "the text is trimmed": ({"text": "  a\n"}, {"msg": "a"}),
    "username before alias": ({"text": "a", "username": "u", "alias": "v"}, {"alias": "u"}),
    "alias": ({"text": "a", "alias": "v"}, {"alias": "v"}),
    "the icon as a picture": (
        {"text": "a", "icon_url": "https://x/y.png", "icon_emoji": ":z:"},
        {"avatar": "https://x/y.png", "emoji": None},
    ),
    "the icon as a word": ({"text": "a", "icon_emoji": ":bell:"}, {"emoji": ":bell:"}),
    "attachments": (
        {"attachments": [{"msg": " t ", "title": "T"}]},
        {"msg": "", "attachments": [{"title": "T", "text": "t"}]},
    ),
    "attachments that are none": ({"text": "a", "attachments": "x"}, {"attachments": []}),
    "groupable as given": ({"text": "a", "groupable": True}, {"groupable": True}),
    "null is absent": ({"text": "a", "customFields": None, "tmid": None}, {"tmid": None}),
    "what nobody knows is ignored": ({"text": "a", "unknown": 1}, {"unknown": None}),
    "the bot cannot be chosen": ({"text": "a", "bot": {"i": "x"}}, {"msg": "a"}),
}


@pytest.mark.parametrize("body, expected", table(MESSAGES))
def test_of_a_message(admin, nobody, hook, body, expected):
    hook, room = hook
    assert call(nobody, hook, body).said == SUCCESS
    message = last(admin, room)
    assert {name: message.get(name) for name in expected} == expected
    assert message["bot"] == {"i": hook["_id"]}


def test_what_the_integration_says_is_used_where_the_content_says_nothing(admin, nobody):
    hook, room = hook_in_room(admin, alias="A", avatar="https://x/a.png", emoji=":e:")
    call(nobody, hook, {"text": "1"}).ok()
    call(nobody, hook, {"text": "2", "icon_emoji": ":bell:", "alias": "B"}).ok()
    first, second = posted(admin, room)
    assert (first["alias"], first["avatar"], first.get("emoji")) == ("A", "https://x/a.png", None)
    assert (second["alias"], second.get("avatar"), second["emoji"]) == ("B", None, ":bell:")


REFUSED_MESSAGES = {
    "too long": ({"text": "x" * 5001}, "error-message-size-exceeded"),
    "a relative link": ({"attachments": [{"title": "t", "image_url": "/images/a.png"}]},
                        "Invalid href value provided"),
    "a script as a link": ({"attachments": [{"title_link": "javascript:x"}]},
                           "Invalid href value provided"),
    "a script as an avatar": ({"text": "x", "avatar": "javascript:x"},
                              "Invalid href value provided"),
    "a field without a value": ({"attachments": [{"fields": [{"title": "t"}]}]},
                                "Invalid attachment field, title and value is required"),
}  # fmt: skip


@pytest.mark.parametrize("body, error", table(REFUSED_MESSAGES))
def test_a_message_is_refused_that_is(admin, nobody, body, error):
    hook, room = hook_in_room(admin)
    assert call(nobody, hook, body).said == failure(error)
    assert posted(admin, room) == []


def test_a_text_of_the_longest_size_passes(admin, nobody):
    hook, room = hook_in_room(admin)
    assert call(nobody, hook, {"text": "x" * 5000}).said == SUCCESS
    assert texts(admin, room) == ["x" * 5000]


def test_a_user_who_may_not_impersonate_cannot_have_an_alias(admin, nobody):
    user = add_client(admin)
    hook, room = hook_in_room(admin, username=user.username)
    admin.post("users.update", {"userId": user.user_id, "data": {"roles": ["user"]}}).ok()
    assert call(nobody, hook, {"text": "x", "alias": "y"}).said == failure("Not enough permission")
    assert call(nobody, hook, {"text": "x"}).said == SUCCESS


def test_a_hook_answers_in_a_thread(admin, nobody, hook):
    hook, room = hook
    call(nobody, hook, {"text": "parent"}).ok()
    parent = last(admin, room)
    call(nobody, hook, {"text": "child", "tmid": parent["_id"]}).ok()
    threads = [m for m in posted(admin, room) if m.get("tmid") == parent["_id"]]
    assert [m["msg"] for m in threads] == ["child"]


# Where it goes


def test_a_message_goes_to_every_channel_of_the_integration(admin, nobody):
    rooms = [make(admin, "channels") for _ in range(3)]
    hook, _ = hook_in_room(admin, channel=",".join("#" + r["name"] for r in rooms))
    assert call(nobody, hook, {"text": "all"}).said == SUCCESS
    assert [texts(admin, room) for room in rooms] == [["all"]] * 3


def test_the_content_may_name_another_room_only_if_the_integration_lets_it(admin, nobody):
    hook, room = hook_in_room(admin)
    other = make(admin, "channels")
    for name in "channel", "roomId":
        assert call(nobody, hook, {"text": "x", name: "#" + other["name"]}).said == OVERRIDE
        assert call(nobody, hook, {"text": "x", name: ""}).said == SUCCESS
    update(admin, hook, overrideDestinationChannelEnabled=True)
    assert call(nobody, hook, {"text": "there", "channel": "#" + other["name"]}).said == SUCCESS
    assert call(nobody, hook, {"text": "there", "roomId": other["_id"]}).said == SUCCESS
    assert texts(admin, other) == ["there", "there"]
    assert texts(admin, room) == ["x", "x"]


def destinations(admin, room, person):
    """How a room and a person may be named."""
    return [
        ("#" + room["name"], room), ("#" + room["_id"], room), (room["name"], room),
        (room["_id"], room), ("@" + person["username"], None), ("@" + person["_id"], None),
        (person["_id"], None),
    ]  # fmt: skip


def test_a_room_or_person_may_be_named_in_each_of_these_ways(admin, nobody, hook):
    hook, _ = hook
    person = add_client(admin)
    document = {"_id": person.user_id, "username": person.username}
    room = make(admin, "channels")
    for number, (name, _) in enumerate(destinations(admin, room, document)):
        assert call(nobody, hook, {"text": str(number), "channel": name}).said == SUCCESS, name
    assert texts(admin, room) == ["0", "1", "2", "3"]
    direct = person.get("im.messages", {"username": "rocket.cat"}).ok()["messages"]
    assert [m["msg"] for m in direct][::-1] == ["4", "5", "6"]


@pytest.mark.parametrize("name", ["#gone", "@gone", "gone", "#", "@", "plain-user"])
def test_a_destination_that_is_not_there_is_an_invalid_channel(nobody, hook, user, name):
    assert call(nobody, hook[0], {"text": "x", "channel": name}).said == failure("invalid-channel")


def test_a_public_room_is_joined_by_posting(admin, nobody):
    user = add_user(admin)
    hook, room = hook_in_room(admin, username=user["username"])
    assert user["username"] not in members(admin, "channels", room)
    call(nobody, hook, {"text": "x"}).ok()
    assert user["username"] in members(admin, "channels", room)
    assert "uj" in types(admin, "channels", room)


def test_a_private_room_is_not_joined(admin, nobody):
    user = add_client(admin)
    hook, room = hook_in_room(admin, "groups", username=user.username)
    assert call(nobody, hook, {"text": "x"}).said == failure("error-not-allowed")
    assert user.username not in members(admin, "groups", room)
    invite(admin, "groups", room, user)
    assert call(nobody, hook, {"text": "x"}).said == SUCCESS
    assert texts(admin, room, "groups") == ["x"]


def test_a_room_of_a_private_team_is_for_its_members(admin, nobody):
    team = admin.post("teams.create", {"name": new_name("team"), "type": 1}).ok()["team"]
    room = make(admin, "channels", extraData={"teamId": team["_id"]})
    user = add_user(admin)
    hook = create(admin, INCOMING, channel="#" + room["name"], username=user["username"])
    assert call(nobody, hook, {"text": "x"}).said == failure("error-not-allowed")


def test_a_read_only_room_says_so(admin, nobody):
    room = make(admin, "channels", readOnly=True)
    user = add_user(admin)
    hook = create(admin, INCOMING, channel="#" + room["name"], username=user["username"])
    assert call(nobody, hook, {"text": "x"}).said == failure(
        "You can't send messages because the room is readonly."
    )


def test_an_archived_room_says_so(admin, nobody):
    hook, room = hook_in_room(admin)
    admin.post("channels.archive", {"roomId": room["_id"]}).ok()
    assert call(nobody, hook, {"text": "x"}).said == failure("room_is_archived")


# Several at once


def test_one_failure_posts_nothing_anywhere(admin, nobody, hook):
    hook, _ = hook
    room = make(admin, "channels")
    body = {"text": "x", "channel": ["#" + room["name"], "#gone"]}
    assert call(nobody, hook, body).said == failure("invalid-channel")
    assert texts(admin, room) == []


def test_separate_answers_say_what_became_of_each(admin, nobody, hook):
    hook, _ = hook
    room = make(admin, "channels")
    names = ["#" + room["name"], "#gone", "#" + room["name"], "@gone"]
    answer = call(nobody, hook, {"text": "x", "channel": names, "separateResponse": True})
    document = answer.ok()
    assert list(document) == ["responses", "success"]
    first, *others = document["responses"]
    assert list(first) == ["channel", "message"]
    assert (first["channel"], first["message"]) == (names[0], last(admin, room))
    assert others == [
        {"channel": "#gone", "error": "invalid-channel"},
        {"channel": "@gone", "error": "invalid-channel"},
    ]
    assert texts(admin, room) == ["x"]


def test_when_all_of_them_fail_the_answer_is_a_refusal(nobody, hook):
    body = {"text": "x", "channel": ["#gone"], "separateResponse": True}
    refusal = {"responses": [{"channel": "#gone", "error": "invalid-channel"}], "success": False}
    assert call(nobody, hook[0], body).said == (400, text(refusal))


def test_only_true_is_separate(nobody, hook):
    for value in "true", 1, {}:
        body = {"text": "x", "channel": ["#gone"], "separateResponse": value}
        assert call(nobody, hook[0], body).said == failure("invalid-channel")


def test_the_integration_may_be_changed_between_two_calls(admin, nobody):
    hook, room = hook_in_room(admin, alias="before")
    call(nobody, hook, {"text": "1"}).ok()
    update(admin, hook, alias="after")
    call(nobody, hook, {"text": "2"}).ok()
    assert [m["alias"] for m in posted(admin, room)] == ["before", "after"]


def test_each_answer_is_that_of_its_own_call(admin, nobody, hook):
    hook, _ = hook
    rooms = [make(admin, "channels") for _ in range(5)]
    for room in rooms:
        body = {"text": room["name"], "channel": room["_id"], "separateResponse": True}
        (answer,) = call(nobody, hook, body).ok()["responses"]
        assert answer["message"]["msg"] == room["name"]
        assert json.dumps(answer["message"]) == json.dumps(last(admin, room))


def test_permissions_of_rooms_do_not_matter_to_hooks_of_others(admin, nobody):
    hook, room = hook_in_room(admin)
    with permissions(admin, {"create-c": []}):
        assert call(nobody, hook, {"text": "x"}).said == SUCCESS
    assert recorded(admin, hook, 1)[0]["outcome"] == "posted"
    assert texts(admin, room) == ["x"]
