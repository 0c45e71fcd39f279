"""The last runs of scripts: who sees them, what they tell, and how many are kept."""

import re
import sqlite3

import pytest

from harness.bodies import CLOSED, NO_PERMISSION, NOBODY, NOT_EMPTY, invalid, required
from harness.hooks import call, hook_in_room, path
from harness.integrations import ANY, MOMENT, OWN, remove, update
from harness.people import add_client, permissions
from harness.scripts import incoming, last_runs, runs, scripted
from harness.table import table
from harness.waiting import eventually


def test_a_run_tells_when_which_how_and_what_it_used(admin, nobody):
    hook, _ = scripted(admin, incoming("console.log('one'); console.error('two'); return null"))
    call(nobody, hook, {}).ok()
    (run,) = last_runs(admin, hook, 1)
    assert list(run) == [
        "number", "at", "method", "ended", "console", "cpuMs", "wallMs", "heapBytes",
    ]  # fmt: skip
    assert (run["number"], run["ended"]) == (1, "returned")
    assert run["method"] == "process_incoming_request"
    assert re.fullmatch(MOMENT, run["at"])
    assert run["console"] == [["log", "one"], ["error", "two"]]
    assert 0 < run["cpuMs"] <= run["wallMs"] < 60000
    assert run["heapBytes"] > 1000


def test_a_failure_tells_its_place_and_stack(admin, nobody):
    script = (
        "class Script {\n  process_incoming_request() { this.deep(); }\n"
        "  deep() {\n    null.x;\n  }\n}"
    )
    hook, _ = scripted(admin, script)
    call(nobody, hook, {})
    (run,) = last_runs(admin, hook, 1)
    error = run["error"]
    assert (run["ended"], error["name"], error["line"]) == ("failed", "TypeError", 4)
    assert "deep" in error["stack"]


ENDS = {
    "no method": ("class Script {}", "no-method"),
    "no class": ("1", "not-evaluated"),
    "a throw": (incoming("throw 1"), "failed"),
    "nothing": (incoming(""), "returned"),
}


@pytest.mark.parametrize("script,ended", table(ENDS))
def test_a_run_says_that_it_ended_with(admin, nobody, script, ended):
    hook, _ = scripted(admin, script)
    call(nobody, hook, {})
    assert last_runs(admin, hook, 1)[0]["ended"] == ended


def test_console_output_is_cut_in_lines_length_and_all(admin, nobody):
    script = incoming("for (let i = 0; i < 200; i++) console.log('x'.repeat(5000)); return null")
    hook, _ = scripted(admin, script)
    call(nobody, hook, {}).ok()
    (run,) = last_runs(admin, hook, 1)
    assert run["consoleCut"] is True
    assert 1 < len(run["console"]) < 100
    assert all(len(line) <= 4200 for _, line in run["console"])


def test_runs_are_paged_newest_first(admin, nobody):
    hook, _ = scripted(admin, incoming("return null"))
    for _ in range(5):
        call(nobody, hook, {}).ok()
    last_runs(admin, hook, 5)
    page = runs(admin, hook, offset="1", count="2").ok()
    assert [run["number"] for run in page["runs"]] == [4, 3]
    assert (page["offset"], page["count"], page["total"]) == (1, 2, 5)


def test_without_a_script_there_are_none(admin, nobody):
    hook, _ = hook_in_room(admin)
    call(nobody, hook, {"text": "x"}).ok()
    assert runs(admin, hook).ok()["runs"] == []


def test_no_more_than_two_hundred_are_kept_and_none_after_a_week(new_server):
    server = new_server().start()
    admin = server.admin()
    hook, _ = scripted(admin, incoming("return null"))
    sender = server.client()
    for _ in range(230):
        sender.post(path(hook), {}).ok()
    eventually(
        lambda: runs(admin, hook, count="1").ok()["runs"][:1] and
        runs(admin, hook, count="1").ok()["runs"][0]["number"] == 230,
        "230 runs",
    )
    assert runs(admin, hook).ok()["total"] == 200
    server.stop()
    with sqlite3.connect(server.folder / "gantry.db") as database:
        database.execute("UPDATE records SET at_ms = at_ms - 7 * 86400000")
        database.execute("UPDATE record_lists SET oldest_ms = oldest_ms - 7 * 86400000")
    server.start()
    assert runs(admin.at(server.address), hook).ok()["total"] == 0


def test_an_update_keeps_them_and_a_removal_does_not(admin, nobody):
    hook, _ = scripted(admin, incoming("return null"))
    call(nobody, hook, {}).ok()
    last_runs(admin, hook, 1)
    update(admin, hook, name="other")
    assert runs(admin, hook).ok()["total"] == 1
    remove(admin, hook).ok()
    assert runs(admin, hook).ok()["total"] == 0


# Who sees them


def test_one_sees_the_runs_of_what_one_manages(admin, nobody):
    hook, _ = scripted(admin, incoming("return null"))
    call(nobody, hook, {}).ok()
    last_runs(admin, hook, 1)
    somebody = add_client(admin)
    assert runs(somebody, hook).said == NO_PERMISSION
    assert runs(nobody, hook).said == NOBODY
    with permissions(admin, {OWN["incoming"]: ["user", "admin"]}):
        assert runs(somebody, hook).ok()["total"] == 0
    with permissions(admin, {ANY["outgoing"]: ["user", "admin"]}):
        assert runs(somebody, hook).ok()["total"] == 0
    with permissions(admin, {ANY["incoming"]: ["user", "admin"]}):
        assert runs(somebody, hook).ok()["total"] == 1


def test_an_integration_that_is_not_there_has_none(admin):
    assert runs(admin, {"_id": "nothing"}).ok()["runs"] == []


WRONG = {
    "no id": ({}, invalid(required("id"))),
    "an empty id": ({"id": ""}, invalid("id " + NOT_EMPTY)),
    "something else": ({"id": "x", "sort": "y"}, invalid(CLOSED + " ('sort')")),
}


@pytest.mark.parametrize("query,refusal", table(WRONG))
def test_wrong_parameters(admin, query, refusal):
    assert admin.get("/ext/v1/scripts.runs", query).said == refusal
