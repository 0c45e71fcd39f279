"""Whole scripts as people write them (scripts/*.js), each doing exactly what its author meant, with
skipTranspile and without."""

from pathlib import Path

import pytest

from harness.bodies import SUCCESS, failure, text
from harness.hooks import call, hook_in_room, path, posted, texts
from harness.integrations import OUTGOING, create_named, update
from harness.rooms import make
from harness.scripts import scripted, try_script

SCRIPTS = Path(__file__).parent / "scripts"


def script(name):
    return (SCRIPTS / f"{name}.js").read_text()


@pytest.fixture(params=[False, True], ids=["transpiled", "as it is"])
def strict(request):
    return request.param


# A push becomes a message

PUSH = {
    "ref": "refs/heads/main",
    "repository": {"full_name": "acme/api"},
    "pusher": {"name": "ana"},
    "commits": [
        {
            "id": "9f8e7d6c5b4a",
            "url": "https://git.example/acme/api/commit/9f8e7d6c5b4a",
            "message": "Fix retry timer\n\nlong body",
        }
    ],
}


def test_a_push_is_posted_and_answered_with_a_count(admin, nobody, strict):
    hook, room = scripted(admin, script("github_push"), skipTranspile=strict)
    answer = call(nobody, hook, PUSH, X_GitHub_Event="push")
    assert answer.said == (200, text({"received": 1, "success": True}))
    (message,) = posted(admin, room)
    assert message["msg"] == "*ana* pushed 1 commit(s) to `acme/api@main`"
    assert (message["alias"], message["emoji"]) == ("GitHub", ":octopus:")
    assert message["parseUrls"] is False
    (attachment,) = message["attachments"]
    assert attachment["text"] == (
        "- [9f8e7d6](https://git.example/acme/api/commit/9f8e7d6c5b4a) Fix retry timer"
    )
    assert (attachment["color"], attachment["title"]) == ("#2f6feb", "Commits")


def test_a_ping_posts_nothing_and_other_events_are_refused(admin, nobody, strict):
    hook, room = scripted(admin, script("github_push"), skipTranspile=strict)
    assert call(nobody, hook, {}, X_GitHub_Event="ping").said == SUCCESS
    assert call(nobody, hook, {}, X_GitHub_Event="star").said == (
        400,
        text({"success": False, "message": "unsupported event star"}),
    )
    assert texts(admin, room) == []


# An issue's event goes to the room that the address names

ISSUE = {
    "webhookEvent": "jira:issue_updated",
    "user": {"displayName": "Ana Roe"},
    "issue": {
        "key": "OPS-7",
        "self": "https://jira.example/rest/api/2/issue/10007",
        "fields": {
            "summary": "Disk full",
            "status": {"name": "Done"},
            "priority": {"name": "High"},
        },
    },
    "changelog": {"items": [{"field": "status", "fromString": "Open", "toString": "Done"}]},
}


def test_an_event_of_an_issue_is_posted_to_the_named_room(admin, nobody, strict):
    hook, _ = scripted(
        admin, script("issue_event"), skipTranspile=strict, overrideDestinationChannelEnabled=True
    )
    ops = make(admin, "channels")
    address = f"{path(hook)}?room={ops['name']}"
    assert nobody.post(address, ISSUE).said == SUCCESS
    (message,) = posted(admin, ops)
    assert message["msg"] == "Ana Roe updated OPS-7"
    (attachment,) = message["attachments"]
    assert attachment["color"] == "#e36209"
    assert attachment["title"] == "OPS-7: Disk full"
    assert attachment["title_link"] == "https://jira.example/browse/OPS-7"
    fields = [(f["title"], f["value"], f["short"]) for f in attachment["fields"]]
    assert fields == [
        ("Status", "Done", True), ("Priority", "High", True), ("status", "Open > Done", False),
    ]  # fmt: skip
    refusal = {"success": False, "error": "unknown event: comment_created"}
    assert nobody.post(address, {"webhookEvent": "comment_created"}).said == (400, text(refusal))


def test_without_the_override_it_goes_nowhere_else(admin, nobody, strict):
    hook, room = scripted(admin, script("issue_event"), skipTranspile=strict)
    assert call(nobody, hook, ISSUE).said == failure(
        "overriding destination channel is disabled for this integration"
    )
    assert texts(admin, room) == []


# Outgoing: what is asked, and what is made of the answer

WEATHER = {
    "text": "!weather  Porto",
    "trigger_word": "!weather",
    "user_name": "ana",
    "timestamp": "2026-01-02T03:04:05Z",
}


def outgoing(admin, name, strict, **more):
    return create_named(
        admin, OUTGOING, script=script(name), scriptEnabled=True, skipTranspile=strict, **more
    )


def prepared(admin, hook, data):
    return try_script(admin, integrationId=hook["_id"], request={"data": data}).ok()


def processed(admin, hook, data, **response):
    return try_script(
        admin,
        integrationId=hook["_id"],
        method="process_outgoing_response",
        request={"data": data},
        response=response,
    ).ok()


def test_a_weather_report_is_asked_for_and_posted(admin, strict):
    hook = outgoing(admin, "weather", strict, urls=["https://weather.example"])
    wanted = prepared(admin, hook, WEATHER)["result"]
    assert wanted["url"] == "https://weather.example/v1/forecast"
    assert (wanted["method"], wanted["auth"]) == ("POST", "weather:s3cret")
    assert wanted["headers"]["X-Request-Source"] == "chat"
    assert wanted["headers"]["User-Agent"].startswith("Mozilla/5.0 (X11; Linux x86_64)")
    assert wanted["data"] == {
        "city": "Porto", "asked_by": "ana", "asked_at": "2026-01-02T03:04:05.000Z",
    }  # fmt: skip
    body = '{"city":"Porto","celsius":17,"sky":"clear","wind":9}'
    (message,) = processed(admin, hook, wanted["data"], status_code=200, content=body)["wouldPost"]
    assert message["msg"] == "Porto: 17 C, clear"
    wind = {"title": "Wind", "value": "9 km/h", "short": True}
    assert message["attachments"][0]["fields"] == [wind]
    (message,) = processed(admin, hook, wanted["data"], status_code=404, content="no")["wouldPost"]
    assert message["msg"] == "No forecast for Porto"
    default = processed(admin, hook, wanted["data"], status_code=503, content="x")
    assert default["wouldPost"] == [] and "result" not in default


def test_a_command_is_run_helped_with_or_left_alone(admin, strict):
    hook = outgoing(admin, "ci", strict, urls=["https://ci.example/run"])
    data = {"trigger_word": "!ci"}
    for ignored in {"text": "!ci dance now"}, {"text": "!ci deploy api", "bot": True}:
        told = prepared(admin, hook, {**data, **ignored})
        assert told["ended"] == "returned" and "result" not in told
    told = prepared(admin, hook, {**data, "text": "!ci help"})
    assert "url" not in told["result"]
    assert told["wouldPost"][0]["msg"] == "usage: !ci <deploy|rollback> <service>"
    wanted = prepared(admin, hook, {**data, "text": "!ci deploy api"})["result"]
    assert wanted["url"] == "https://ci.example/run/deploy/api"
    assert wanted["method"] == "POST" and "data" not in wanted
    assert processed(admin, hook, data, status_code=202, content="queued")["result"] is False
    assert "result" not in processed(admin, hook, data, status_code=502, content="bad")


# What repeats is kept back, by what the Store holds


def test_repeated_alerts_are_counted_and_not_posted(admin, nobody, strict):
    hook, room = scripted(admin, script("repeats"), skipTranspile=strict)

    def alert(state, time):
        body = {"service": "api", "state": state, "at": f"2026-01-02T{time}Z"}
        assert call(nobody, hook, body).said == SUCCESS

    alert("down", "03:00:00")
    alert("down", "03:00:20")
    alert("down", "03:00:40")
    alert("up", "03:05:00")
    update(admin, hook, name="another name", skipTranspile=strict)
    alert("up", "03:05:10")
    assert [(m["msg"], m["emoji"]) for m in posted(admin, room)] == [
        ("api is down", ":red_circle:"),
        ("api is up (2 repeated alert(s) suppressed)", ":green_circle:"),
        ("api is up", ":green_circle:"),
    ]


def test_the_hooks_of_other_rooms_are_not_touched(admin, nobody, strict):
    plain, room = hook_in_room(admin)
    scripted(admin, script("repeats"), skipTranspile=strict)
    assert call(nobody, plain, {"text": "plain"}).said == SUCCESS
    assert texts(admin, room) == ["plain"]
