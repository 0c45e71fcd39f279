"""GET /ext/v1/events: what happens, to those who may know it, once each and in order; and what a
reader who comes again is told."""

import socket
import threading

import pytest

from harness.bodies import NOBODY
from harness.hooks import call, hook_in_room
from harness.integrations import ALL_FOUR, ANY, OWN
from harness.outgoing import ALLOW, entries, say, watching
from harness.people import add_client, new_name, permissions, set_setting, settings
from harness.receiver import Receiver
from harness.rooms import invite, make
from harness.stream import Stream
from harness.waiting import eventually

SETTINGS = {"GANTRY_EVENTS_HEARTBEAT": "200ms", **ALLOW}

HISTORY = "integration-history"
LARGE = "x" * 100_000


def post(client, room, text):
    body = {"message": {"rid": room["_id"], "msg": text}}
    return client.post("chat.sendMessage", body).ok()["message"]


def text_of(event):
    return event.data["message"]["msg"]


@pytest.fixture
def room(admin):
    return make(admin, "channels")


def open_stream(client, **query):
    stream = Stream(client, **query)
    stream.begin()
    return stream


def mark(writer, stream, room):
    """A message that everybody in the room sees, to know that nothing else came before it."""
    text = new_name("mark")
    post(writer, room, text)
    events = [stream.next()]
    while events[-1].name != "message" or text_of(events[-1]) != text:
        events.append(stream.next())
    return events[:-1]


# The stream


def test_a_stream_begins_with_who_reads_and_where_it_stands(admin):
    with Stream(admin) as stream:
        status, headers = stream.head()
        assert status == 200
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert headers["cache-control"] == "no-store"
        assert headers["x-accel-buffering"] == "no"
        assert headers["connection"] == "close"
        assert "content-length" not in headers
        assert stream.block().retry == "3000"
        ready = stream.next()
        assert ready.name == "ready"
        assert ready.data == {"userId": admin.user_id, "lastEventId": ready.id}
        assert ready.id.isdecimal()


def test_a_message_arrives_as_the_api_answers_it(admin, room):
    with open_stream(admin) as stream:
        sent = post(admin, room, "hello")
        event = stream.next()
        assert event.name == "message"
        assert event.data == {"rid": room["_id"], "message": sent}


def test_edits_and_deletions_are_told(admin, room):
    with open_stream(admin, rooms=room["_id"]) as stream:
        sent = post(admin, room, "first")
        admin.post(
            "chat.update", {"roomId": room["_id"], "msgId": sent["_id"], "text": "second"}
        ).ok()
        admin.post("chat.delete", {"roomId": room["_id"], "msgId": sent["_id"]}).ok()
        events = [stream.next() for _ in range(3)]
        assert [e.name for e in events] == ["message", "message-updated", "message-deleted"]
        assert text_of(events[1]) == "second"
        assert events[2].data == {"rid": room["_id"], "_id": sent["_id"]}


def test_numbers_rise_and_the_order_is_that_of_the_room(admin, room):
    with open_stream(admin, rooms=room["_id"]) as stream:
        for i in range(50):
            post(admin, room, str(i))
        events = [stream.next() for _ in range(50)]
        assert [text_of(e) for e in events] == [str(i) for i in range(50)]
        numbers = [int(e.id) for e in events]
        assert numbers == sorted(set(numbers))


@pytest.mark.concurrent
def test_several_readers_get_the_same_events(admin, room):
    streams = [open_stream(admin, rooms=room["_id"]) for _ in range(8)]
    writers = [threading.Thread(target=post, args=(admin.another(), room, str(i))) for i in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    heard = [[stream.next() for _ in range(8)] for stream in streams]
    assert sorted(text_of(e) for e in heard[0]) == [str(i) for i in range(8)]
    assert all([(e.id, e.text) for e in h] == [(e.id, e.text) for e in heard[0]] for h in heard)
    for stream in streams:
        stream.close()


def test_silence_is_broken_by_comments(admin):
    with open_stream(admin) as stream:
        assert stream.block().comments == ["ping"]
        assert stream.block().comments == ["ping"]


def test_a_comment_tells_the_place_when_others_were_spoken_to(admin, user, room):
    with open_stream(user, rooms="GENERAL") as stream:
        begun = stream.events[-1].id
        post(admin, room, "not for him")
        block = stream.block()
        while block.id is None:
            block = stream.block()
        assert int(block.id) > int(begun) and not block.name


def test_who_asks_for_the_head_gets_no_stream(admin):
    with Stream(admin, method="HEAD") as stream:
        assert stream.head()[0] == 200
        assert stream.rest() == []


# What one asks for


def test_types_choose_what_is_told(admin, room):
    with open_stream(admin, rooms=room["_id"], types="message-deleted,message") as stream:
        sent = post(admin, room, "first")
        body = {"roomId": room["_id"], "msgId": sent["_id"]}
        admin.post("chat.update", {**body, "text": "second"}).ok()
        admin.post("chat.delete", body).ok()
        assert [stream.next().name for _ in range(2)] == ["message", "message-deleted"]


def test_rooms_are_named_by_id_or_by_name(admin, room):
    other = make(admin, "channels")
    for names in (room["_id"], "#" + room["name"], f"{other['_id']}, #{room['name']}"):
        with open_stream(admin, rooms=names) as stream:
            assert mark(admin, stream, room) == []


def test_without_rooms_one_hears_of_those_one_is_in(admin, user, room):
    other = make(admin, "channels")
    invite(admin, "channels", room, user)
    with open_stream(user) as stream:
        post(admin, other, "not for him, though he could read it")
        assert mark(admin, stream, room) == []


@pytest.mark.parametrize(
    "query",
    [{"types": "message,nonsense"}, {"types": "ready"}, {"rooms": "a,,b"}, {"types": ","},
     {"rooms": ",".join("r" * 101)}],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(admin, query):
    status, document = Stream(admin, **query).refused()
    assert (status, document["success"]) == (400, False)
    (parameter,) = query
    assert document["error"].startswith(f"{parameter}: ")
    assert document["error"].endswith("[error-invalid-params]")


def test_a_browser_says_in_the_query_who_it_is(admin, room):
    with open_stream(admin, by_query=True, rooms=room["_id"]) as stream:
        assert mark(admin, stream, room) == []


def test_nobody_hears_nothing(nobody):
    status, document = Stream(nobody).refused()
    assert status == 401
    answer = nobody.get("/ext/v1/events")
    assert answer.said == NOBODY and answer.json() == document


# Who may know


FORBIDDEN = (403, {"success": False, "error": "unauthorized"})


def test_a_room_that_one_may_not_read_is_refused(admin, user, room):
    group = make(admin, "groups")
    assert Stream(user, rooms=group["_id"]).refused() == FORBIDDEN
    assert Stream(user, rooms="no-such-room").refused() == FORBIDDEN
    with open_stream(user, rooms=room["_id"]) as stream:
        assert mark(admin, stream, room) == []


def test_who_leaves_a_room_hears_no_more_of_it(admin):
    guest = add_client(admin)
    group, home = make(admin, "groups"), make(admin, "groups")
    for place in (group, home):
        invite(admin, "groups", place, guest)
    with open_stream(guest) as stream:
        assert mark(admin, stream, group) == []
        admin.post("groups.kick", {"roomId": group["_id"], "userId": guest.user_id}).ok()
        post(admin, group, "behind his back")
        seen = [e.data["rid"] for e in mark(admin, stream, home)]
        assert group["_id"] not in seen


def test_who_comes_into_a_room_hears_of_it_from_then_on(admin):
    guest, group = add_client(admin), make(admin, "groups")
    with open_stream(guest, types="message") as stream:
        post(admin, group, "before him")
        invite(admin, "groups", group, guest)
        seen = mark(admin, stream, group)
        assert [e.data["message"].get("t") for e in seen] in ([], ["au"])


def test_a_role_that_is_taken_away_silences(admin):
    guest, room = add_client(admin), make(admin, "channels")
    with open_stream(guest, rooms=room["_id"]) as stream:
        assert mark(admin, stream, room) == []
        with permissions(admin, {"view-c-room": ["admin"]}):
            post(admin, room, "not for him")
        assert mark(admin, stream, room) == []


def test_a_room_that_becomes_private_falls_silent_for_strangers(admin):
    guest, room, other = add_client(admin), make(admin, "channels"), make(admin, "channels")
    with open_stream(guest, rooms=f"{room['_id']},{other['_id']}", types="message") as stream:
        assert mark(admin, stream, room) == []
        admin.post("channels.setType", {"roomId": room["_id"], "type": "p"}).ok()
        post(admin, room, "among ourselves")
        assert room["_id"] not in [e.data["rid"] for e in mark(admin, stream, other)]


@pytest.mark.concurrent
def test_nothing_that_is_said_after_one_was_thrown_out_is_heard(admin):
    guest, group, home = add_client(admin), make(admin, "groups"), make(admin, "groups")
    for place in (group, home):
        invite(admin, "groups", place, guest)
    begun, ended, said = threading.Event(), threading.Event(), []

    def talk(client):
        while not ended.is_set():
            said.append(post(client, group, str(len(said)))["msg"])
            if len(said) > 20:
                begun.set()

    with open_stream(guest, types="message") as stream:
        talker = threading.Thread(target=talk, args=(admin.another(),))
        talker.start()
        begun.wait()
        admin.post("groups.kick", {"roomId": group["_id"], "userId": guest.user_id}).ok()
        known = len(said)
        eventually(lambda: len(said) > known + 20, "the talk to go on")
        ended.set()
        talker.join()
        heard = [text_of(e) for e in mark(admin, stream, home) if e.data["rid"] == group["_id"]]
    heard = [text for text in heard if text in said]
    assert heard == said[: len(heard)]
    assert 20 <= len(heard) <= known + 1  # one may have been said at the same time


def test_a_token_that_is_revoked_ends_the_stream(admin):
    guest = add_client(admin)
    with open_stream(guest) as stream, open_stream(admin) as other:
        assert guest.post("logout").status == 200
        assert stream.rest() == []
        assert other.block().comments == ["ping"]


def test_an_account_that_is_switched_off_ends_the_stream(admin):
    guest = add_client(admin)
    with open_stream(guest) as stream:
        admin.post("users.setActiveStatus", {"userId": guest.user_id, "activeStatus": False}).ok()
        assert stream.rest() == []


# The history of integrations


def test_a_call_to_a_hook_is_told_to_those_who_manage_it(admin, nobody):
    hook, _ = hook_in_room(admin)
    with open_stream(admin, types=HISTORY) as stream:
        call(nobody, hook, {"text": "x"}).ok()
        event = stream.next()
        assert event.name == HISTORY
        assert (event.data["action"], event.data["integrationId"]) == ("inserted", hook["_id"])
        listed = admin.get("/ext/v1/hooks.history", {"id": hook["_id"]}).ok()["history"]
        assert event.data["data"] == listed[0]


def test_a_cleared_history_is_told(admin, nobody):
    hook, _ = hook_in_room(admin)
    with open_stream(admin, types=HISTORY, integrations=hook["_id"]) as stream:
        call(nobody, hook, {"text": "x"}).ok()
        assert stream.next().data["action"] == "inserted"
        admin.post("/ext/v1/hooks.clearHistory", {"integrationId": hook["_id"]}).ok()
        assert stream.next().data == {"action": "removed", "integrationId": hook["_id"]}


def test_integrations_choose_whose_calls_are_told(admin, nobody):
    one, _ = hook_in_room(admin)
    other, _ = hook_in_room(admin)
    with open_stream(admin, types=HISTORY, integrations=f"{other['_id']},{one['_id']}") as both:
        with open_stream(admin, types=HISTORY, integrations=one["_id"]) as stream:
            call(nobody, other, {"text": "x"}).ok()
            assert both.next().data["integrationId"] == other["_id"]
            call(nobody, one, {"text": "x"}).ok()
            assert stream.next().data["integrationId"] == one["_id"]


def test_who_manages_no_integrations_is_refused(admin, user):
    hook, _ = hook_in_room(admin)
    with permissions(admin, {permission: ["admin"] for permission in ALL_FOUR}):
        assert Stream(user, types=HISTORY).refused() == FORBIDDEN
        assert Stream(user, types=HISTORY, integrations=hook["_id"]).refused() == FORBIDDEN


def test_who_manages_his_own_hears_of_his_own(admin, nobody):
    owner = add_client(admin)
    theirs, _ = hook_in_room(admin)
    with permissions(admin, {OWN["incoming"]: ["admin", "user"], ANY["incoming"]: ["admin"]}):
        own, _ = hook_in_room(owner)
        assert Stream(owner, types=HISTORY, integrations=theirs["_id"]).refused() == FORBIDDEN
        with open_stream(owner, types=HISTORY, integrations="*") as stream:
            call(nobody, theirs, {"text": "x"}).ok()
            call(nobody, own, {"text": "x"}).ok()
            assert stream.next().data["integrationId"] == own["_id"]
            call(nobody, own, {"text": "y"}).ok()
            assert stream.next().data["integrationId"] == own["_id"]


def test_an_outgoing_call_is_told_from_its_begin_to_its_end(admin):
    receiver = Receiver()
    integration, room = watching(admin, receiver)
    with open_stream(admin, types=HISTORY, integrations=integration["_id"]) as stream:
        say(admin, room)
        begun = stream.next().data
        assert (begun["action"], begun["integrationId"]) == ("inserted", integration["_id"])
        entry = begun["data"]
        while not entry.get("finished"):
            change = stream.next().data
            assert (change["action"], change["id"]) == ("updated", entry["_id"])
            assert not {"_id", "data", "integration", "_createdAt"} & set(change["diff"])
            entry.update(change["diff"])
    (listed,) = entries(admin, integration)
    assert (entry["step"], entry["url"]) == (listed["step"], receiver.url)
    receiver.close()


# Coming again


def test_who_comes_again_gets_what_he_has_missed(admin, room):
    with open_stream(admin, rooms=room["_id"]) as stream:
        for text in ("one", "two"):
            post(admin, room, text)
        seen = [stream.next() for _ in range(2)]
    post(admin, room, "missed")
    with open_stream(admin, last=seen[0].id, rooms=room["_id"]) as stream:
        assert [text_of(stream.next()) for _ in range(2)] == ["two", "missed"]
        assert mark(admin, stream, room) == []
    with open_stream(admin, lastEventId=seen[1].id, rooms=room["_id"]) as stream:
        assert text_of(stream.next()) == "missed"


def test_what_was_missed_is_shown_by_the_rights_of_now(admin):
    guest, group, home = add_client(admin), make(admin, "groups"), make(admin, "groups")
    for place in (group, home):
        invite(admin, "groups", place, guest)
    with open_stream(guest, types="message") as stream:
        begun = stream.events[-1].id
    post(admin, group, "he could have read it")
    admin.post("groups.kick", {"roomId": group["_id"], "userId": guest.user_id}).ok()
    with open_stream(guest, last=begun, types="message") as stream:
        assert mark(admin, stream, home) == []


@pytest.mark.parametrize("place", ["1", "0", "-1", "nonsense", "9999999999999999", "1" * 40])
def test_a_place_nobody_was_given_means_reset(admin, place, room):
    with open_stream(admin, last=place, rooms=room["_id"]) as stream:
        reset = stream.next()
        assert (reset.name, reset.data) == ("reset", {})
        assert reset.id == stream.events[1].id
        assert mark(admin, stream, room) == []


def test_a_place_that_is_too_old_means_reset(admin, room):
    with open_stream(admin, rooms=room["_id"]) as stream:
        begun = stream.events[-1].id
        with settings(admin, {"Message_MaxAllowedSize": len(LARGE)}):
            for _ in range(170):
                post(admin, room, LARGE)
    with open_stream(admin, last=begun, rooms=room["_id"]) as stream:
        assert stream.next().name == "reset"
        assert mark(admin, stream, room) == []


def test_a_place_of_before_a_restart_means_reset(new_server):
    server = new_server(**SETTINGS).start()
    admin = server.admin()
    with open_stream(admin) as stream:
        post(admin, {"_id": "GENERAL"}, "x")
        seen = stream.next().id
    server.restart()
    admin = admin.at(server.address)
    with open_stream(admin, last=seen) as stream:
        reset = stream.next()
        assert reset.name == "reset" and int(reset.id) > int(seen)


# Ends


def test_a_stopping_server_ends_its_streams_at_once(new_server):
    server = new_server(GANTRY_SERVER_STOP_TIMEOUT="1h").start()
    streams = [open_stream(server.admin()) for _ in range(3)]
    server.stop()
    assert [stream.rest() for stream in streams] == [[], [], []]


@pytest.mark.concurrent
def test_a_stalled_reader_is_dropped_and_holds_up_nobody(new_server):
    server = new_server(GANTRY_HTTP_WRITE_TIMEOUT="300ms", **SETTINGS).start()
    admin = server.admin()
    general = {"_id": "GENERAL"}
    stalled = open_stream(admin, rooms="GENERAL", buffer=4096)
    set_setting(admin, "Message_MaxAllowedSize", len(LARGE))
    with open_stream(admin, rooms="GENERAL") as stream:

        def dropped():
            post(admin, general, LARGE)
            assert text_of(stream.next()) == LARGE
            metrics = admin.get("/metrics").body.decode()
            return "gantry_event_streams_dropped_total 1\n" in metrics

        eventually(dropped, "the stalled reader to be dropped")
        assert mark(admin, stream, general) == []
    stalled.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    stalled.rest()
    assert stalled.ended
    stalled.close()


def test_a_reader_that_has_gone_is_forgotten(admin):
    open_stream(admin).close()
    streams = "gantry_event_streams 0\n"
    eventually(lambda: streams in admin.get("/metrics").body.decode(), "the last stream to end")
