"""What happens, and who is told of it: the events of outgoing webhooks, what they say, which
integrations they reach, and what their owners may see and order."""

import pytest

from harness.bodies import failure, invalid, required, thrown
from harness.hooks import call, get_options, hook_in_room, set_options
from harness.integrations import OUTGOING, OWN, create_named, remove, update
from harness.outgoing import ALLOW, entries, last_entries, only_entry, said, say, watching
from harness.people import add_client, add_user, new_name, permissions
from harness.receiver import Receiver, Reply
from harness.rooms import invite, make
from harness.table import table
from harness.waiting import eventually

SETTINGS = ALLOW


def on(admin, event, receiver, **changes):
    """An integration that is told of an event without channels."""
    return create_named(
        admin, OUTGOING, "outgoing", event=event, urls=[receiver.url], channel="", **changes
    )


def about(receiver, member, value, count=1):
    """What was told about one thing, for events without channels tell of everybody's."""

    def told():
        calls = [c.json() for c in list(receiver.calls)]
        return [c for c in calls if c.get(member) == value]

    eventually(lambda: len(told()) >= count, f"{count} calls with {member}={value}")
    return told()


def only(receiver, member, value):
    (call,) = about(receiver, member, value)
    return call


# --- messages ---


def test_an_edited_message_is_told_to_those_who_run_on_edits(admin, receiver):
    other = Receiver()
    _, room = watching(admin, receiver, runOnEdits=True)
    watching(admin, other, room=room)
    message = say(admin, room, "first")
    body = {"roomId": room["_id"], "msgId": message["_id"], "text": "second"}
    admin.post("chat.update", body).ok()
    admin.post("chat.update", body).ok()
    say(admin, room, "the end")
    told = [c.json() for c in receiver.wait(3)]
    assert sorted(t["text"] for t in told) == ["first", "second", "the end"]
    edited = next(t for t in told if t["text"] == "second")
    assert edited["isEdited"] is True and edited["message_id"] == message["_id"]
    assert "isEdited" not in next(t for t in told if t["text"] == "first")
    assert sorted(c.json()["text"] for c in other.wait(2)) == ["first", "the end"]
    other.close()


def test_a_message_that_was_changed_or_deleted_is_an_event_of_ours(admin, receiver):
    room = make(admin, "channels")
    for event in ("messageEdited", "messageDeleted", "reactionAdded"):
        watching(admin, receiver, room=room, event=event)
    message = say(admin, room, "first")
    body = {"roomId": room["_id"], "msgId": message["_id"], "text": "second"}
    admin.post("chat.update", body).ok()
    edited = receiver.only().json()
    assert (edited["text"], edited["isEdited"]) == ("second", True)
    reaction = {"messageId": message["_id"], "emoji": "smile", "shouldReact": True}
    admin.post("chat.react", reaction).ok()
    reacted = receiver.wait(2)[1].json()
    assert (reacted["reaction"], reacted["message_id"]) == (":smile:", message["_id"])
    admin.post("chat.react", {**reaction, "shouldReact": False}).ok()
    admin.post("chat.delete", {"roomId": room["_id"], "msgId": message["_id"]}).ok()
    deleted = receiver.wait(3)[2].json()
    assert (deleted["text"], deleted["message_id"]) == ("second", message["_id"])
    assert deleted["sender"]["username"] == message["u"]["username"]


WORDS = {
    "no words": ({"triggerWords": []}, ["!ci go", "say !ci", "Hello"]),
    "at the start": ({"triggerWords": ["!ci"]}, ["!ci go"]),
    "anywhere": ({"triggerWords": ["!ci"], "triggerWordAnywhere": True}, ["!ci go", "say !ci"]),
    "case counts": ({"triggerWords": ["hello"]}, []),
    "only blanks": ({"triggerWords": [" "]}, ["!ci go", "say !ci", "Hello"]),
}


@pytest.mark.parametrize("changes, told", table(WORDS))
def test_trigger_words_choose_messages(admin, receiver, changes, told):
    end = Receiver()
    _, room = watching(admin, receiver, **changes)
    for text in ("!ci go", "say !ci", "Hello"):
        say(admin, room, text)
    watching(admin, end, room=room)
    receiver.wait(len(told))
    say(admin, room, "the end")
    end.wait(1)
    calls = [c.json() for c in receiver.calls]
    assert sorted(c["text"] for c in calls if c["text"] != "the end") == sorted(told)
    words = [c.get("trigger_word") for c in calls if c["text"] != "the end"]
    assert words == [w if (w := next(iter(changes["triggerWords"]), "").strip()) else None] * len(
        told
    )
    end.close()


def test_system_messages_are_told_to_nobody(admin, receiver):
    _, room = watching(admin, receiver)
    guest = add_client(admin)
    invite(admin, "channels", room, guest)
    admin.post("channels.setTopic", {"roomId": room["_id"], "topic": "new"}).ok()
    guest.post("channels.leave", {"roomId": room["_id"]}).ok()
    say(admin, room, "the end")
    assert receiver.only().json()["text"] == "the end"


def test_what_was_refused_did_not_happen(admin, receiver):
    _, room = watching(admin, receiver)
    body = {"channel": ["#" + room["name"], "#nothing-of-that-name"], "text": "both or none"}
    assert admin.post("chat.postMessage", body).status == 400
    say(admin, room, "the end")
    assert receiver.only().json()["text"] == "the end"


def test_what_an_incoming_webhook_posts_is_told_as_a_bots(admin, receiver):
    hook, room = hook_in_room(admin)
    watching(admin, receiver, room=room)
    call(admin, hook, {"text": "from outside", "username": "CI"})
    told = receiver.only().json()
    assert (told["bot"], told["alias"], told["text"]) == (True, "CI", "from outside")
    assert told["user_name"] == "rocket.cat"


def test_direct_messages_go_to_those_who_watch_people(admin):
    one, two, everybody = Receiver(), Receiver(), Receiver()
    ana, bob = add_client(admin), add_client(admin)
    name = bob.get("me").ok()["username"]
    own = ana.get("me").ok()["username"]
    for receiver, channel in ((one, "@" + name), (two, "@" + own), (everybody, "all_direct_messages")):
        create_named(admin, OUTGOING, "outgoing", channel=channel, urls=[receiver.url])
    ana.post("chat.postMessage", {"channel": "@" + name, "text": "psst"}).ok()
    told = only(one, "text", "psst")
    assert "channel_name" not in told
    assert only(everybody, "text", "psst")["channel_id"] == told["channel_id"]
    bob.post("chat.postMessage", {"channel": "@" + own, "text": "yes?"}).ok()
    assert only(two, "text", "yes?")
    assert [c.json()["text"] for c in two.calls] == ["yes?"]
    assert [c.json()["text"] for c in one.calls] == ["psst"]
    for receiver in (one, two, everybody):
        receiver.close()


def test_private_groups_have_a_word_of_their_own(admin, receiver):
    create_named(admin, OUTGOING, "outgoing", channel="all_private_groups", urls=[receiver.url])
    group, channel = make(admin, "groups"), make(admin, "channels")
    say(admin, channel, "public")
    say(admin, group, "private")
    assert only(receiver, "channel_id", group["_id"])["text"] == "private"
    assert channel["_id"] not in [c.json()["channel_id"] for c in receiver.calls]


def test_an_integration_is_not_told_of_its_own_reply(admin, receiver):
    receiver.answers[:] = [Reply(200, {"text": "pong"})]
    integration, room = watching(admin, receiver)
    say(admin, room, "ping")
    assert sorted(said(admin, room, 2)) == ["ping", "pong"]
    say(admin, room, "again")
    assert sorted(said(admin, room, 4)) == ["again", "ping", "pong", "pong"]
    assert sorted(c.json()["text"] for c in receiver.calls) == ["again", "ping"]


def test_two_integrations_that_answer_each_other_come_to_an_end(admin):
    one, two = Receiver(Reply(200, {"text": "ping"})), Receiver(Reply(200, {"text": "pong"}))
    first, room = watching(admin, one)
    watching(admin, two, room=room)
    say(admin, room, "begin")
    # "begin" is answered by both; each answer goes to the other one, until the eighth.
    texts = said(admin, room, 1 + 2 * 8)
    one.answers[:] = two.answers[:] = [Reply()]
    last = say(admin, room, "the end")
    about(one, "message_id", last["_id"])
    assert len(one.calls) == 9
    assert len(texts) == 1 + 2 * 8
    one.close()
    two.close()


# --- rooms and people ---


@pytest.mark.parametrize("family", ["channels", "groups"])
def test_a_new_room_is_told_of_with_its_owner(admin, receiver, family):
    on(admin, "roomCreated", receiver)
    room = make(admin, family)
    told = only(receiver, "channel_id", room["_id"])
    assert told["channel_name"] == room["name"]
    assert told["room"]["_id"] == room["_id"]
    assert told["timestamp"] == room["ts"]
    assert told["user_id"] == told["owner"]["_id"] == admin.user_id
    assert told["bot"] is False
    assert not {"services", "settings", "e2e", "password"} & set(told["owner"])


def test_a_direct_room_is_not_told_of(admin, receiver):
    on(admin, "roomCreated", receiver)
    guest = add_client(admin)
    name = guest.get("me").ok()["username"]
    direct = admin.post("im.create", {"username": name}).ok()["room"]
    room = make(admin, "channels")
    only(receiver, "channel_id", room["_id"])
    assert direct["_id"] not in [c.json().get("channel_id") for c in receiver.calls]


def test_archiving_is_told_of_and_its_end_is_not(admin, receiver):
    on(admin, "roomArchived", receiver)
    room = make(admin, "channels")
    admin.post("channels.archive", {"roomId": room["_id"]}).ok()
    told = only(receiver, "channel_id", room["_id"])
    assert told["user_id"] == told["user"]["_id"] == admin.user_id
    assert told["room"]["archived"] is True
    admin.post("channels.unarchive", {"roomId": room["_id"]}).ok()
    other = make(admin, "channels")
    admin.post("channels.archive", {"roomId": other["_id"]}).ok()
    only(receiver, "channel_id", other["_id"])
    assert len(about(receiver, "channel_id", room["_id"])) == 1


def test_who_comes_and_who_goes_is_told(admin):
    came, went = Receiver(), Receiver()
    _, room = watching(admin, came, event="roomJoined")
    watching(admin, went, room=room, event="roomLeft")
    joined, invited, kicked = add_client(admin), add_client(admin), add_client(admin)
    joined.post("channels.join", {"roomId": room["_id"]}).ok()
    invite(admin, "channels", room, invited)
    posted = add_client(admin)
    posted.post("chat.postMessage", {"channel": "#" + room["name"], "text": "hi"}).ok()
    told = [c.json() for c in came.wait(3)]
    assert sorted(t["user_id"] for t in told) == sorted(c.user_id for c in (joined, invited, posted))
    assert all(t["user"]["_id"] == t["user_id"] for t in told)
    assert all(t["room"]["_id"] == t["channel_id"] == room["_id"] for t in told)
    invite(admin, "channels", room, kicked)
    admin.post("channels.kick", {"roomId": room["_id"], "userId": kicked.user_id}).ok()
    joined.post("channels.leave", {"roomId": room["_id"]}).ok()
    assert went.only().json()["user_id"] == joined.user_id
    came.close()
    went.close()


def test_a_new_account_is_told_of_without_secrets(admin, receiver):
    on(admin, "userCreated", receiver, targetRoom="#general")
    user = add_user(admin, new_name())
    told = only(receiver, "user_id", user["_id"])
    assert told["user_name"] == told["user"]["username"] == user["username"]
    assert told["timestamp"] == told["user"]["createdAt"]
    assert "channel_id" not in told
    assert not {"services", "settings", "e2e", "password"} & set(told["user"])


# --- the list of integrations is followed at once ---


def test_changes_of_integrations_are_followed_at_once(admin, receiver):
    integration, room = watching(admin, receiver)
    other = make(admin, "channels")
    say(admin, room, "1")
    update(admin, integration, channel="#" + other["name"])
    say(admin, room, "2")
    say(admin, other, "3")
    update(admin, integration, enabled=False, channel="#" + other["name"])
    say(admin, other, "4")
    update(admin, integration, enabled=True, channel="#" + other["name"])
    say(admin, other, "5")
    receiver.wait(3)
    remove(admin, integration).ok()
    say(admin, other, "6")
    end = Receiver()
    watching(admin, end, room=other)
    say(admin, other, "7")
    end.wait(1)
    assert sorted(c.json()["text"] for c in receiver.calls) == ["1", "3", "5"]
    end.close()


def test_integrations_are_told_after_a_restart(new_server, receiver):
    server = new_server(**ALLOW).start()
    integration, room = watching(server.admin(), receiver)
    server.stop()
    server.start()
    admin = server.admin()
    say(admin, room, "after")
    assert receiver.only().json()["text"] == "after"


def test_every_address_is_called(admin):
    one, two = Receiver(), Receiver()
    integration, room = watching(admin, one, two)
    say(admin, room)
    ids = [r.only().headers["webhook-id"] for r in (one, two)]
    assert sorted(e["_id"] for e in last_entries(admin, integration, 2)) == sorted(ids)
    assert ids[0] != ids[1]
    one.close()
    two.close()


# --- history ---


def test_a_replay_is_a_new_call_with_the_message_as_it_is_now(admin, receiver):
    integration, room = watching(admin, receiver, runOnEdits=True)
    message = say(admin, room, "before")
    entry = only_entry(admin, integration)
    admin.post(
        "chat.update", {"roomId": room["_id"], "msgId": message["_id"], "text": "after"}
    ).ok()
    last_entries(admin, integration, 2)
    body = {"integrationId": integration["_id"], "historyId": entry["_id"]}
    admin.post("integrations.replayOutgoing", body).ok()
    tries = last_entries(admin, integration, 3)
    again = receiver.wait(3)[2]
    assert (again.json()["text"], again.json()["isEdited"]) == ("after", True)
    assert again.headers["webhook-id"] == tries[2]["_id"] != entry["_id"]
    assert tries[2]["tries"] == 0 and "retryOf" not in tries[2]
    assert tries[0] == entry


def test_a_replay_of_what_is_no_more_says_what_was_said(admin, receiver):
    integration, room = watching(admin, receiver, token="t")
    message = say(admin, room, "gone")
    entry = only_entry(admin, integration)
    admin.post("chat.delete", {"roomId": room["_id"], "msgId": message["_id"]}).ok()
    body = {"integrationId": integration["_id"], "historyId": entry["_id"]}
    admin.post("integrations.replayOutgoing", body).ok()
    first, second = [c.json() for c in receiver.wait(2)]
    assert first == second


def test_trigger_words_count_for_replays_too(admin, receiver):
    integration, room = watching(admin, receiver)
    say(admin, room, "no word")
    entry = only_entry(admin, integration)
    update(admin, integration, triggerWords=["!ci"])
    body = {"integrationId": integration["_id"], "historyId": entry["_id"]}
    admin.post("integrations.replayOutgoing", body).ok()
    say(admin, room, "!ci end")
    assert receiver.wait(2)[1].json()["text"] == "!ci end"
    assert len(last_entries(admin, integration, 2)) == 2


def test_a_cleared_history_starts_anew(admin, receiver):
    integration, room = watching(admin, receiver)
    say(admin, room)
    last_entries(admin, integration, 1)
    admin.post("integrations.clearHistory", {"integrationId": integration["_id"]}).ok()
    assert entries(admin, integration) == []
    say(admin, room)
    assert len(last_entries(admin, integration, 1)) == 1


# --- dead letters ---


def deliveries(client, integration, state="dead", **more):
    return client.get(
        "/ext/v1/deliveries.list", {"integrationId": integration["_id"], "state": state, **more}
    )


def dead(client, integration, count):
    return eventually(
        lambda: (lambda d: d if len(d) >= count else None)(
            deliveries(client, integration).ok()["deliveries"]
        ),
        f"{count} dead letters",
    )


def replay(client, integration, **more):
    return client.post("/ext/v1/deliveries.replay", {"integrationId": integration["_id"], **more})


RETRYING = {"retryFailedCalls": True, "retryCount": 1, "retryDelay": "powers-of-ten"}


def test_what_was_given_up_is_kept_and_can_be_sent_again(admin, receiver):
    receiver.answers[:] = [Reply(503)]
    integration, room = watching(admin, receiver, **RETRYING)
    for text in ("one", "two"):
        say(admin, room, text)
    letters = dead(admin, integration, 2)
    assert sorted(d["data"]["text"] for d in letters) == ["one", "two"]
    assert {d["state"] for d in letters} == {"dead"}
    assert {d["event"] for d in letters} == {"sendMessage"}
    assert {d["url"] for d in letters} == {receiver.url}
    receiver.answers[:] = [Reply(200)]
    answer = replay(admin, integration, perSecond=1000).ok()
    assert (answer["replayed"], answer["left"]) == (2, 0)
    again = [c for c in receiver.wait(6)[4:]]
    assert sorted(c.json()["text"] for c in again) == ["one", "two"]
    assert not {c.headers["webhook-id"] for c in again} & {d["_id"] for d in letters}
    eventually(
        lambda: all(
            deliveries(admin, integration, state).ok()["total"] == 0
            for state in ("waiting", "sending", "dead")
        ),
        "nothing left",
    )


def test_dead_letters_are_chosen_by_a_filter(admin, receiver):
    receiver.answers[:] = [Reply(503)]
    integration, room = watching(admin, receiver, **RETRYING)
    for text in ("one", "two", "three"):
        say(admin, room, text)
    letters = dead(admin, integration, 3)
    created = sorted(d["createdAt"] for d in letters)
    assert deliveries(admin, integration, count="2").ok()["total"] == 3
    assert len(deliveries(admin, integration, count="2", offset="2").ok()["deliveries"]) == 1
    assert deliveries(admin, integration, event="roomLeft").ok()["total"] == 0
    assert deliveries(admin, integration, url=receiver.url).ok()["total"] == 3
    assert deliveries(admin, integration, before=created[0]).ok()["total"] == 0
    assert deliveries(admin, integration, **{"from": created[0]}).ok()["total"] == 3
    assert replay(admin, integration, url="http://elsewhere/").ok()["replayed"] == 0
    receiver.answers[:] = [Reply(200)]
    answer = replay(admin, integration, limit=1).ok()
    assert (answer["replayed"], answer["left"]) == (1, 2)


def test_more_than_a_command_takes_is_replayed_in_several(admin, receiver):
    receiver.answers[:] = [Reply(503)]
    integration, room = watching(admin, receiver, **{**RETRYING, "retryFailedCalls": False})
    for n in range(120):
        say(admin, room, str(n))
    dead(admin, integration, 50)
    eventually(lambda: deliveries(admin, integration).ok()["total"] == 120, "120 dead letters")
    receiver.answers[:] = [Reply(200)]
    answer = replay(admin, integration, limit=110, perSecond=1000).ok()
    assert (answer["replayed"], answer["left"]) == (110, 10)
    again = receiver.wait(230)[120:]
    assert len({c.json()["text"] for c in again}) == len(again) == 110


def test_the_past_can_be_told_again(admin, receiver):
    integration, room = watching(admin, receiver)
    for text in ("one", "two", "three"):
        say(admin, room, text)
    told = last_entries(admin, integration, 3)
    assert replay(admin, integration, of="history", event="roomLeft").ok()["replayed"] == 0
    times = sorted(e["_createdAt"] for e in told)
    late = replay(admin, integration, of="history", **{"from": times[-1]}).ok()["replayed"]
    assert 1 <= late <= 3
    receiver.wait(3 + late)
    last_entries(admin, integration, 3 + late)
    answer = replay(admin, integration, of="history", limit=3, url=receiver.url).ok()
    assert answer["replayed"] == 3 and "left" not in answer
    again = receiver.wait(6 + late)[-3:]
    assert sorted(c.json()["text"] for c in again) == ["one", "three", "two"]


def test_a_replay_keeps_its_pace(admin, receiver):
    receiver.answers[:] = [Reply(503)]
    integration, room = watching(admin, receiver, **RETRYING)
    for text in ("one", "two"):
        say(admin, room, text)
    dead(admin, integration, 2)
    receiver.answers[:] = [Reply(200)]
    replay(admin, integration, perSecond=0.01).ok()
    receiver.wait(5)
    (waiting,) = eventually(
        lambda: (lambda d: d if len(d) == 1 else None)(
            deliveries(admin, integration, "waiting").ok()["deliveries"]
        ),
        "one that waits",
    )
    assert waiting["dueAt"] > waiting["createdAt"]
    update(admin, integration, enabled=False)
    assert deliveries(admin, integration, "waiting").ok()["total"] == 0


def test_deliveries_belong_to_those_who_manage_the_integration(admin, receiver):
    integration, _ = watching(admin, receiver)
    user = add_client(admin)
    listing = thrown("error-invalid-integration", "Invalid integration", method="listDeliveries")
    assert deliveries(user, integration).status == 403
    with permissions(admin, {OWN["outgoing"]: ["user"]}):
        assert deliveries(user, integration).said == listing
        assert replay(user, integration).said == thrown(
            "error-invalid-integration", "Invalid integration", method="replayDeliveries"
        )
    update(admin, integration, enabled=False)
    assert replay(admin, integration).said == thrown(
        "error-integration-disabled",
        "The integration is switched off. Enable it first.",
        method="replayDeliveries",
    )


def test_only_dead_ones_and_the_past_can_be_replayed(admin):
    answer = admin.post("/ext/v1/deliveries.replay", {"integrationId": "x", "of": "waiting"})
    assert answer.said == failure("of must be dead or history.")


BAD_LISTS = {
    "no integration": ({}, invalid(required("integrationId"))),
    "no such state": (
        {"integrationId": "x", "state": "odd"},
        failure("state must be waiting, sending or dead."),
    ),
    "no moment": (
        {"integrationId": "x", "from": "yesterday"},
        failure("from must be a moment such as 2026-01-31T12:00:00.000Z."),
    ),
}


@pytest.mark.parametrize("query, said_", table(BAD_LISTS))
def test_a_list_that_makes_no_sense_is_refused(admin, query, said_):
    assert admin.get("/ext/v1/deliveries.list", query).said == said_


# --- options ---


def test_a_secret_is_told_once_and_signs(admin, receiver):
    integration, room = watching(admin, receiver)
    made = set_options(admin, integration, signing={}).ok()["signing"]
    assert made["secret"].startswith("whsec_")
    shown = get_options(admin, integration).ok()["signing"]
    assert shown["secret"] == {"last4": made["secret"][-4:], "createdAt": made["createdAt"]}
    say(admin, room)
    signatures = receiver.only().headers["webhook-signature"].split(" ")
    assert len(signatures) == 1 and signatures[0].startswith("v1,")
    turned = set_options(admin, integration, signing={"rotate": True}).ok()["signing"]
    assert turned["secret"] != made["secret"]
    assert turned["previous"][0]["last4"] == made["secret"][-4:]
    say(admin, room)
    assert len(receiver.wait(2)[1].headers["webhook-signature"].split(" ")) == 2
    assert "signing" not in set_options(admin, integration, signing=None).ok()
    say(admin, room)
    assert "webhook-signature" not in receiver.wait(3)[2].headers


def test_limits_of_outgoing_calls_are_kept(admin, receiver):
    integration, _ = watching(admin, receiver)
    limits = {"inFlight": 2, "timeoutMs": 1500}
    assert set_options(admin, integration, limits=limits).ok()["limits"] == limits
    assert get_options(admin, integration).ok()["limits"] == limits
    assert "limits" not in set_options(admin, integration, limits=None).ok()


def test_options_of_the_other_direction_are_refused(admin, receiver):
    integration, _ = watching(admin, receiver)
    hook, _ = hook_in_room(admin)

    def refused(target, text, **members):
        assert set_options(admin, target, **members).said == failure(text)

    refused(integration, "verify is for incoming integrations.", verify=None)
    refused(
        integration,
        "limits.ratePerSecond is for incoming integrations.",
        limits={"ratePerSecond": 1, "burst": 1},
    )
    refused(hook, "signing is for outgoing integrations.", signing={})
    refused(hook, "limits.inFlight is for outgoing integrations.", limits={"inFlight": 1})
    refused(
        integration,
        "signing.secret must be whsec_ and the base64 of 16 to 128 bytes; leave it out, and the"
        " server makes one.",
        signing={"secret": "abc"},
    )
