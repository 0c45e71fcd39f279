"""Reading integrations: one, a page of them, and the history of their calls."""

import json
import sqlite3
import time
from contextlib import closing

import pytest

from harness.bodies import NO_PERMISSION, NOBODY, SUCCESS, failure, thrown
from harness.integrations import (
    ALL_FOUR,
    ANY,
    INCOMING,
    OUTGOING,
    OWN,
    create,
    create_named,
    remove,
    update,
)
from harness.people import add_client, permissions, settings
from harness.table import table

BODIES = {"incoming": INCOMING, "outgoing": OUTGOING}
MISSING = failure("The integration does not exists.")


# integrations.get


def get(client, document, **more):
    return client.get("integrations.get", {"integrationId": document["_id"], **more})


def test_get_without_headers_is_for_nobody(nobody):
    assert nobody.get("integrations.get", "integrationId=x").said == NOBODY


@pytest.mark.parametrize(
    "query", ["integrationId=", "integrationId", "integrationId=&createdBy=x"]
)
def test_get_needs_an_id_that_is_not_empty(admin, query):
    assert admin.get("integrations.get", query).said == failure(
        'The query parameter "integrationId" is required.'
    )


def test_get_of_an_unknown_id_says_so_also_to_whoever_may_not(admin, user):
    for client in admin, user:
        assert client.get("integrations.get", "integrationId=nothing").said == MISSING


def test_get_shows_the_whole_document_with_token_and_script(admin):
    document = create(admin, INCOMING, script="a script")
    assert get(admin, document).ok() == {"integration": document, "success": True}
    assert document["token"] and document["script"] == "a script"


def test_get_can_ask_for_a_creator(admin, user):
    document = create(admin, INCOMING)
    assert get(admin, document, createdBy=admin.user_id).status == 200
    assert get(admin, document, createdBy=user.user_id).said == MISSING
    assert get(user, document, createdBy=user.user_id).said == MISSING


def test_an_empty_creator_asks_for_nobody_in_particular(admin):
    assert get(admin, create(admin, INCOMING), createdBy="").status == 200


def test_get_answers_differently_at_once_after_a_change(admin):
    document = create(admin, INCOMING)
    for name in "first", "second":
        update(admin, document, name=name)
        assert get(admin, document).ok()["integration"]["name"] == name
    remove(admin, document)
    assert get(admin, document).said == MISSING


@pytest.mark.parametrize("direction", BODIES)
@pytest.mark.parametrize("held", [*ALL_FOUR, "nothing"])
@pytest.mark.parametrize("creator", ["mine", "theirs"])
def test_get_is_allowed_by_the_permissions_of_the_direction(admin, user, direction, held, creator):
    with permissions(admin, {p: ["admin", "user"] for p in (ANY[direction], OWN[direction])}):
        document = create_named({"mine": user, "theirs": admin}[creator], BODIES[direction])
    with permissions(admin, {p: ["user"] if p == held else [] for p in ALL_FOUR}):
        answer = get(user, document)
    allowed = held == ANY[direction] or (held == OWN[direction] and creator == "mine")
    assert answer.said[0] == 200 if allowed else answer.said == failure("not-authorized")


# integrations.list


@pytest.fixture(scope="module")
def shelf(admin, user):
    """Some of each kind, in the order in which they were made: {name: document}."""
    with permissions(admin, {p: ["admin", "user"] for p in ALL_FOUR}):
        makers = [(admin, INCOMING), (user, OUTGOING), (user, INCOMING), (admin, OUTGOING)]
        made = [create_named(client, body, "shelf") for client, body in makers * 3]
    return {document["name"]: document for document in made}


def names(answer):
    return [document["name"] for document in answer.ok()["integrations"]]


def test_list_has_its_members_in_the_documented_order(admin, shelf):
    document = admin.get("integrations.list", "name=shelf&count=2").ok()
    assert list(document) == ["integrations", "offset", "items", "count", "total", "success"]
    numbers = [document[name] for name in ("offset", "items", "count", "total")]
    assert numbers == [0, 2, 2, len(shelf)]


def test_list_shows_whole_documents_in_the_order_they_were_made(admin, shelf):
    listed = admin.get("integrations.list", "name=shelf").ok()["integrations"]
    assert listed == list(shelf.values())


def test_list_keeps_that_order_after_an_update(admin, shelf):
    first = next(iter(shelf.values()))
    update(admin, first)
    assert names(admin.get("integrations.list", "name=shelf")) == list(shelf)


@pytest.mark.parametrize("count", [1, 5, 12, 40])
@pytest.mark.parametrize("sort", ["", '{"type":1}', '{"type":-1}', '{"userId":1,"name":-1}'])
def test_pages_put_together_are_the_whole_list(admin, shelf, count, sort):
    seen = []
    for offset in range(0, len(shelf), count):
        query = {"name": "shelf", "count": str(count), "offset": str(offset), "sort": sort}
        page = admin.get("integrations.list", query)
        assert page.ok()["total"] == len(shelf)
        assert page.ok()["offset"] == offset
        seen += names(page)
    assert sorted(seen) == sorted(shelf)
    if sort == "":
        assert seen == list(shelf)


SORTS = {
    '{"name":1}': lambda made: sorted(made),
    '{"name":-1}': lambda made: sorted(made, reverse=True),
    '{"_createdAt":1}': list,
    '{"ts":-1}': list,
    "{}": list,
}


@pytest.mark.parametrize("sort", SORTS)
def test_list_sorts_as_asked(admin, shelf, sort):
    answer = admin.get("integrations.list", {"name": "shelf", "sort": sort})
    assert names(answer) == SORTS[sort](list(shelf))


@pytest.mark.parametrize("sort", ["x", "[]", "1", '{"name":2}', '{"name":"1"}', '{"name":true}'])
@pytest.mark.parametrize("query", ["integrations.list", "integrations.history"])
def test_a_sort_that_is_none_is_refused(admin, query, sort):
    more = {"id": "x"} if query.endswith("history") else {}
    assert admin.get(query, {"sort": sort, **more}).said == thrown(
        "error-invalid-sort",
        f'Invalid sort parameter provided: "{sort}"',
        helperMethod="parseJsonQuery",
    )


def test_list_finds_names_by_a_part_in_any_case(admin):
    marks = ["Per%Cent", "under_score", "back\\slash", "dot.star*", "(paren[", "Ünïcode"]
    for mark in marks:
        create(admin, INCOMING, name=f"find {mark} me")
    for mark in marks:
        found = names(admin.get("integrations.list", {"name": mark + " ME"}))
        assert found == [f"find {mark} me"]


@pytest.mark.parametrize("kind", ["webhook-incoming", "webhook-outgoing", "bogus"])
def test_list_can_ask_for_a_type(admin, shelf, kind):
    expected = [name for name, document in shelf.items() if document["type"] == kind]
    query = {"name": "shelf", "type": kind}
    assert names(admin.get("integrations.list", query)) == expected
    assert admin.get("integrations.list", query).ok()["total"] == len(expected)


PAGES = {
    "nothing said": ({}, 50),
    "a count": ({"count": "7"}, 7),
    "more than the limit": ({"count": "1000"}, 100),
    "all of them": ({"count": "0"}, 120),
    "an empty count": ({"count": ""}, 120),
    "a count with a tail": ({"count": "10abc"}, 10),
    "no number": ({"count": "abc"}, 50),
    "fewer than none": ({"count": "-5"}, 50),
    "an offset": ({"offset": "115"}, 5),
    "an offset that is no number": ({"offset": "abc", "count": "3"}, 3),
    "a negative offset": ({"offset": "-3", "count": "3"}, 3),
    "behind the end": ({"offset": "500"}, 0),
}


@pytest.fixture(scope="module")
def crowd(admin):
    for _ in range(120):
        create_named(admin, INCOMING, "crowd")


@pytest.mark.parametrize("query, expected", table(PAGES))
def test_a_page_is_as_long_as_asked_within_the_limits(admin, crowd, query, expected):
    document = admin.get("integrations.list", {"name": "crowd", **query}).ok()
    assert len(document["integrations"]) == document["count"] == document["items"] == expected
    assert document["total"] == 120


def test_the_limits_of_pages_are_settings(admin, crowd):
    limits = {"API_Default_Count": 20, "API_Upper_Count_Limit": 30}
    with settings(admin, {**limits, "API_Allow_Infinite_Count": False}):
        for count, expected in ("", 20), ("0", 20), ("25", 25), ("500", 30):
            query = {"name": "crowd", "count": count}
            assert admin.get("integrations.list", query).ok()["count"] == expected


@pytest.mark.parametrize("held", [{p} for p in ALL_FOUR] + [
    {OWN["incoming"], OWN["outgoing"]},
    {OWN["incoming"], OWN["outgoing"], ANY["incoming"]},
    {OWN["incoming"], OWN["outgoing"], ANY["outgoing"]},
    set(ALL_FOUR),
], ids=lambda held: "+".join(sorted(held)))  # fmt: skip
def test_list_shows_the_union_of_what_one_may_manage(admin, user, shelf, held):
    def visible(document):
        direction = document["type"].removeprefix("webhook-")
        mine = document["_createdBy"]["_id"] == user.user_id
        return ANY[direction] in held or (mine and OWN[direction] in held)

    with permissions(admin, {p: ["user"] if p in held else [] for p in ALL_FOUR}):
        answer = user.get("integrations.list", "name=shelf")
    expected = [name for name, document in shelf.items() if visible(document)]
    assert names(answer) == expected
    assert answer.ok()["total"] == len(expected)


def test_a_query_cannot_widen_what_one_may_see(admin, user, shelf):
    theirs = json.dumps({"_createdBy._id": admin.user_id})
    with permissions(admin, {OWN["incoming"]: ["user"]}):
        answer = user.get("integrations.list", {"name": "shelf", "query": theirs})
    creators = {d["_createdBy"]["_id"] for d in answer.ok()["integrations"]}
    assert creators <= {user.user_id}


# Who may call what

FOR_MANAGERS = {
    "list": ("GET", "integrations.list", None, ALL_FOUR),
    "remove": ("POST", "integrations.remove", {"type": "webhook-incoming"}, ALL_FOUR),
    "history": ("GET", "integrations.history?id=x", None, [ANY["outgoing"], OWN["outgoing"]]),
}


@pytest.mark.parametrize("method, path, body, allowed", table(FOR_MANAGERS))
@pytest.mark.parametrize("held", [*ALL_FOUR, "nothing"])
def test_the_declared_permissions_come_before_the_parameters(
    admin, user, method, path, body, allowed, held
):
    with permissions(admin, {p: ["user"] if p == held else [] for p in ALL_FOUR}):
        answer = user.call(method, path, body)
    if held in allowed:
        assert answer.status != 403
    else:
        assert answer.said == NO_PERMISSION


ALL_EIGHT = {
    "create": "POST", "get": "GET", "list": "GET", "update": "PUT", "remove": "POST",
    "history": "GET", "clearHistory": "POST", "replayOutgoing": "POST",
}  # fmt: skip


@pytest.mark.parametrize("endpoint, method", list(ALL_EIGHT.items()))
def test_nobody_may_call_anything(nobody, endpoint, method):
    answer = nobody.call(method, f"integrations.{endpoint}", None if method == "GET" else {})
    assert answer.said == NOBODY


@pytest.mark.parametrize("endpoint, method", list(ALL_EIGHT.items()))
def test_every_answer_has_the_headers_of_the_api(admin, nobody, endpoint, method):
    for client in admin, nobody:
        answer = client.call(method, f"integrations.{endpoint}", None if method == "GET" else {})
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Pragma"] == "no-cache"
        assert "X-Powered-By" not in answer.headers


# History. Calls are made by another part of the server; here their records are put into the
# database by hand, while no server runs.


def add_history(server, document, number, data=None, **more):
    entry_id = f"history-{document['_id']}-{number}"
    doc = {
        "type": "outgoing-webhook",
        "step": "start-handle-payload",
        "integration": {"_id": document["_id"], "_createdBy": document["_createdBy"]},
        "event": "sendMessage",
        **more,
    }
    now = int(time.time() * 1000) - 1000
    with closing(sqlite3.connect(server.folder / "gantry.db")) as db, db:
        db.execute(
            "INSERT INTO outgoing_histories (integration_id, creator_id, stored_from, shown_from,"
            " last_number, bytes, oldest_ms) VALUES (?, ?, 1, 1, 0, 0, ?)"
            " ON CONFLICT (integration_id) DO NOTHING",
            (document["_id"], document["_createdBy"]["_id"], now),
        )
        db.execute(
            "UPDATE outgoing_histories SET last_number = last_number + 1 WHERE integration_id = ?",
            (document["_id"],),
        )
        db.execute(
            "INSERT INTO outgoing_history (id, history_seq, number, created_ms, updated_ms, bytes,"
            " data, doc) SELECT ?, seq, last_number, ?, ?, 0, ?, ? FROM outgoing_histories"
            " WHERE integration_id = ?",
            (
                entry_id,
                now + number,
                now + number,
                None if data is None else json.dumps(data),
                json.dumps(doc)[1:-1],
                document["_id"],
            ),
        )
    return entry_id


class History:
    """A server with two outgoing integrations, one of each of two people, and one incoming."""

    def __init__(self, server):
        server.start()
        self.admin = server.admin()
        self.user = add_client(self.admin)
        with permissions(self.admin, {p: ["admin", "user"] for p in ALL_FOUR}):
            self.theirs = create(self.admin, OUTGOING)
            self.mine = create(self.user, OUTGOING)
            self.off = create(self.admin, OUTGOING, enabled=False)
            self.incoming = create(self.admin, INCOMING)
        server.stop()
        self.entries = [add_history(server, self.theirs, n) for n in range(1, 6)]
        self.own_entry = add_history(server, self.mine, 1)
        self.without_data = add_history(server, self.theirs, 9, url="http://127.0.0.1:9")
        self.never_left = add_history(server, self.theirs, 10, data={})
        self.of_off = add_history(server, self.off, 1, data={}, url="http://127.0.0.1:9")
        self.of_incoming = add_history(server, self.incoming, 1, data={})
        server.start()
        self.admin = self.admin.at(server.address)
        self.user = self.user.at(server.address)

    def ids(self, client, document, **query):
        answer = client.get("integrations.history", {"id": document["_id"], **query}).ok()
        return [entry["_id"] for entry in answer["history"]]


@pytest.fixture
def history(new_server):
    return History(new_server())


def test_history_is_newest_first_and_comes_in_pages(history):
    all_ids = [history.never_left, history.without_data, *reversed(history.entries)]
    assert history.ids(history.admin, history.theirs) == all_ids
    assert history.ids(history.admin, history.theirs, count="2", offset="1") == all_ids[1:3]
    answer = history.admin.get(
        "integrations.history", {"id": history.theirs["_id"], "count": "3", "offset": "1"}
    ).ok()
    assert list(answer) == ["history", "offset", "items", "count", "total", "success"]
    assert [answer[n] for n in ("offset", "items", "count", "total")] == [1, 3, 3, 7]


def test_history_of_own_integrations_only_is_narrowed(history):
    with permissions(history.admin, {OWN["outgoing"]: ["user"]}):
        assert history.ids(history.user, history.mine) == [history.own_entry]
        assert history.ids(history.user, history.theirs) == []


@pytest.mark.parametrize("wanted", ["nothing", "an incoming one"])
def test_history_of_what_has_none_is_empty(admin, wanted):
    document = {"_id": "nothing"} if wanted == "nothing" else create(admin, INCOMING)
    assert admin.get("integrations.history", {"id": document["_id"]}).said == (
        200,
        b'{"history":[],"offset":0,"items":0,"count":0,"total":0,"success":true}',
    )


def test_a_blank_id_has_no_history(admin):
    answer = admin.get("integrations.history", {"id": "  "})
    assert answer.said == failure("Invalid integration id.")


def test_clearing_history_forgets_one_integration_and_no_other(history):
    body = {"integrationId": history.theirs["_id"]}
    assert history.admin.post("integrations.clearHistory", body).said == SUCCESS
    assert history.ids(history.admin, history.theirs) == []
    assert history.ids(history.admin, history.mine) == [history.own_entry]


def test_removing_an_integration_forgets_its_history(history):
    remove(history.admin, history.theirs).ok()
    assert history.ids(history.admin, history.theirs) == []
    assert history.ids(history.admin, history.mine) == [history.own_entry]


CLEARING = {"method": "clearIntegrationHistory"}
REPLAYING = {"method": "replayOutgoingIntegration"}


def test_clearing_history_is_refused(history):
    def clear(client, document):
        return client.post("integrations.clearHistory", {"integrationId": document["_id"]}).said

    unauthorized = thrown("not_authorized", "Unauthorized", **CLEARING)
    invalid = thrown("error-invalid-integration", "Invalid integration", **CLEARING)
    assert clear(history.user, history.mine) == unauthorized
    assert clear(history.admin, {"_id": "nothing"}) == invalid
    with permissions(history.admin, {OWN["outgoing"]: ["user"]}):
        assert clear(history.user, history.theirs) == invalid
        assert clear(history.user, history.mine) == SUCCESS


def test_a_replay_is_refused_or_does_nothing(history):
    def replay(client, integration, entry):
        body = {"integrationId": integration["_id"], "historyId": entry}
        return client.post("integrations.replayOutgoing", body).said

    admin, theirs, first = history.admin, history.theirs, history.entries[0]
    invalid = thrown("error-invalid-integration", "Invalid integration", **REPLAYING)
    no_entry = thrown("error-invalid-integration-history", "Invalid Integration History",
                      **REPLAYING)  # fmt: skip
    assert replay(history.user, theirs, first) == thrown(
        "not_authorized", "Unauthorized", **REPLAYING
    )
    assert replay(admin, {"_id": "nothing"}, first) == invalid
    assert replay(admin, theirs, "nothing") == no_entry
    assert replay(admin, theirs, history.own_entry) == no_entry
    assert replay(admin, history.incoming, history.of_incoming) == thrown(
        "integration-type-must-be-outgoing",
        "The integration type to replay must be an outgoing webhook.",
        **REPLAYING,
    )
    assert replay(admin, theirs, history.without_data) == thrown(
        "history-data-must-be-defined",
        "The history data must be defined to replay an integration.",
        **REPLAYING,
    )
    assert replay(admin, theirs, history.never_left) == SUCCESS
    assert replay(admin, history.off, history.of_off) == SUCCESS
    with permissions(admin, {OWN["outgoing"]: ["user"]}):
        assert replay(history.user, theirs, first) == invalid


def test_every_change_leaves_a_line_in_the_log(new_server):
    server = new_server().start()
    admin = server.admin()
    document = create(admin, INCOMING, script="a secret script")
    update(admin, document)
    remove(admin, document).ok()
    server.stop()
    audit = [line for line in server.log if "event=audit" in line and document["_id"] in line]
    actions = ["integrations.create", "integrations.update", "integrations.remove"]
    for line, action in zip(audit, actions, strict=True):
        assert action in line and admin.user_id in line
    assert document["token"] not in server.said()
    assert "a secret script" not in server.said()


