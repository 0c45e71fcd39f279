"""Trying scripts, over the API and on the command line: what would be done is told, and nothing is
done."""

import json

import pytest

from harness.bodies import CLOSED, NO_PERMISSION, NOBODY, invalid, thrown
from harness.hooks import call, posted, recorded, set_options, texts
from harness.integrations import ANY, OUTGOING, OWN, create_named
from harness.people import add_client, permissions
from harness.program import gantry
from harness.scripts import incoming, runs, scripted, try_script
from harness.table import table

SAY = incoming("console.log('said'); return { content: { text: request.content.t + '!' } }")


def test_a_draft_tells_what_it_would_post_and_answer(admin):
    told = try_script(admin, script=SAY, request={"content": {"t": "hi"}}).ok()
    assert told["result"] == {"content": {"text": "hi!"}}
    assert (told["status"], told["response"]) == (200, {"success": True})
    assert told["wouldPost"] == [
        {"alias": "", "msg": "hi!", "attachments": [], "parseUrls": True, "groupable": False}
    ]
    assert (told["ended"], told["console"]) == ("returned", [["log", "said"]])
    assert told["wallMs"] > 0 and told["cpuMs"] > 0 and told["heapBytes"] > 0


def test_an_integration_tells_it_with_what_is_its_own_and_nothing_happens(admin):
    hook, room = scripted(admin, SAY, alias="Robot", emoji=":gear:")
    told = try_script(admin, integrationId=hook["_id"], request={"content": {"t": "hi"}}).ok()
    (message,) = told["wouldPost"]
    assert message["channel"] == "#" + room["name"]
    assert (message["alias"], message["emoji"]) == ("Robot", ":gear:")
    assert message["bot"] == {"i": hook["_id"]}
    assert posted(admin, room) == []
    assert runs(admin, hook).ok()["total"] == 0
    assert admin.get("/ext/v1/hooks.history", {"id": hook["_id"]}).ok()["total"] == 0


def test_a_draft_for_an_integration_leaves_its_own_script_and_state_alone(admin, nobody):
    count = "Store.set('n', (Store.get('n') || 0) + 1)"
    body = "return { content: { text: 'n' + " + count + " } }"
    hook, room = scripted(admin, incoming(body))
    call(nobody, hook, {}).ok()
    for _ in range(2):
        told = try_script(admin, integrationId=hook["_id"]).ok()
        assert told["wouldPost"][0]["msg"] == "n1"
    told = try_script(admin, integrationId=hook["_id"], script=incoming("return null")).ok()
    assert told["wouldPost"] == []
    call(nobody, hook, {}).ok()
    assert texts(admin, room) == ["n1", "n2"]


FAILED = {"success": False, "error": "error-running-script"}
ANSWERS = {
    "a refusal": ("return { error: 'no' }", 400, {"success": False, "error": "no"}, "returned"),
    "a response": (
        "return { content: { text: 'x' }, response: { a: 1 } }",
        200,
        {"a": 1, "success": True},
        "returned",
    ),
    "nothing": ("return", 200, {"success": True}, "returned"),
    "a throw": ("throw new RangeError('r')", 400, FAILED, "failed"),
    "a result without sense": ("return 7", 400, FAILED, "failed"),
    "a wrong message": (
        "return { content: { text: 'x', attachments: [{ image_url: '/x' }] } }",
        400,
        {"success": False, "error": "Invalid href value provided"},
        "returned",
    ),
}


@pytest.mark.parametrize("body,status,response,ended", table(ANSWERS))
def test_the_answer_of_a_sender_is_told_for(admin, body, status, response, ended):
    told = try_script(admin, script=incoming(body)).ok()
    assert (told["status"], told["response"], told["ended"]) == (status, response, ended)


def test_errors_have_their_place(admin):
    told = try_script(admin, script=incoming("\n\n oops()")).ok()
    assert (told["error"]["name"], told["error"]["line"]) == ("ReferenceError", 3)
    told = try_script(admin, script="class Script {\n  let x\n}").ok()
    assert (told["ended"], told["error"]["name"]) == ("not-evaluated", "SyntaxError")


def test_a_destination_that_the_integration_does_not_allow(admin):
    body = "return { content: { text: 'x', channel: '#general' } }"
    hook, _ = scripted(admin, incoming(body))
    told = try_script(admin, integrationId=hook["_id"]).ok()
    assert told["response"]["error"].startswith("overriding destination channel")
    free, _ = scripted(admin, incoming(body), overrideDestinationChannelEnabled=True)
    told = try_script(admin, integrationId=free["_id"]).ok()
    assert told["wouldPost"][0]["channel"] == "#general"


def test_what_is_not_given_of_a_request_is_as_usual(admin):
    script = incoming("return { content: {}, response: { r: request } }")
    request = {"content": {"a": 1}, "url": {"query": {"room": "ops"}}, "headers": {"x-a": "b"}}
    seen = try_script(admin, script=script, request=request).ok()["response"]["r"]
    assert seen["content"] == seen["body"] == {"a": 1}
    assert seen["content_raw"] == '{"a":1}'
    assert seen["url"]["query"] == {"room": "ops"}
    assert seen["url"]["pathname"] == "/hooks/draft/token"
    assert seen["headers"] == {"x-a": "b"}
    assert seen["user"]["username"] == admin.username


# A call that was recorded


def test_a_recorded_call_is_tried_again(admin, nobody):
    hook, room = scripted(admin, SAY)
    set_options(admin, hook, history={"headers": True, "body": True}).ok()
    call(nobody, hook, {"t": "once"}, X_Event="push").ok()
    (entry,) = recorded(admin, hook, 1)
    text = "request.content.t + request.headers['x-event']"
    script = incoming("return { content: { text: " + text + " } }")
    told = try_script(admin, integrationId=hook["_id"], script=script, call=entry["number"]).ok()
    assert told["wouldPost"][0]["msg"] == "oncepush"
    assert texts(admin, room) == ["once!"]


def test_a_call_whose_body_was_not_kept_cannot_be_tried(admin, nobody):
    hook, _ = scripted(admin, SAY)
    call(nobody, hook, {"t": "x"}).ok()
    recorded(admin, hook, 1)
    assert "whole body" in try_script(admin, integrationId=hook["_id"], call=1).json()["error"]
    assert "no such call" in try_script(admin, integrationId=hook["_id"], call=9).json()["error"]
    assert "integrationId" in try_script(admin, script=SAY, call=1).json()["error"]


# The outgoing side

DATES = """class Script {
  prepare_outgoing_request({ request }) {
    const at = request.data.timestamp;
    const n = typeof request.data.message.ts.getTime;
    return { url: request.url, method: 'GET', at: at instanceof Date && at.toISOString(), n };
  }
  process_outgoing_response({ request, response }) {
    const { status_code, content, content_raw } = response;
    return { content: { text: status_code + content + content_raw + request.data.x } };
  }
}"""


def test_moments_are_dates(admin):
    data = {"timestamp": "2026-01-02T03:04:05Z", "message": {"ts": 1700000000000}}
    request = {"data": data, "url": "https://x.example"}
    told = try_script(admin, script=DATES, side="outgoing", request=request).ok()
    assert told["result"] == {
        "url": "https://x.example",
        "method": "GET",
        "at": "2026-01-02T03:04:05.000Z",
        "n": "function",
    }
    assert "status" not in told


def test_an_outgoing_integration_has_its_url_and_a_response_its_usual_members(admin):
    hook = create_named(admin, OUTGOING, script=DATES, scriptEnabled=True, alias="Out")
    data = {"timestamp": 0, "message": {"ts": 0}, "x": "x"}
    told = try_script(admin, integrationId=hook["_id"], request={"data": data}).ok()
    assert told["result"]["url"] == OUTGOING["urls"][0]
    told = try_script(
        admin,
        integrationId=hook["_id"],
        method="process_outgoing_response",
        request={"data": data},
        response={"status_code": 404, "content": "no"},
    ).ok()
    (message,) = told["wouldPost"]
    assert (message["msg"], message["alias"]) == ("404nonox", "Out")


# Who may, and what not


def test_one_may_try_what_one_may_manage(admin, nobody):
    hook, _ = scripted(admin, SAY)
    somebody = add_client(admin)
    assert try_script(somebody, script=SAY).said == NO_PERMISSION
    assert try_script(nobody, script=SAY).said == NOBODY
    details = {"method": "testScript"}
    with permissions(admin, {OWN["incoming"]: ["user", "admin"]}):
        assert try_script(somebody, script=SAY).status == 200
        assert try_script(somebody, integrationId=hook["_id"]).said == thrown(
            "error-invalid-integration", "Invalid integration", **details
        )
        assert try_script(somebody, script=DATES, side="outgoing").said == thrown(
            "not_authorized", "Unauthorized", **details
        )
    with permissions(admin, {ANY["incoming"]: ["user", "admin"]}):
        assert try_script(somebody, integrationId=hook["_id"]).status == 200


WRONG = {
    "no script": ({}, "There is no script"),
    "a method that there is not": ({"script": SAY, "method": "other"}, "no method of that name"),
    "a method of the other side": (
        {"script": SAY, "method": "process_incoming_request", "side": "outgoing"},
        "no method of that side",
    ),
    "a script that is too long": ({"script": "x" * 262145}, "larger than 256 KiB"),
}


@pytest.mark.parametrize("body,text", table(WRONG))
def test_wrong_bodies(admin, body, text):
    answer = try_script(admin, **body)
    assert answer.status == 400 and text in answer.json()["error"]


def test_other_members_are_refused(admin):
    assert try_script(admin, script=SAY, other=1).said == invalid(CLOSED + " ('other')")


def test_trials_are_limited(new_server):
    server = new_server(OVERWRITE_SETTING_API_Enable_Rate_Limiter="true").start()
    admin = server.admin()
    somebody = add_client(admin)
    with permissions(admin, {OWN["incoming"]: ["user", "admin"]}):
        statuses = [try_script(somebody, script=SAY).status for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2


# The command line


def test_the_command_line_tries_a_file(folder):
    (folder / "script.js").write_text(SAY)
    (folder / "request.json").write_text(json.dumps({"content": {"t": "hi"}}))
    done = gantry("script", "run", folder / "script.js", "--request", folder / "request.json")
    assert done.code == 0, done
    lines = [line.split(None, 1) for line in done.out.splitlines()]
    assert lines[0] == ["log", "said"]
    assert lines[1] == ["returned", '{"content":{"text":"hi!"}}']
    assert lines[2] == ["answers", '200 {"success":true}']
    assert lines[3][0] == "posts" and '"msg":"hi!"' in lines[3][1]
    assert lines[4][0] == "used"
    assert sorted(p.name for p in folder.iterdir()) == ["request.json", "script.js"]


def test_the_command_line_tries_outgoing_methods(folder):
    (folder / "script.js").write_text(DATES)
    request = {"data": {"timestamp": 0, "message": {"ts": 0}, "x": "x"}}
    given = {"request": request, "response": {"content": "c"}}
    (folder / "request.json").write_text(json.dumps(given))
    arguments = ["script", "run", folder / "script.js", "--request", folder / "request.json"]
    done = gantry(*arguments, "--method", "process_outgoing_response")
    assert done.code == 0 and '"msg":"200ccx"' in done.out, done


def test_the_command_line_fails_when_the_script_does(folder):
    (folder / "script.js").write_text(incoming("\n missing()"))
    done = gantry("script", "run", folder / "script.js")
    assert done.code == 1, done
    assert done.out.startswith("failed    ReferenceError: ") and "(line 2, column" in done.out


COMPLAINTS = {
    "a file that is not there": (["nothing.js"], 1, "nothing.js cannot be read"),
    "a folder": (["."], 1, ". cannot be read: Is a directory"),
    "a file larger than a script may be": (["large.js"], 1, "larger than the 256 KiB"),
    "no file": ([], 2, "FILE is missing"),
    "a method that there is not": (["script.js", "--method", "x"], 2, "no method x"),
    "a request that is no object": (["script.js", "--request", "script.js"], 1, "no JSON object"),
}


@pytest.mark.parametrize("arguments,code,text", table(COMPLAINTS))
def test_the_command_line_complains_of(folder, arguments, code, text):
    (folder / "script.js").write_text(SAY)
    (folder / "large.js").write_text(SAY + " " * (256 << 10))
    done = gantry("script", "run", *arguments, cwd=folder)
    assert (done.code, done.out) == (code, "") and text in done.err, done
