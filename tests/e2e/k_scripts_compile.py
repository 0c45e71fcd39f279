"""The look at a script when an integration is made or changed: scriptCompiled, scriptError, and
what is run of records that were never looked at."""

import json
import sqlite3

import pytest

from harness.bodies import SUCCESS, failure
from harness.hooks import call, texts
from harness.integrations import BODIES, create_named, stored, update
from harness.scripts import incoming, scripted, try_script
from harness.table import table
from harness.waiting import eventually

WRONG = "class Script {"
RIGHT = incoming("return { content: { text: 'scripted' } }")


def looked_at(document):
    """(is there scriptCompiled?, is there scriptError?)"""
    return "scriptCompiled" in document, "scriptError" in document


COMPILED, BROKEN, NEITHER = (True, False), (False, True), (False, False)

SYNTAX = {
    "a class": (RIGHT, COMPILED),
    "no class at all": ("1 + 1", COMPILED),
    "a return outside of functions": ("return 1", COMPILED),
    "what engines of today know": (
        "const a = {}; a?.b ?? 1; class Script { #x = 1n; static y = 2; static {} }",
        COMPILED,
    ),
    "an open brace": (WRONG, BROKEN),
    "import": ("import x from 'y'", BROKEN),
    "export": ("export const x = 1", BROKEN),
    "await outside of functions": ("await 1", BROKEN),
    "a page of HTML": ("<html>", BROKEN),
    "a function that is closed and opened": ("} function x() {", BROKEN),
    "nothing but blanks": (" \n", NEITHER),
}


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("script,outcome", table(SYNTAX))
def test_create_looks_at(admin, kind, script, outcome, strict):
    document = create_named(
        admin, BODIES[kind], script=script, scriptEnabled=True, skipTranspile=strict
    )
    assert looked_at(document) == outcome
    assert looked_at(stored(admin, document)) == outcome
    if outcome == COMPILED:
        assert document["scriptCompiled"] == script


def test_an_error_says_what_and_where(admin):
    document = create_named(admin, BODIES["incoming"], script="let a;\nlet a;", scriptEnabled=True)
    error = document["scriptError"]
    assert list(error) == ["name", "message", "stack"]
    assert error["name"] == "SyntaxError"
    assert error["message"]


def test_a_broken_script_is_in_the_log(server, admin):
    document = create_named(admin, BODIES["incoming"], script=WRONG, scriptEnabled=True)
    wanted = "event=script-not-compiled integration=" + document["_id"]
    eventually(lambda: wanted in server.said(), "a line in the log")


@pytest.mark.parametrize("kind", BODIES)
def test_a_script_that_is_off_is_not_looked_at(admin, kind):
    assert looked_at(create_named(admin, BODIES[kind], script=WRONG)) == NEITHER


def test_a_script_may_have_256_kilobytes(admin):
    most = RIGHT + " " * (256 * 1024 - len(RIGHT))
    document = create_named(admin, BODIES["incoming"], script=most, scriptEnabled=True)
    assert looked_at(document) == COMPILED
    document = create_named(admin, BODIES["incoming"], script=most + " ", scriptEnabled=True)
    assert document["scriptError"] == {
        "name": "RangeError", "message": "The script is larger than 256 KiB", "stack": "",
    }  # fmt: skip
    assert "scriptCompiled" not in document


# Updates: (how the record began, what the update says, what is there afterwards)

UPDATES = {
    "a right script for a wrong one": ({"script": WRONG}, {"script": RIGHT}, COMPILED, COMPILED),
    "a wrong script for a right one": ({"script": RIGHT}, {"script": WRONG}, BROKEN, BROKEN),
    "another name": ({"script": RIGHT}, {"name": "other"}, COMPILED, COMPILED),
    "another name of a broken one": ({"script": WRONG}, {"name": "other"}, BROKEN, BROKEN),
    "switching it off": ({"script": RIGHT}, {"scriptEnabled": False}, COMPILED, NEITHER),
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("begin,change,of_incoming,of_outgoing", table(UPDATES))
def test_an_update_with(admin, kind, begin, change, of_incoming, of_outgoing):
    document = create_named(admin, BODIES[kind], scriptEnabled=True, **begin)
    document = update(admin, document, **change)
    assert looked_at(document) == (of_incoming if kind == "incoming" else of_outgoing)
    assert looked_at(stored(admin, document)) == looked_at(document)


def test_switching_it_on_looks_at_the_stored_script(admin):
    document = create_named(admin, BODIES["incoming"], script=RIGHT)
    document = update(admin, document, scriptEnabled=True)
    assert document["scriptCompiled"] == RIGHT


def test_frozen_scripts_are_left_as_they_are_and_run(new_server):
    server = new_server().start()
    admin = server.admin()
    hook, room = scripted(admin, RIGHT)
    server.restart(FREEZE_INTEGRATION_SCRIPTS="yes")
    admin = admin.at(server.address)
    document = update(admin, hook, name="other", scriptEnabled=False, skipTranspile=True)
    assert (document["scriptEnabled"], document["skipTranspile"]) == (True, False)
    assert document["scriptCompiled"] == RIGHT
    assert call(server.client(), hook, {}).said == SUCCESS
    assert texts(admin, room) == ["scripted"]
    assert try_script(admin, script=RIGHT).said == failure("integration-scripts-disabled")
    assert try_script(admin, integrationId=hook["_id"]).status == 200


def change_document(server, document, change):
    """As an import from elsewhere may have left it."""
    with sqlite3.connect(server.folder / "gantry.db") as database:
        (text,) = database.execute(
            "SELECT doc FROM integrations WHERE id = ?", (document["_id"],)
        ).fetchone()
        changed = json.loads(text)
        change(changed)
        database.execute(
            "UPDATE integrations SET doc = ? WHERE id = ?",
            (json.dumps(changed, separators=(",", ":")), document["_id"]),
        )


def test_a_record_that_was_never_looked_at_runs(new_server):
    server = new_server().start()
    admin = server.admin()
    hook, room = scripted(admin, RIGHT)
    broken, _ = scripted(admin, RIGHT)
    server.stop()
    change_document(server, hook, lambda d: d.pop("scriptCompiled"))
    change_document(server, broken, lambda d: d.update(script=WRONG) or d.pop("scriptCompiled"))
    server.start()
    assert call(server.client(), hook, {}).said == SUCCESS
    assert texts(admin.at(server.address), room) == ["scripted"]
    assert call(server.client(), broken, {}).said == failure("error-evaluating-script")


def test_while_scripts_are_switched_off_nothing_is_looked_at(new_server):
    server = new_server(DISABLE_INTEGRATION_SCRIPTS="yes").start()
    admin = server.admin()
    assert looked_at(scripted(admin, WRONG)[0]) == NEITHER
    refusal = try_script(admin, script=RIGHT).json()
    assert "switched off" in refusal["error"]


# Strict and sloppy: (the body of the method, with skipTranspile false, with true)

STRICTNESS = {
    "an implicit global": ("msg = 'x'; return { error: msg }", "x", None),
    "this in a plain function": (
        "return { error: (function () { return this === undefined ? 'none' : 'global' })() }",
        "global",
        "none",
    ),
    "arguments.callee": (
        "return { error: typeof (function () { return arguments.callee })() }",
        "function",
        None,
    ),
    "a frozen property": (
        "const o = Object.freeze({ a: 1 }); o.a = 2; return { error: 'a' + o.a }",
        "a1",
        None,
    ),
}


@pytest.mark.parametrize("body,sloppy,strict", table(STRICTNESS))
def test_class_bodies_are_strict_only_with_skip_transpile(admin, nobody, body, sloppy, strict):
    for skip, expected in (False, sloppy), (True, strict):
        hook, _ = scripted(admin, incoming(body), skipTranspile=skip)
        answer = failure(expected) if expected else failure("error-running-script")
        assert call(nobody, hook, {}).said == answer
