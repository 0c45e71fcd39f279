"""Which parameters the integrations endpoints take, and the exact words with which they refuse the
others. Nothing here gets past the schema unless the table says so."""

import pytest

from harness.bodies import CLOSED, NOT_EMPTY, ONE_OF, failure, invalid, required
from harness.integrations import INCOMING, OUTGOING, create, without
from harness.table import table

OF_INCOMING = 'must match pattern "webhook-incoming"'
OF_OUTGOING = 'must match pattern "webhook-outgoing"'

UPDATE_INCOMING = {**without(INCOMING, "username"), "integrationId": "x"}
UPDATE_OUTGOING = {**OUTGOING, "integrationId": "x", "token": "t"}

REFUSED_BODIES = {
    "create: nothing at all": ("create", {}, required("type"), required("type"), ONE_OF),
    "create: a type alone": (
        "create", {"type": "webhook-incoming"},
        required("username"), required("username"), ONE_OF,
    ),
    "create: incoming without username": (
        "create", without(INCOMING, "username"),
        required("username"), required("username"), ONE_OF,
    ),
    "create: outgoing without username": (
        "create", without(OUTGOING, "username"),
        required("username"), required("username"), ONE_OF,
    ),
    "create: incoming without name": (
        "create", without(INCOMING, "name"), required("name"), required("event"), ONE_OF,
    ),
    "create: incoming with an unknown key": (
        "create", {**INCOMING, "unknown": 1}, CLOSED, required("event"), ONE_OF,
    ),
    "create: outgoing with an unknown key": (
        "create", {**OUTGOING, "unknown": 1}, CLOSED, CLOSED, ONE_OF,
    ),
    "create: incoming with an event": (
        "create", {**INCOMING, "event": "sendMessage"}, CLOSED, OF_OUTGOING, ONE_OF,
    ),
    "create: a type nobody knows": (
        "create", {**INCOMING, "type": "bogus"}, OF_INCOMING, required("event"), ONE_OF,
    ),
    "create: enabled is no boolean": (
        "create", {**INCOMING, "enabled": "yes"}, "must be boolean", required("event"), ONE_OF,
    ),
    "create: enabled is the text 1": (
        "create", {**INCOMING, "enabled": "1"}, "must be boolean", required("event"), ONE_OF,
    ),
    "create: scriptEnabled is no boolean": (
        "create", {**INCOMING, "scriptEnabled": "x"},
        "must be boolean", required("event"), ONE_OF,
    ),
    "create: name is an object": (
        "create", {**INCOMING, "name": {}}, "must be string", required("event"), ONE_OF,
    ),
    "create: urls is no list": (
        "create", {**OUTGOING, "urls": "http://x"}, CLOSED, "must be array", ONE_OF,
    ),
    "create: a url is empty": ("create", {**OUTGOING, "urls": [""]}, CLOSED, NOT_EMPTY, ONE_OF),
    "create: a url is a list": (
        "create", {**OUTGOING, "urls": ["http://x", []]}, CLOSED, "must be string", ONE_OF,
    ),
    "create: a trigger word is empty": (
        "create", {**OUTGOING, "triggerWords": ["a", ""]}, CLOSED, NOT_EMPTY, ONE_OF,
    ),
    "create: retryCount is no number": (
        "create", {**OUTGOING, "retryCount": "many"}, CLOSED, "must be number", ONE_OF,
    ),
    "create: a list instead of an object": (
        "create", [], "must be object", "must be object", ONE_OF,
    ),
    "update: nothing at all": (
        "update", {}, required("integrationId"), required("type"), ONE_OF,
    ),
    "update: incoming without integrationId": (
        "update", INCOMING, required("integrationId"), required("event"), ONE_OF,
    ),
    "update: incoming without name": (
        "update", {**without(UPDATE_INCOMING, "name"), "username": "rocket.cat"},
        required("name"), required("event"), ONE_OF,
    ),
    "update: incoming with enabled that is no boolean": (
        "update", {**UPDATE_INCOMING, "enabled": "yes"},
        "must be boolean", required("username"), ONE_OF,
    ),
    "update: incoming with a script engine that is a list": (
        "update", {**UPDATE_INCOMING, "scriptEngine": []},
        "must be string", required("username"), ONE_OF,
    ),
    "update: outgoing with an unknown key": (
        "update", {**UPDATE_OUTGOING, "unknown": 1}, OF_INCOMING, CLOSED, ONE_OF,
    ),
    "update: outgoing without username": (
        "update", without(UPDATE_OUTGOING, "username"),
        OF_INCOMING, required("username"), ONE_OF,
    ),
    "remove: nothing at all": (
        "remove", {}, required("type"), required("type"), required("type"), ONE_OF,
    ),
    "remove: without ids": (
        "remove", {"type": "webhook-incoming"},
        required("integrationId"), required("target_url"), required("integrationId"), ONE_OF,
    ),
    "remove: a type nobody knows": (
        "remove", {"type": "invalid-type", "integrationId": "x"},
        OF_INCOMING, required("target_url"), OF_OUTGOING, ONE_OF,
    ),
    "clearHistory: nothing at all": ("clearHistory", {}, required("integrationId")),
    "clearHistory: an empty id": ("clearHistory", {"integrationId": ""}, NOT_EMPTY),
    "clearHistory: an unknown key": (
        "clearHistory", {"integrationId": "x", "unknown": 1}, CLOSED,
    ),
    "replayOutgoing: nothing at all": ("replayOutgoing", {}, required("integrationId")),
    "replayOutgoing: without historyId": (
        "replayOutgoing", {"integrationId": "x"}, required("historyId"),
    ),
    "replayOutgoing: an empty historyId": (
        "replayOutgoing", {"integrationId": "x", "historyId": ""}, NOT_EMPTY,
    ),
}  # fmt: skip

REFUSED_QUERIES = {
    "get: nothing at all": ("get", "", required("integrationId")),
    "get: a creator alone": ("get", "createdBy=x", required("integrationId")),
    "get: an id in brackets": ("get", "integrationId[a]=x", "must be string"),
    "history: nothing at all": ("history", "", required("id")),
    "history: an empty id": ("history", "id=", NOT_EMPTY),
    "history: a count that is no number": ("history", "id=x&count=abc", "must be number"),
    "history: an offset that is no number": ("history", "id=x&offset=abc", "must be number"),
    "history: an unknown key": ("history", "id=x&foo=0", CLOSED),
    "list: an unknown key": ("list", "foo=0", CLOSED),
    "list: a name in a list": ("list", "name[]=a", "must be string"),
    "list: a count in a list": ("list", "count[]=a", "must be number,string,null"),
}

TAKEN_QUERIES = {
    "get: an unknown key": ("get", "integrationId=nothing&foo=1"),
    "get: the id as a list of one": ("get", "integrationId[]=nothing"),
    "history: the id as a list of one": ("history", "id[]=nothing"),
    "history: a count of digits": ("history", "id=nothing&count=5&offset=1"),
    "history: the deprecated parameters": ("history", "id=nothing&query=%7B%7D&fields=%7B%7D"),
    "list: a count that is no number": ("list", "count=abc"),
    "list: the deprecated parameters": ("list", "query=%7B%7D&fields=%7B%7D"),
    "list: nothing but the question mark": ("list?", ""),
}


def send(client, endpoint, body, **more):
    method = "PUT" if endpoint == "update" else "POST"
    return client.call(method, f"integrations.{endpoint}", body, **more)


def rows_of(rows):
    return table({name: (row[0], row[1], row[2:]) for name, row in rows.items()})


@pytest.mark.parametrize("endpoint, body, messages", rows_of(REFUSED_BODIES))
def test_a_body_that_does_not_fit_is_refused_in_these_words(admin, endpoint, body, messages):
    assert send(admin, endpoint, body).said == invalid(*messages)


@pytest.mark.parametrize("endpoint, query, messages", rows_of(REFUSED_QUERIES))
def test_a_query_that_does_not_fit_is_refused_in_these_words(admin, endpoint, query, messages):
    assert admin.get(f"integrations.{endpoint}", query).said == invalid(*messages)


@pytest.mark.parametrize("endpoint, query", table(TAKEN_QUERIES))
def test_a_query_with_oddities_is_taken(admin, endpoint, query):
    answer = admin.get(f"integrations.{endpoint}", query)
    if endpoint == "get":
        assert answer.said == failure("The integration does not exists.")
    else:
        answer.ok()


@pytest.mark.parametrize("kind", ["webhook-incoming", "webhook-outgoing"])
def test_an_update_by_the_schema_needs_what_its_direction_needs(admin, kind):
    """Bodies that fit get as far as looking for the integration."""
    body = UPDATE_INCOMING if kind == "webhook-incoming" else UPDATE_OUTGOING
    assert send(admin, "update", body).said == failure("No integration found.")


def test_an_update_of_an_incoming_integration_tolerates_unknown_keys(admin):
    body = {**UPDATE_INCOMING, "unknown": 1, "username": {"any": "type"}}
    assert send(admin, "update", body).said == failure("No integration found.")


def test_a_type_that_only_contains_the_word_passes_the_schema_and_is_refused_later(admin):
    for body in INCOMING, OUTGOING:
        answer = send(admin, "create", {**body, "type": body["type"] + "-x"})
        assert answer.said == failure("Invalid integration type.")


@pytest.mark.parametrize(
    "content_type, body",
    table(
        {
            "broken JSON": ("application/json", b"{bad"),
            "a JSON number": ("application/json", b"5"),
            "a JSON text": ("application/json", b'"text"'),
            "JSON null": ("application/json", b"null"),
            "no body": ("application/json", b""),
            "JSON after JSON": ("application/json", b"{} {}"),
            "plain text": ("text/plain", b'{"type":"webhook-incoming"}'),
            "a multipart form": ("multipart/form-data; boundary=x", b"--x--\r\n"),
        }
    ),
)
def test_a_body_that_is_no_object_counts_as_an_empty_one(admin, content_type, body):
    answer = send(admin, "create", body, headers={"Content-Type": content_type})
    assert answer.said == invalid(required("type"), required("type"), ONE_OF)


def test_a_body_may_be_urlencoded_and_its_last_value_counts(admin):
    form = (
        b"type=webhook-incoming&username=rocket.cat&channel=%23general&scriptEnabled=false"
        b"&name=first&name=by+form&enabled=true"
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    document = send(admin, "create", form, headers=headers).ok()["integration"]
    assert (document["name"], document["channel"]) == ("by form", ["#general"])
    assert (document["enabled"], document["scriptEnabled"]) == (True, False)


def test_a_body_may_name_any_parameters_of_its_content_type(admin):
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert send(admin, "create", INCOMING, headers=headers).status == 200


# How a value is bent into the type that is asked for

BENT = {
    "a number becomes text": ("name", 5, "5"),
    "a fraction becomes text": ("name", 1.5, "1.5"),
    "a boolean becomes text": ("name", True, "true"),
    "null becomes the empty text where text must be": ("name", None, ""),
    "the text true becomes true": ("enabled", "true", True),
    "the text false becomes false": ("enabled", "false", False),
    "one becomes true": ("enabled", 1, True),
    "zero becomes false": ("enabled", 0, False),
    "null becomes false": ("enabled", None, False),
    "an empty list of words stays one": ("triggerWords", [], []),
    "a number in a list becomes text": ("triggerWords", [7], ["7"]),
    "an optional text stays empty": ("alias", "", ""),
}


@pytest.mark.parametrize("name, sent, kept", table(BENT))
def test_a_value_is_bent_into_its_type(admin, name, sent, kept):
    assert create(admin, OUTGOING, **{name: sent})[name] == kept


@pytest.mark.parametrize(
    "sent, kept",
    table({"digits": ("7", 7), "a fraction": ("2.9", 2), "hexadecimal": ("0x10", 16),
           "true": (True, 1), "blanks": (" 6", 6)}),
)  # fmt: skip
def test_text_becomes_a_number_where_a_number_must_be(admin, sent, kept):
    document = create(admin, OUTGOING, retryFailedCalls="true", retryCount=sent)
    assert (document["retryFailedCalls"], document["retryCount"]) == (True, kept)


@pytest.mark.parametrize("name", ["alias", "emoji", "script", "triggerWords", "retryDelay"])
def test_an_optional_null_is_taken_and_leaves_nothing_behind(admin, name):
    assert name not in create(admin, OUTGOING, **{name: None})


def test_an_empty_text_counts_as_null_where_text_cannot_be(admin):
    document = create(admin, OUTGOING, retryCount="", triggerWords="", impersonateUser="")
    assert not {"retryCount", "triggerWords", "impersonateUser"} & document.keys()


# The order in which properties are looked at

TEXT, FLAG, COUNT, LIST = "string", "boolean", "number", "array"

ORDER_CREATE_INCOMING = {
    "type": TEXT, "username": TEXT, "channel": TEXT, "scriptEnabled": FLAG, "skipTranspile": FLAG,
    "overrideDestinationChannelEnabled": FLAG, "script": TEXT, "name": TEXT, "enabled": FLAG,
    "alias": TEXT, "avatar": TEXT, "emoji": TEXT, "scriptEngine": TEXT,
}  # fmt: skip
ORDER_CREATE_OUTGOING = {
    "type": TEXT, "username": TEXT, "channel": TEXT, "event": TEXT, "targetRoom": TEXT,
    "urls": LIST, "triggerWords": LIST, "triggerWordAnywhere": FLAG, "token": TEXT,
    "scriptEnabled": FLAG, "skipTranspile": FLAG, "script": TEXT, "runOnEdits": FLAG,
    "retryFailedCalls": FLAG, "retryCount": COUNT, "retryDelay": TEXT, "impersonateUser": FLAG,
    "name": TEXT, "enabled": FLAG, "alias": TEXT, "avatar": TEXT, "emoji": TEXT,
    "scriptEngine": TEXT,
}  # fmt: skip
ORDER_UPDATE_INCOMING = {
    "type": TEXT, "integrationId": TEXT, "channel": TEXT, "scriptEnabled": FLAG,
    "skipTranspile": FLAG, "scriptEngine": TEXT, "overrideDestinationChannelEnabled": FLAG,
    "script": TEXT, "name": TEXT, "enabled": FLAG, "alias": TEXT, "avatar": TEXT, "emoji": TEXT,
}  # fmt: skip
ORDER_UPDATE_OUTGOING = {
    "type": TEXT, "integrationId": TEXT, "target_url": TEXT, "username": TEXT, "channel": TEXT,
    "event": TEXT, "targetRoom": TEXT, "urls": LIST, "triggerWords": LIST,
    "triggerWordAnywhere": FLAG, "token": TEXT, "scriptEnabled": FLAG, "skipTranspile": FLAG,
    "scriptEngine": TEXT, "script": TEXT, "runOnEdits": FLAG, "retryFailedCalls": FLAG,
    "retryCount": COUNT, "retryDelay": TEXT, "impersonateUser": FLAG, "name": TEXT,
    "enabled": FLAG, "alias": TEXT, "avatar": TEXT, "emoji": TEXT,
}  # fmt: skip

VALID = {TEXT: "#x", FLAG: True, COUNT: 1, LIST: ["x"]}


def wrong_from(order, first, direction):
    """A body that is right before the property `first` and wrong from there on."""
    names = list(order)
    at = names.index(first)
    body = {name: VALID[order[name]] for name in names[:at]}
    body.update({name: {} for name in names[at:]})
    if at > 0:
        body["type"] = f"webhook-{direction}"
    return body


def each(order):
    return pytest.mark.parametrize("name", list(order))


@each(ORDER_CREATE_INCOMING)
def test_create_looks_at_an_incoming_body_in_this_order(admin, name):
    body = wrong_from(ORDER_CREATE_INCOMING, name, "incoming")
    message = f"must be {ORDER_CREATE_INCOMING[name]}"
    assert send(admin, "create", body).said == invalid(message, required("event"), ONE_OF)


@each(ORDER_CREATE_OUTGOING)
def test_create_looks_at_an_outgoing_body_in_this_order(admin, name):
    body = wrong_from(ORDER_CREATE_OUTGOING, name, "outgoing")
    message = f"must be {ORDER_CREATE_OUTGOING[name]}"
    assert send(admin, "create", body).said == invalid(CLOSED, message, ONE_OF)


@each(ORDER_UPDATE_INCOMING)
def test_update_looks_at_an_incoming_body_in_this_order(admin, name):
    body = wrong_from(ORDER_UPDATE_INCOMING, name, "incoming")
    message = f"must be {ORDER_UPDATE_INCOMING[name]}"
    assert send(admin, "update", body).said == invalid(message, required("username"), ONE_OF)


@each(ORDER_UPDATE_OUTGOING)
def test_update_looks_at_an_outgoing_body_in_this_order(admin, name):
    body = wrong_from(ORDER_UPDATE_OUTGOING, name, "outgoing")
    other = "must be string" if name == "type" else OF_INCOMING
    message = f"must be {ORDER_UPDATE_OUTGOING[name]}"
    assert send(admin, "update", body).said == invalid(other, message, ONE_OF)
