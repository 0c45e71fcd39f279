"""Hooks with scripts: what a script is given, what its result means for the sender and for the
room, and what its failures do. The rows are those of docs/scripts.md."""

import json
import threading
from contextlib import ExitStack

import pytest

from harness.bodies import SUCCESS, failure, text
from harness.hooks import FORM, call, hook_in_room, path, posted, recorded, texts
from harness.integrations import stored, update
from harness.people import add_client, add_user
from harness.scripts import incoming, last_runs, scripted
from harness.table import table
from harness.waiting import eventually
from harness.wire import Wire

EVALUATING = failure("error-evaluating-script")
RUNNING = failure("error-running-script")
OVERRIDE = failure("overriding destination channel is disabled for this integration")

# A script that answers with what it was given, one member of it.
TELL = "return { content: { text: 'x' }, response: { it: %s } }"


def told(nobody, hook, body=None, **headers):
    return call(nobody, hook, body, **headers).ok()["it"]


# What it is given

GIVEN = {
    "the address' hash": ("request.url.hash", ""),
    "the search": ("request.url.search", "?a=1&b=2&b=3&c%5Bd%5D=4"),
    "the query": ("request.url.query", {"a": "1", "b": ["2", "3"], "c[d]": "4"}),
    "the content": ("request.content", {"n": 1.5, "toString": None, "list": [{}]}),
    "the body is the content too": ("request.body", {"n": 1.5, "toString": None, "list": [{}]}),
    "the two are not one object": ("request.body !== request.content", True),
    "the raw body": ("request.content_raw", '{"n":1.5,"toString":null,"list":[{}]}'),
    "headers in lower case": ("request.headers['x-one']", "Uno"),
    "headers are plain": ("({...request.headers})['content-type']", "application/json"),
    "the user's members": ("Object.keys(request.user)", ["_id", "name", "username"]),
    "the user": ("request.user.username", "rocket.cat"),
    "dates and arrays of its own realm": ("request.content.list instanceof Array", True),
    "one argument": ("arguments.length", 1),
    "the members of a request": (
        "Object.keys(request).sort()",
        ["body", "content", "content_raw", "headers", "url", "url_params", "url_raw", "user"],
    ),
}


@pytest.mark.parametrize("expression,value", table(GIVEN))
def test_a_script_is_given(admin, nobody, expression, value):
    hook, _ = scripted(admin, incoming(TELL % expression))
    body = b'{"n":1.5,"toString":null,"list":[{}]}'
    headers = {"Content-Type": "application/json", "X-One": "Uno"}
    query = "a=1&b=2&b=3&c%5Bd%5D=4"
    answer = nobody.call("POST", path(hook) + "?" + query, body, headers=headers)
    assert answer.ok()["it"] == value


def test_the_address_is_given_as_it_was_asked_for(admin, nobody):
    hook, _ = scripted(admin, incoming(TELL % "[request.url, request.url_raw, request.url_params]"))
    plain = path(hook)
    url, raw, params = nobody.call("POST", plain, b"").ok()["it"]
    assert (url["search"], url["query"]) == ("", {})
    assert url["pathname"] == url["path"] == raw == plain
    assert params == {"integrationId": hook["_id"], "token": hook["token"]}
    long = path(hook, user="somebody")
    url, raw, params = nobody.call("POST", long + "?a=1", b"").ok()["it"]
    assert (url["pathname"], url["path"], raw) == (long, long + "?a=1", long + "?a=1")
    assert params["userId"] == "somebody"


def test_headers_that_come_twice_are_joined(server, admin):
    hook, _ = scripted(admin, incoming(TELL % "request.headers['x-two']"))
    with Wire(server.address) as wire:
        wire.send(
            f"POST {path(hook)} HTTP/1.1\r\nHost: x\r\nX-Two: a\r\nx-two: b\r\n"
            "Content-Length: 0\r\n\r\n".encode()
        )
        assert json.loads(wire.answer().body)["it"] == "a, b"


CONTENT = {
    "a form with a payload": (FORM, b"payload=%7B%22a%22%3A1%7D", {"a": 1}),
    "a form": (FORM, b"a=1&b=x+y", {"a": "1", "b": "x y"}),
    "no JSON": ("application/json", b"{", {}),
    "an array": ("application/json", b"[1]", {}),
    "nothing": ("application/json", b"", {}),
}


@pytest.mark.parametrize("kind,body,content", table(CONTENT))
def test_the_content_is_what_it_would_be_without_a_script(admin, nobody, kind, body, content):
    hook, _ = scripted(admin, incoming(TELL % "[request.content, request.content_raw]"))
    assert call(nobody, hook, body, Content_Type=kind).ok()["it"] == [content, body.decode()]


def test_a_get_runs_the_script_with_empty_content(admin, nobody):
    body = "return { content: { text: 'n' + Object.keys(request.content).length } }"
    hook, room = scripted(admin, incoming(body))
    assert nobody.get(path(hook)).said == SUCCESS
    assert texts(admin, room) == ["n0"]
    assert nobody.call("HEAD", path(hook)).status == 200
    assert texts(admin, room) == ["n0"]


# What its result means: (what the method does, the answer, the texts that are posted)

RESULTS = {
    "nothing": ("", SUCCESS, []),
    "null": ("return null", SUCCESS, []),
    "false": ("return false", SUCCESS, []),
    "0": ("return 0", SUCCESS, []),
    "an empty text": ("return ''", SUCCESS, []),
    "a content": ("return { content: { text: 'hi' } }", SUCCESS, ["hi"]),
    "a promise of a content": (
        "return Promise.resolve({ content: { text: 'hi' } })",
        SUCCESS,
        ["hi"],
    ),
    "a thenable": ("return { then(f) { f({ content: { text: 'hi' } }) } }", SUCCESS, ["hi"]),
    "an empty content is an empty message": ("return { content: {} }", SUCCESS, [""]),
    "an error as a text": ("return { error: 'no thanks' }", failure("no thanks"), []),
    "an error as an object": (
        "return { error: { success: true, message: 'm', code: 7 } }",
        (400, text({"success": False, "message": "m", "code": 7})),
        [],
    ),
    "an error as an object without success": (
        "return { error: { message: 'm' } }",
        (400, text({"message": "m", "success": False})),
        [],
    ),
    "an error before a content": (
        "return { content: { text: 'hi' }, error: 'no' }",
        failure("no"),
        [],
    ),
    "an empty error is none": ("return { content: { text: 'hi' }, error: '' }", SUCCESS, ["hi"]),
    "true": ("return true", RUNNING, []),
    "a number": ("return 7", RUNNING, []),
    "a text": ("return 'hi'", RUNNING, []),
    "an object without content": ("return { text: 'hi' }", RUNNING, []),
    "null as content": ("return { content: null }", RUNNING, []),
    "a text as content": ("return { content: 'hi' }", RUNNING, []),
    "a function": ("return () => 1", RUNNING, []),
    "a throw": ("throw new Error('inside')", RUNNING, []),
    "a rejection": ("return Promise.reject(new Error('inside'))", RUNNING, []),
    "a response": (
        "return { content: { text: 'hi' }, response: { seen: [1] } }",
        (200, text({"seen": [1], "success": True})),
        ["hi"],
    ),
    "a response with a success of its own": (
        "return { content: { text: 'hi' }, response: { success: false, a: 1 } }",
        (200, text({"success": True, "a": 1})),
        ["hi"],
    ),
    "a response that is no object": (
        "return { content: { text: 'hi' }, response: 'x' }",
        SUCCESS,
        ["hi"],
    ),
    "a destination while the override is off": (
        "return { content: { text: 'hi', channel: '#general' } }",
        OVERRIDE,
        [],
    ),
    "a message that is refused": (
        "return { content: { text: 'hi', attachments: [{ image_url: '/x' }] } }",
        failure("Invalid href value provided"),
        [],
    ),
}


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("body,answer,messages", table(RESULTS))
def test_a_method_that_gives(admin, nobody, body, answer, messages, strict):
    hook, room = scripted(admin, incoming(body), skipTranspile=strict)
    assert call(nobody, hook, {"text": "original"}).said == answer
    assert texts(admin, room) == messages


SCRIPTS = {
    "top-level code that throws": ("throw new Error('top'); class Script {}", EVALUATING),
    "no class": ("const x = 1;", EVALUATING),
    "a constructor that throws": ("class Script { constructor() { throw 1 } }", EVALUATING),
    "no method": ("class Script {}", SUCCESS),
    "a function as class": (
        "function Script() { this.process_incoming_request = () => ({ error: 'f' }) }",
        failure("f"),
    ),
    "a variable as class": (
        "var Script = class { process_incoming_request() { return { error: 'v' } } }",
        failure("v"),
    ),
    "an inherited method": (
        "class Base { process_incoming_request() { return { error: 'b' } } }"
        " class Script extends Base {}",
        failure("b"),
    ),
}


@pytest.mark.parametrize("script,answer", table(SCRIPTS))
def test_a_script_that_is(admin, nobody, script, answer):
    hook, room = scripted(admin, script)
    assert call(nobody, hook, {"text": "original"}).said == answer
    assert texts(admin, room) == []


def test_a_script_that_never_compiled_lets_messages_pass(admin, nobody):
    hook, room = scripted(admin, "class Script {")
    assert "scriptError" in hook
    assert call(nobody, hook, {"text": "unchanged"}).said == SUCCESS
    assert texts(admin, room) == ["unchanged"]


def test_a_script_that_is_off_lets_messages_pass(admin, nobody):
    hook, room = hook_in_room(admin, script=incoming("return"), scriptEnabled=False)
    assert call(nobody, hook, {"text": "unchanged"}).said == SUCCESS
    assert texts(admin, room) == ["unchanged"]


def test_a_script_that_was_made_blank_is_none(admin, nobody):
    hook, room = scripted(admin, incoming("return"))
    update(admin, hook, script=" ")
    assert call(nobody, hook, {"text": "unchanged"}).said == SUCCESS
    assert texts(admin, room) == ["unchanged"]


def test_separate_answers_are_inherited_from_the_sender(admin, nobody):
    body = "return { content: { text: 'hi', channel: ['#general', '#gone'] } }"
    hook, _ = scripted(admin, incoming(body), overrideDestinationChannelEnabled=True)
    answer = call(nobody, hook, {"separateResponse": True}).ok()
    assert [sorted(r)[1] for r in answer["responses"]] == ["message", "error"]
    assert call(nobody, hook, {"separateResponse": "true"}).said == failure("invalid-channel")
    assert call(nobody, hook, {}).said == failure("invalid-channel")


def test_what_the_script_says_of_separate_answers_counts(admin, nobody):
    content = "{ text: 'hi', channel: ['#general', '#gone'], separateResponse: %s }"
    body = "return { content: " + content + " }"
    yes, _ = scripted(admin, incoming(body % "true"), overrideDestinationChannelEnabled=True)
    assert len(call(nobody, yes, {}).ok()["responses"]) == 2
    no, _ = scripted(admin, incoming(body % "false"), overrideDestinationChannelEnabled=True)
    assert call(nobody, no, {"separateResponse": True}).said == failure("invalid-channel")


# In whose name


def test_a_script_may_post_as_its_own_user_and_as_others_with_the_right(admin, nobody):
    somebody = add_user(admin)
    body = "return { content: { text: 'hi' }, user: request.content.who || request.user }"
    hook, room = scripted(admin, incoming(body))
    assert call(nobody, hook, {}).said == SUCCESS
    named = {"who": {"username": somebody["username"]}}
    assert call(nobody, hook, named).said == SUCCESS
    names = [m["u"]["username"] for m in posted(admin, room)]
    assert names == ["rocket.cat", somebody["username"]]
    assert call(nobody, hook, {"who": {"_id": "nobody"}}).said == RUNNING
    assert call(nobody, hook, {"who": {}}).said == RUNNING


def test_without_the_right_to_impersonate_it_posts_as_nobody_else(admin, nobody):
    plain, other = add_client(admin, "poster"), add_user(admin)
    body = "return { content: { text: 'hi' }, user: { username: request.content.who } }"
    hook, room = scripted(admin, incoming(body), username=plain.username)
    role = {"roleId": "bot", "username": plain.username}
    admin.post("roles.removeUserFromRole", role).ok()
    assert call(nobody, hook, {"who": other["username"]}).said == RUNNING
    assert call(nobody, hook, {"who": plain.username}).said == SUCCESS
    assert len(texts(admin, room)) == 1


# State


def test_the_instance_and_its_variables_live_from_call_to_call_until_an_update(admin, nobody):
    script = (
        "let calls = 0; class Script { constructor() { this.own = 10 }"
        " process_incoming_request() { calls++; this.own++;"
        " const kept = Store.set('n', (Store.get('n') || 0) + 1);"
        " return { content: { text: [calls, this.own, kept].join(' ') } } } }"
    )
    hook, room = scripted(admin, script)
    for _ in range(3):
        call(nobody, hook, {}).ok()
    update(admin, hook, name="another name")
    call(nobody, hook, {}).ok()
    assert texts(admin, room) == ["1 11 1", "2 12 2", "3 13 3", "1 11 1"]


def test_integrations_share_nothing(admin, nobody):
    script = incoming("return { error: '' + Store.set('n', (Store.get('n') || 0) + 1) }")
    one, two = scripted(admin, script)[0], scripted(admin, script)[0]
    assert [call(nobody, h, {}).said for h in (one, one, two)] == [
        failure("1"), failure("2"), failure("1"),
    ]  # fmt: skip


# What its owner learns, and the sender does not


def test_a_failure_is_in_the_history_with_its_place_and_not_in_the_answer(admin, nobody):
    body = "\n\n  console.log('about to', { a: 1 });\n  return missing.member;\n"
    script = incoming(body)
    hook, _ = scripted(admin, script)
    answer = call(nobody, hook, {"text": "x"})
    assert answer.said == RUNNING
    (entry,) = recorded(admin, hook, 1)
    assert (entry["outcome"], entry["status"]) == ("refused", 400)
    told = entry["script"]
    assert (told["ended"], told["error"]["name"]) == ("failed", "ReferenceError")
    assert told["error"]["line"] == 4
    assert told["console"][0][0] == "log" and told["console"][0][1].startswith("about to")
    assert told["wallMs"] > 0 and told["heapBytes"] > 0
    (run,) = last_runs(admin, hook, 1)
    assert (run["ended"], run["error"]["line"]) == ("failed", 4)


OUTCOMES = {
    "posted": ("return { content: { text: 'x' } }", "posted", "returned", None),
    "nothing to post": ("return", "ignored", "returned", "the script returned nothing to post"),
    "its own refusal": ("return { error: 'no' }", "refused", "returned", "the script refused the call"),
    "a result without sense": ("return 7", "refused", "failed", None),
}


@pytest.mark.parametrize("body,outcome,ended,reason", table(OUTCOMES))
def test_the_history_says_how_a_call_with_a_script_ended(admin, nobody, body, outcome, ended, reason):
    hook, _ = scripted(admin, incoming(body))
    call(nobody, hook, {"text": "x"})
    (entry,) = recorded(admin, hook, 1)
    assert (entry["outcome"], entry["script"]["ended"]) == (outcome, ended)
    assert entry.get("reason") == reason


def test_what_a_script_prints_is_in_the_log(server, admin, nobody):
    hook, _ = scripted(admin, incoming("console.warn('look at', [1]); throw new Error('told')"))
    call(nobody, hook, {})
    last_runs(admin, hook, 1)
    for event in "script-console", "script-failed":
        wanted = f"event={event} integration={hook['_id']}"
        eventually(lambda: wanted in server.said(), "a line in the log")


# What breaks limits


def test_a_script_that_never_ends_is_ended_and_delays_nobody_else(admin, nobody):
    stuck, _ = scripted(admin, incoming("for (;;) {}"))
    fine, room = scripted(admin, incoming("return { content: { text: 'fine' } }"))
    answers = []
    other = nobody.another()
    thread = threading.Thread(target=lambda: answers.append(call(other, stuck, {}).said))
    thread.start()
    assert call(nobody, fine, {}).said == SUCCESS
    thread.join()
    assert answers == [RUNNING]
    assert texts(admin, room) == ["fine"]


LIMITS = {
    "memory": "const a = []; for (;;) a.push(new Array(10000).fill(7))",
    "the size of the result": "return { content: { text: 'x'.repeat(2 << 20) } }",
    "a promise that never settles": "return new Promise(() => {})",
    "the stack": "const f = () => f(); f()",
}


@pytest.mark.parametrize("body", table(LIMITS))
def test_breaking_a_limit_is_a_failure_of_the_method(admin, nobody, body):
    hook, room = scripted(admin, incoming(body))
    assert call(nobody, hook, {}).said == RUNNING
    assert call(nobody, hook, {}).said == RUNNING
    assert texts(admin, room) == []


# Switched off


def test_switched_off_scripts_are_kept_and_messages_pass(new_server):
    server = new_server(DISABLE_INTEGRATION_SCRIPTS="ivm").start()
    admin = server.admin()
    hook, room = scripted(admin, incoming("return { content: { text: 'scripted' } }"))
    assert ("scriptCompiled" in hook, "scriptError" in hook) == (False, False)
    assert call(server.client(), hook, {"text": "plain"}).said == SUCCESS
    server.restart(DISABLE_INTEGRATION_SCRIPTS="no")
    admin = admin.at(server.address)
    assert stored(admin, hook)["script"] == hook["script"]
    assert call(server.client(), hook, {"text": "plain"}).said == SUCCESS
    assert texts(admin, room) == ["plain", "scripted"]


# A sender that does not wait


def request_to(hook):
    return f"POST {path(hook)} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode()


def test_when_the_sender_leaves_nothing_is_posted_and_its_owner_hears_of_it(server, admin, nobody):
    wait = "const end = Date.now() + 500; while (Date.now() < end);"
    hook, room = scripted(admin, incoming(wait + "return { content: { text: 'x' } }"))
    with Wire(server.address) as wire:
        wire.send(request_to(hook))
    (entry,) = recorded(admin, hook, 1)
    assert entry["reason"] == "the sender left before the script had ended"
    assert entry["script"]["ended"] == "returned"
    assert call(nobody, hook, {}).said == SUCCESS
    assert texts(admin, room) == ["x"]


def test_a_server_that_stops_does_not_wait_for_scripts(new_server):
    server = new_server(GANTRY_SERVER_STOP_TIMEOUT="100ms", GANTRY_SCRIPTS_CPU_TIME="30s").start()
    admin = server.admin()
    stuck, _ = scripted(admin, incoming("for (;;) {}"))
    waiting, _ = scripted(admin, incoming("for (;;) {}"))
    fine, _ = scripted(admin, incoming("return null"))
    with Wire(server.address) as one, Wire(server.address) as two, Wire(server.address) as three:
        for wire, hook in (one, stuck), (two, stuck), (three, waiting):
            wire.send(request_to(hook))
        admin.get("me").ok()
        server.stop()
    server.start()
    assert call(server.client(), fine, {}).said == SUCCESS


def test_no_more_than_64_calls_wait_for_a_script(new_server):
    server = new_server(GANTRY_SERVER_STOP_TIMEOUT="100ms", GANTRY_SCRIPTS_CPU_TIME="30s").start()
    admin = server.admin()
    hook, room = scripted(admin, incoming("for (;;) {}"))
    with ExitStack() as stack:
        for _ in range(70):
            stack.enter_context(Wire(server.address)).send(request_to(hook))
        for entry in recorded(admin, hook, 5):
            assert (entry["outcome"], entry["status"]) == ("failed", 503)
            assert entry["script"]["ended"] == "refused"
        server.stop()
    server.start()
    assert texts(admin.at(server.address), room) == []
