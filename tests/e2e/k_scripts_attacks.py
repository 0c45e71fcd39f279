"""Scripts that mean harm, or are only wrong: each ends as docs/scripts.md says, the next call works,
and nobody else notices. The limits are short here; how late each ends is measured by the benchmarks."""

import threading

import pytest

from harness.bodies import SUCCESS, failure
from harness.hooks import call, texts
from harness.scripts import incoming, last_runs, scripted
from harness.table import table
from harness.waiting import eventually

SETTINGS = {"GANTRY_SCRIPTS_CPU_TIME": "200ms", "GANTRY_SCRIPTS_WORKERS": "2"}

RUNNING = failure("error-running-script")
EVALUATING = failure("error-evaluating-script")

# Runs the attack when it is asked to; otherwise counts its calls, which shows what is left of its state.
UNDER_ATTACK = """
class Script {
  process_incoming_request({ request }) {
    Store.set('calls', (Store.get('calls') || 0) + 1);
    if (request.content.attack) { %s }
    return { content: { text: 'call ' + Store.get('calls') } };
  }
}
"""

# What a script does, and the name of the error that its owner reads.
ENDLESS = {
    "an endless loop": "for (;;);",
    "a loop that catches everything": "for (;;) { try { for (;;); } catch (e) {} finally { continue; } }",
    "a loop that looks at the time": "const t = Date.now(); while (Date.now() - t < 1e9);",
    "a getter of the result": "return { get content() { for (;;); } };",
    "toJSON of the result": "return { content: { toJSON() { for (;;); } } };",
    "a proxy": "const p = new Proxy({}, { get() { for (;;); } }); p.x;",
    "a comparison in a sort": "[2, 1].sort(() => { for (;;); });",
    "a regular expression": "/(a+)+$/.test('a'.repeat(40) + 'b');",
    "a look behind": "/(?<=x(a+)+)c/.test('y' + 'a'.repeat(40) + 'c');",
    "an endless chain of awaits": "return (async () => { for (;;) await null; })();",
    "join of a huge array": "return new Array(2 ** 32 - 2).join();",
    "reverse of a huge object": "Array.prototype.reverse.call({ length: 2 ** 53 - 1 });",
    "copyWithin of a huge object": "Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 1, 0);",
    "lastIndexOf over a long text": "const s = 'ab'.repeat(2 ** 20); for (;;) s.lastIndexOf('c');",
    "concat of huge arrays": "const a = []; a.length = 2 ** 31; [].concat(a, a);",
    "a sort of typed numbers": "const a = new Float64Array(9e5); for (;;) a.fill(1).sort((x, y) => x - y);",
    "a power with many digits": "for (let n = 7n; ; n *= n) n.toString();",
}

# These end by themselves or meet another limit.
BOUNDED = {
    "memory": ("const a = []; for (;;) a.push({ a: [] });", RUNNING),
    "a buffer": ("return new ArrayBuffer(2 ** 32);", RUNNING),
    "a long text": ("return { content: { text: 'x'.repeat(2 ** 29) } };", RUNNING),
    "recursion": ("const f = () => f() + 1; return f();", RUNNING),
    "recursion in JSON": ("return JSON.parse('['.repeat(1e6));", RUNNING),
    "a huge result": ("return { content: { text: 'x'.repeat(2 ** 21) } };", RUNNING),
    "a result in a circle": ("const a = {}; a.a = a; return { content: a };", RUNNING),
    "a promise that never settles": ("return new Promise(() => {});", RUNNING),
    "a growing chain of promises": ("return (function f(p) { return f(p.then(() => p)); })(Promise.resolve());", RUNNING),
    "a function's constructor": ("return constructor.constructor('return process')();", RUNNING),
    "the way out of the old engine": (
        "return { content: { text: typeof this.constructor.constructor('return this')().process } };",
        SUCCESS,
    ),
    "an import": ("return import('os');", RUNNING),
    "a module": ("return require('child_process');", RUNNING),
    "WebAssembly": ("return new WebAssembly.Memory({ initial: 1 });", RUNNING),
    "a timer": ("setTimeout(() => {}, 1);", RUNNING),
}


@pytest.mark.parametrize("attack", ENDLESS.values(), ids=ENDLESS)
def test_what_never_ends_is_ended_and_the_next_call_goes_on_from_before(admin, nobody, attack):
    hook, room = scripted(admin, UNDER_ATTACK % attack)
    assert call(nobody, hook, {}).said == SUCCESS
    assert call(nobody, hook, {"attack": True}).said == RUNNING
    assert call(nobody, hook, {}).said == SUCCESS
    assert texts(admin, room) in (["call 1", "call 2"], ["call 1", "call 1"])
    failed = last_runs(admin, hook, 3)[1]
    assert failed["error"]["name"] in ("TimeoutError", "RangeError", "InternalError")


@pytest.mark.parametrize("attack,answer", table(BOUNDED))
def test_what_asks_too_much_is_refused_and_the_next_call_works(admin, nobody, attack, answer):
    hook, room = scripted(admin, UNDER_ATTACK % attack)
    assert call(nobody, hook, {"attack": True}).said == answer
    assert call(nobody, hook, {}).said == SUCCESS
    assert texts(admin, room)[-1].startswith("call ")


@pytest.mark.parametrize("attack", ["for (;;);", "const a = []; for (;;) a.push([]);", "new Array(2 ** 32 - 2).join();"])
def test_top_level_code_has_the_same_limits(admin, nobody, attack):
    hook, _ = scripted(admin, "if (true) { %s } %s" % (attack, incoming("return")))
    assert call(nobody, hook, {}).said == EVALUATING


def test_changed_built_ins_change_nothing_for_others_and_nothing_in_the_answer(admin, nobody):
    vandal = """
      for (const name of ['parse', 'stringify']) JSON[name] = () => 'broken';
      Object.prototype.toJSON = () => 'broken';
      Array.prototype.push = Array.prototype.join = Map.prototype.get = () => 'broken';
      Promise.prototype.then = () => 'broken';
      String.prototype.replace = () => 'broken';
      return { content: { text: 'still here' } };
    """
    harmed, room = scripted(admin, incoming(vandal))
    other, quiet = scripted(admin, incoming("return { content: { text: JSON.stringify([1].join()) } }"))
    for _ in range(2):
        assert call(nobody, harmed, {}).status in (200, 400)
        assert call(nobody, other, {}).said == SUCCESS
    assert texts(admin, quiet) == ['"1"', '"1"']


def test_a_flood_of_lines_is_cut(admin, nobody):
    hook, _ = scripted(admin, incoming("for (let i = 0; i < 1e5; i++) console.log('x'.repeat(1e4)); return"))
    assert call(nobody, hook, {}).status in (200, 400)
    run = last_runs(admin, hook, 1)[0]
    assert len(run["console"]) <= 100
    assert all(len(line[1]) <= 4200 for line in run["console"])


def test_attacks_on_both_workers_keep_nobody_from_being_answered(admin, nobody, server):
    loops = [scripted(admin, incoming("for (;;);"))[0] for _ in range(3)]
    quiet, room = scripted(admin, incoming("return { content: { text: 'here' } }"))
    attackers = [threading.Thread(target=call, args=(server.client(), loop, {})) for loop in loops]
    for attacker in attackers:
        attacker.start()
    assert call(nobody, quiet, {}).said == SUCCESS
    assert admin.get("/api/v1/me").status == 200
    for attacker in attackers:
        attacker.join()
    assert texts(admin, room) == ["here"]


def test_a_script_whose_worker_is_killed_again_and_again_is_suspended(admin, nobody):
    # A built-in that never looks at the clock: the worker has to be killed.
    hook, room = scripted(admin, incoming("if (request.content.attack) new Array(2 ** 32 - 2).join(); "
                                          "return { content: { text: 'ok' } }"))
    for _ in range(5):
        assert call(nobody, hook, {"attack": 1}).said == RUNNING
    answer = call(nobody, hook, {})
    assert answer.said == (503, b'{"success":false,"error":"error-script-suspended"}')
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    listed = eventually(lambda: last_runs(admin, hook, 5), "its runs")
    assert len(listed) == 5
    changed = {**{k: hook[k] for k in ("type", "name", "enabled", "username", "scriptEnabled", "script")},
               "channel": ",".join(hook["channel"]), "integrationId": hook["_id"]}
    assert admin.put("/api/v1/integrations.update", changed).status == 200
    assert call(nobody, hook, {}).said == SUCCESS
    assert texts(admin, room) == ["ok"]
