"""Scripts of outgoing webhooks: what they are given, what each of their results does, and the steps
that the history names."""

import base64
from pathlib import Path

import pytest

from harness.outgoing import ALLOW, CALLED, last_entries, only_entry, said, say, watching
from harness.receiver import Reply
from harness.rooms import messages
from harness.scripts import last_runs

SETTINGS = ALLOW

START = CALLED[:2]
PREPARE = "prepare_outgoing_request"
RESPONSE = "process_outgoing_response"
RAN_PREPARE = [*START, f"execute-script-before-running-{PREPARE}", "after-maybe-ran-prepare"]
RAN_BOTH = [
    *RAN_PREPARE, "pre-http-call", "after-http-call", f"execute-script-before-running-{RESPONSE}",
]  # fmt: skip


def scripted(admin, receiver, script, **changes):
    return watching(admin, receiver, script=script, scriptEnabled=True, **changes)


def prepare(body):
    return "class Script { prepare_outgoing_request({ request }) { %s } }" % body


def respond(body):
    return "class Script { process_outgoing_response({ request, response }) { %s } }" % body


# --- what they are given ---


def test_prepare_is_given_the_usual_request(admin, receiver):
    script = prepare(
        "return { url: request.url, method: 'POST', data: { all: request,"
        " date: request.data.timestamp instanceof Date } };"
    )
    _, room = scripted(admin, receiver, script)
    message = say(admin, room, "hello")
    sent = receiver.only().json()
    assert sent["date"] is True
    request = sent["all"]
    assert request["params"] == {}
    assert request["method"] == "POST"
    assert request["url"] == receiver.url
    assert request["headers"] == {"User-Agent": request["headers"]["User-Agent"]}
    assert request["data"]["text"] == "hello"
    assert request["data"]["timestamp"] == message["ts"]


def test_the_response_method_is_given_what_was_asked_and_answered(admin, receiver):
    receiver.answers[:] = [Reply(404, {"a": 1}, X_Trace="t1")]
    script = respond("return { content: { text: JSON.stringify([request.url, request.data.text,"
                     " response]) } };")
    _, room = scripted(admin, receiver, script)
    say(admin, room, "hello")
    text = said(admin, room, 2)[1]
    assert f'["{receiver.url}","hello",' in text
    assert '"error":null,"status_code":404' in text
    assert '"content":"{\\"a\\": 1}","content_raw":"{\\"a\\": 1}"' in text
    assert '"x-trace":"t1"' in text


# --- what prepare returns ---


@pytest.mark.parametrize("result", ["return;", "return null;", "return false;", "return '';"])
def test_nothing_cancels_the_call(admin, receiver, result):
    integration, room = scripted(admin, receiver, prepare(result))
    say(admin, room)
    entry = only_entry(admin, integration)
    assert entry["steps"] == [*RAN_PREPARE, "after-prepare-no-opts"]
    assert entry["finished"] is True and "error" not in entry
    assert receiver.calls == []


def test_a_throw_cancels_the_call_and_is_kept(admin, receiver):
    integration, room = scripted(admin, receiver, prepare("throw new Error('not today');"))
    say(admin, room)
    entry = only_entry(admin, integration)
    assert entry["steps"] == [
        *START,
        f"execute-script-before-running-{PREPARE}",
        f"execute-script-error-running-{PREPARE}",
        "after-maybe-ran-prepare",
        "after-prepare-no-opts",
    ]
    assert entry["error"] is True and entry["finished"] is True
    lines = entry["errorStack"].split("\n")
    assert lines[0] == "  Error: not today"
    assert all(line.startswith("  ") for line in lines)
    assert receiver.calls == []


def test_a_script_that_cannot_be_evaluated_changes_nothing(admin, receiver):
    integration, room = scripted(admin, receiver, "class Script { constructor() { nope(); } }")
    say(admin, room)
    assert receiver.only().json()["text"] == "hello"
    entry = only_entry(admin, integration)
    assert entry["steps"] == [*START, "execute-script-getting-script", *CALLED[2:]]
    assert entry["error"] is True
    assert "nope" in entry["errorStack"]


@pytest.mark.parametrize("script", ["class Script {", "class Script { }", ""])
def test_without_a_method_the_usual_request_is_sent(admin, receiver, script):
    integration, room = scripted(admin, receiver, script)
    say(admin, room)
    assert receiver.only().json()["text"] == "hello"
    assert only_entry(admin, integration)["steps"] == CALLED


def test_a_message_of_prepare_is_posted_before_the_call(admin, receiver):
    script = prepare("return { message: 'asking', url: request.url, method: 'GET' };")
    integration, room = scripted(admin, receiver, script)
    say(admin, room)
    assert receiver.only().method == "GET"
    assert said(admin, room, 2) == ["hello", "asking"]
    entry = only_entry(admin, integration)
    assert entry["steps"] == [
        *RAN_PREPARE, "after-prepare-send-message", "pre-http-call", "after-http-call",
    ]  # fmt: skip
    (posted,) = entry["prepareSentMessage"]
    assert posted["message"]["msg"] == "asking"
    assert "httpCallData" not in entry


def test_a_message_that_cannot_be_posted_ends_the_run(admin, receiver):
    script = prepare("return { message: { text: 'x', channel: '#nowhere' }, url: request.url,"
                     " method: 'GET' };")
    integration, room = scripted(admin, receiver, script)
    say(admin, room)
    entry = only_entry(admin, integration)
    assert entry["steps"] == [*RAN_PREPARE, "after-prepare-send-message-failed"]
    assert entry["finished"] is True
    assert receiver.calls == []


@pytest.mark.parametrize("result", ["{}", "{ url: request.url }", "{ method: 'POST' }", "true"])
def test_a_request_without_url_or_method_is_not_sent(admin, receiver, result):
    integration, room = scripted(admin, receiver, prepare(f"return {result};"))
    say(admin, room)
    entry = only_entry(admin, integration)
    assert entry["steps"] == [*RAN_PREPARE, "after-prepare-no-url_or_method"]
    assert entry["finished"] is True
    assert receiver.calls == []


def test_what_prepare_returns_replaces_everything(admin, receiver):
    script = prepare(
        "return { url: request.url + '/x', method: 'PATCH', auth: 'user:pass',"
        " headers: { 'X-One': '1', 'content-type': 'text/plain', 'webhook-id': 'mine' },"
        " data: { b: [1] } };"
    )
    integration, room = scripted(admin, receiver, script)
    say(admin, room)
    call = receiver.only()
    assert (call.method, call.path, call.body) == ("PATCH", "/x", b'{"b":[1]}')
    assert call.headers["x-one"] == "1"
    assert call.headers["content-type"] == "application/json"
    assert call.headers["authorization"] == "Basic " + base64.b64encode(b"user:pass").decode()
    entry = only_entry(admin, integration)
    assert call.headers["webhook-id"] == entry["_id"]
    assert entry["httpCallData"] == {"b": [1]}
    assert entry["url"] == receiver.url + "/x"


def test_auth_in_another_form_ends_the_run(admin, receiver):
    script = prepare("return { url: request.url, method: 'POST', auth: 'user' };")
    integration, room = scripted(admin, receiver, script)
    say(admin, room)
    entry = only_entry(admin, integration)
    assert entry["steps"] == [*RAN_PREPARE, "pre-http-call", "after-http-call"]
    assert entry["httpError"]["message"] == (
        'auth option should be of the form "username:password"'
    )
    assert entry["finished"] is True
    assert receiver.calls == []


def test_a_script_may_give_less_time(admin, receiver):
    receiver.answers[:] = [receiver.hangs()]
    script = prepare("return { url: request.url, method: 'POST', timeout: 50 };")
    integration, room = scripted(admin, receiver, script, retryFailedCalls=False)
    say(admin, room)
    entry = only_entry(admin, integration)
    assert entry["httpError"]["type"] == "request-timeout"
    assert entry["step"] == "failed-and-not-configured-to-retry"


# --- what the response method returns ---


def test_content_is_posted_whatever_the_status(admin, receiver):
    receiver.answers[:] = [Reply(410, b"gone")]
    integration, room = scripted(admin, receiver, respond("return { content: 'it is gone' };"))
    say(admin, room)
    assert said(admin, room, 2) == ["hello", "it is gone"]
    entry = only_entry(admin, integration)
    before = [*CALLED, f"execute-script-before-running-{RESPONSE}"]
    assert entry["steps"] == [*before, "after-process-send-message"]
    assert entry["processSentMessage"][0]["message"]["msg"] == "it is gone"
    assert entry["finished"] is True and "error" not in entry


def test_false_ends_the_run(admin, receiver):
    receiver.answers[:] = [Reply(200, {"text": "pong"})]
    integration, room = scripted(admin, receiver, respond("return false;"))
    say(admin, room)
    entry = only_entry(admin, integration)
    assert entry["step"] == "after-process-false-result" and entry["finished"] is True
    assert said(admin, room, 1) == ["hello"]


@pytest.mark.parametrize("body", ["return;", "return { content: '' };", "return 0;"])
def test_anything_else_leaves_the_answer_to_the_rules(admin, receiver, body):
    receiver.answers[:] = [Reply(200, {"text": "pong"})]
    integration, room = scripted(admin, receiver, respond(body))
    say(admin, room)
    assert said(admin, room, 2) == ["hello", "pong"]
    assert only_entry(admin, integration)["step"] == "url-response-sent-message"


def test_a_throw_leaves_the_answer_to_the_rules_and_is_kept(admin, receiver):
    receiver.answers[:] = [Reply(200, {"text": "pong"})]
    integration, room = scripted(admin, receiver, respond("throw new TypeError('no');"))
    say(admin, room)
    assert said(admin, room, 2) == ["hello", "pong"]
    entry = only_entry(admin, integration)
    assert entry["steps"] == [
        *CALLED,
        f"execute-script-before-running-{RESPONSE}",
        f"execute-script-error-running-{RESPONSE}",
        "url-response-sent-message",
    ]
    assert entry["errorStack"].startswith("  TypeError: no")


def test_content_without_a_place_fails(admin, receiver):
    script = respond("return { content: { text: 'x', channel: '#nowhere' } };")
    integration, room = scripted(admin, receiver, script)
    say(admin, room)
    entry = only_entry(admin, integration)
    assert entry["steps"][-2:] == [f"execute-script-before-running-{RESPONSE}", "after-http-call"]
    assert entry["httpError"]["message"] == "invalid-channel"


def test_its_owner_sees_how_the_last_runs_ended(admin, receiver):
    script = prepare("console.log('asked'); throw new Error('not today');")
    integration, room = scripted(admin, receiver, script)
    say(admin, room)
    (run,) = last_runs(admin, integration, 1)
    assert (run["method"], run["ended"]) == (PREPARE, "failed")
    assert run["console"] == [["log", "asked"]]
    assert run["error"]["message"] == "not today"


# --- whole examples ---

SCRIPTS = Path(__file__).parent / "scripts"
WEATHER = (SCRIPTS / "weather.js").read_text()
FORECAST = {"city": "Porto", "celsius": 17, "sky": "clear", "wind": 9}


@pytest.fixture(params=[True, False], ids=["as it is", "sloppy"])
def weather(request, admin, receiver):
    return scripted(
        admin, receiver, WEATHER, triggerWords=["!weather"], retryFailedCalls=True, retryCount=1,
        skipTranspile=request.param,
    )  # fmt: skip


def test_the_weather_is_asked_for_and_told(admin, receiver, weather):
    receiver.answers[:] = [Reply(200, FORECAST)]
    integration, room = weather
    message = say(admin, room, "!weather  Porto")
    assert said(admin, room, 2)[1] == "Porto: 17 C, clear"
    call = receiver.only()
    assert call.path == "/v1/forecast"
    assert call.headers["user-agent"].startswith("Mozilla/5.0 (X11; Linux x86_64)")
    assert call.headers["x-request-source"] == "chat"
    assert call.headers["authorization"] == "Basic d2VhdGhlcjpzM2NyZXQ="
    assert call.headers["content-type"] == "application/json"
    assert call.json() == {"city": "Porto", "asked_by": "admin", "asked_at": message["ts"]}
    (attachment,) = messages(admin, "channels", room)[-1]["attachments"]
    assert attachment["fields"] == [{"title": "Wind", "value": "9 km/h", "short": True}]
    assert only_entry(admin, integration)["steps"] == [*RAN_BOTH, "after-process-send-message"]


def test_no_forecast_is_an_answer_too(admin, receiver, weather):
    receiver.answers[:] = [Reply(404, b"no")]
    integration, room = weather
    say(admin, room, "!weather  Porto")
    assert said(admin, room, 2)[1] == "No forecast for Porto"
    assert only_entry(admin, integration)["step"] == "after-process-send-message"


def test_a_busy_weather_service_is_asked_again(admin, receiver, weather):
    receiver.answers[:] = [Reply(503, b"x"), Reply(200, FORECAST)]
    integration, room = weather
    say(admin, room, "!weather  Porto")
    first, second = last_entries(admin, integration, 2)
    assert first["step"] == "going-to-retry-1"
    assert second["step"] == "after-process-send-message"


DEPLOY = (SCRIPTS / "ci.js").read_text()


@pytest.fixture(params=[True, False], ids=["as it is", "sloppy"])
def deploy(request, admin, receiver):
    return scripted(
        admin, receiver, DEPLOY, triggerWords=["!ci"], retryFailedCalls=False,
        skipTranspile=request.param,
    )  # fmt: skip


def test_a_command_nobody_knows_is_not_sent(admin, receiver, deploy):
    integration, room = deploy
    say(admin, room, "!ci dance now")
    entry = only_entry(admin, integration)
    assert (entry["step"], entry["finished"]) == ("after-prepare-no-opts", True)
    assert receiver.calls == []


def test_help_is_a_message_and_no_call(admin, receiver, deploy):
    integration, room = deploy
    say(admin, room, "!ci help")
    assert said(admin, room, 2)[1] == "usage: !ci <deploy|rollback> <service>"
    steps = only_entry(admin, integration)["steps"]
    assert steps[-2:] == ["after-prepare-send-message", "after-prepare-no-url_or_method"]
    assert receiver.calls == []


def test_a_deployment_is_asked_for_without_a_body(admin, receiver, deploy):
    receiver.answers[:] = [Reply(202, b"queued")]
    integration, room = deploy
    say(admin, room, "!ci deploy api")
    entry = only_entry(admin, integration)
    assert entry["step"] == "after-process-false-result"
    call = receiver.only()
    assert (call.method, call.path, call.body) == ("POST", "/deploy/api", b"")
    assert "content-type" not in call.headers
    assert said(admin, room, 1) == ["!ci deploy api"]


def test_a_deployment_that_fails_is_a_failure(admin, receiver, deploy):
    receiver.answers[:] = [Reply(502, b"bad")]
    integration, room = deploy
    say(admin, room, "!ci deploy api")
    assert only_entry(admin, integration)["step"] == "failed-and-not-configured-to-retry"
