"""Scripts behind hooks: what a call costs, what a thousand of them hold, and what an attack does to others.

The ruler is isolated-vm, the engine of the reference, behind node's http server; it is installed from
its lock file into build/bench, and only here.
"""

import json
import os
import shutil
import signal
import statistics
import subprocess
import threading
import time
import urllib.error
from pathlib import Path

import harness
from harness import (
    SERVER_CORE,
    Gantry,
    Process,
    cpu_per_request,
    free_port,
    pace,
    ratio,
    request_file,
    rounds,
    spread,
    temporary_folder,
)

ROUNDS, SECONDS = 7, 3
HERE = Path(__file__).parent
WEBHOOK = HERE / "webhook.js"
FREE = {"OVERWRITE_SETTING_API_Enable_Rate_Limiter": "false"}
COUNT = 1000


def push(commits=12):
    """What a push of twelve commits sends: about 6 kB."""
    authors = ["ana", "bo", "cy"]
    return {
        "ref": "refs/heads/main",
        "compare": "https://git.example.org/acme/api/compare/9f8e7d6c5b4a...1a2b3c4d5e6f",
        "forced": False,
        "repository": {"full_name": "acme/api", "html_url": "https://git.example.org/acme/api", "private": True},
        "pusher": {"name": "ana", "email": "ana@example.org"},
        "commits": [
            {
                "id": f"9f8e7d6c5b4a39281706f5e4d3c2b1a0{n:08x}",
                "message": f"OPS-{100 + n} Fix the retry timer of the queue\n\nIt was armed with the wall clock, which jumps.",
                "timestamp": f"2026-01-02T03:04:{n:02}Z",
                "url": f"https://git.example.org/acme/api/commit/9f8e7d6c5b4a39281706f5e4d3c2b1a0{n:08x}",
                "author": {"name": "Ana Roe", "username": authors[n % 3], "email": f"{authors[n % 3]}@example.org"},
                "added": [f"src/queue/timer_{n}.c"],
                "modified": ["src/queue/queue.c", "docs/queue.md"],
                "removed": [],
            }
            for n in range(commits)
        ],
    }


class Space:
    """A data folder with a room and hooks with scripts in it."""

    def __init__(self, settings=None):
        self.folder = temporary_folder()
        self.settings = dict(FREE, **(settings or {}))
        self.server = Gantry(self.folder, self.settings).login()
        self.server.call("POST", "/api/v1/channels.create", {"name": "bench"})

    def hook(self, source, name="hook"):
        wanted = {"type": "webhook-incoming", "name": name, "enabled": True, "username": "bench", "channel": "#bench",
                  "scriptEnabled": True, "script": source}
        made = self.server.call("POST", "/api/v1/integrations.create", wanted)["integration"]
        if "scriptError" in made:
            raise RuntimeError(made["scriptError"])
        return f"/hooks/{made['_id']}/{made['token']}"

    def post_script(self, path, body):
        target = Path(self.folder) / "post.lua"
        headers = 'wrk.headers["Content-Type"] = "application/json"\nwrk.headers["X-GitHub-Event"] = "push"'
        target.write_text(f'wrk.method, wrk.path = "POST", "{path}"\n{headers}\nwrk.body = [==[{json.dumps(body)}]==]')
        return str(target)

    def call(self, path, body):
        try:
            return self.server.call("POST", path, body)
        except urllib.error.HTTPError as refusal:
            return json.loads(refusal.read())

    def remove(self):
        self.server.stop()
        shutil.rmtree(self.folder)


# --- a call ---


def node_modules():
    """isolated-vm, installed once into build/bench/node."""
    target = harness.BUILD / "node"
    if not (target / "node_modules" / "isolated-vm").is_dir():
        target.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json", "server.js"):
            shutil.copy(HERE / "node" / name, target)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=target, check=True, stdout=subprocess.DEVNULL)
    shutil.copy(HERE / "node" / "server.js", target)
    return target / "server.js"


class Node(Process):
    def __init__(self, mode):
        port = free_port()
        super().__init__(["node", str(node_modules()), str(port), str(WEBHOOK), mode], port)


def argument_file(folder, body):
    """What the script gets, as the server makes it."""
    text = json.dumps(body)
    request = {"url": {"hash": "", "search": "", "query": {}, "pathname": "/hooks/x/y", "path": "/hooks/x/y"},
               "url_raw": "/hooks/x/y", "url_params": {"integrationId": "x", "token": "y"}, "content": body,
               "body": body, "content_raw": text, "headers": {"content-type": "application/json"},
               "user": {"_id": "u", "name": "", "username": "bench"}}
    target = Path(folder) / "argument.json"
    target.write_text(json.dumps({"request": request}, separators=(",", ":")))
    return str(target)


def bare_engine(argument):
    program = Path(harness.gantry_binary()).parent / "bench_engine"
    command = ["taskset", "-c", SERVER_CORE, str(program), str(WEBHOOK), argument, str(SECONDS)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["us"]


def script_call():
    """CPU time of a webhook's script: over HTTP with the message posted, the bare engine, and isolated-vm."""
    space = Space({"GANTRY_SCRIPTS_WORKERS": "2"})
    body = push()
    script = space.post_script(space.hook(WEBHOOK.read_text()), body)
    argument = argument_file(space.folder, body)
    persistent, fresh = Node("persistent"), Node("fresh")
    values = rounds(
        ROUNDS,
        {
            "server": lambda: cpu_per_request(space.server, SECONDS, 16, script),
            "engine": lambda: bare_engine(argument),
            "persistent": lambda: cpu_per_request(persistent, SECONDS, 16, script),
            "fresh": lambda: cpu_per_request(fresh, SECONDS, 16, script),
        },
    )
    for node in (persistent, fresh):
        node.stop()
    space.remove()
    print("   CPU µs per call: " + ", ".join(f"{name} {statistics.median(each):.0f}" for name, each in values.items()))
    against_engine = ratio(values, "server", "engine")
    return [
        ("CPU of a webhook's script over HTTP, message posted / the bare engine", spread(against_engine), "≤ 1.4",
         against_engine[0] <= 1.4),
        ("the same / node and isolated-vm, one isolate kept, nothing stored", spread(ratio(values, "server", "persistent")),
         "–", None),
        ("the same / node and isolated-vm, a fresh isolate per call, nothing stored",
         spread(ratio(values, "server", "fresh")), "–", None),
    ]


# --- a thousand of them ---


def memory_of_all(server):
    total = 0
    for pid in [server.pid] + server.children():
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += int(text.split("Pss:")[1].split()[0])
    return total


def script_memory():
    """What 1,000 integrations with scripts hold once each was called."""
    space = Space()
    source = WEBHOOK.read_text()
    paths = [space.hook(source, f"hook {n}") for n in range(COUNT)]
    before = memory_of_all(space.server)
    for path in paths:
        space.call(path, push(3))
    after = memory_of_all(space.server)
    space.remove()
    each = (after - before) / COUNT / 1024
    return [(f"memory of server and workers for each of {COUNT} integrations with a script (PSS)", f"{each:.2f} MB",
             "≤ 0.5 MB", each <= 0.5)]


# --- attacks ---

CPU_MS = 500
ATTACKS = {
    "endless loop": "for (;;);",
    "getter": "return { get content() { for (;;); } };",
    "proxy": "return new Proxy({}, { get() { for (;;); }, ownKeys() { for (;;); } });",
    "regex": "/(a+)+$/.test('a'.repeat(40) + 'b');",
    "promise chain": "return (async () => { for (;;) await null; })();",
    "join of a huge array": "return new Array(2 ** 32 - 2).join();",
    "reverse of a huge object": "Array.prototype.reverse.call({ length: 2 ** 53 - 1 });",
    "copyWithin of a huge object": "Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 1, 0);",
    "lastIndexOf": "const s = 'ab'.repeat(2 ** 20); for (;;) s.lastIndexOf('c');",
    "a huge number's text": "return (7n ** 300000n).toString() + (7n ** 300001n).toString();",
    "memory": "const a = []; for (;;) a.push({ a });",
    "recursion": "const f = () => f() + 1; return f();",
}


def attack(body):
    return "class Script { process_incoming_request() { " + body + " } }"


def times_after_deadline(space):
    late = {}
    for name, body in ATTACKS.items():
        path = space.hook(attack(body), name)
        space.call(path, {})  # evaluated, and the worker is there again
        begun = time.monotonic()
        space.call(path, {})
        late[name] = (time.monotonic() - begun) * 1000 - CPU_MS
    return late


def keep_attacking(space, path, stop):
    while not stop.is_set():
        space.call(path, {})


def script_attacks():
    """How late an attack ends after its CPU time of 500 ms, and what two at a time do to integrations.get."""
    space = Space({"GANTRY_SCRIPTS_CPU_TIME": f"{CPU_MS}ms", "GANTRY_SCRIPTS_WORKERS": "2"})
    late = times_after_deadline(space)
    worst = max(late, key=late.get)
    paths = [space.hook(attack(ATTACKS["endless loop"]), f"loop {n}") for n in range(2)]
    listed = space.server.call("GET", "/api/v1/integrations.list")["integrations"]
    get = request_file(space.folder, "get", "GET", f"/api/v1/integrations.get?integrationId={listed[0]['_id']}",
                       space.server.headers)
    stop = threading.Event()
    attackers = [threading.Thread(target=keep_attacking, args=(space, path, stop), daemon=True) for path in paths]
    for attacker in attackers:
        attacker.start()
    paced = pace(space.server.port, 1000, 10, 16, [get])
    stop.set()
    for attacker in attackers:
        attacker.join()
    space.remove()
    return [
        (f"an attack ends after its deadline, the worst of {len(late)} ({worst})", f"{late[worst]:.0f} ms", "≤ 250 ms",
         late[worst] <= 250),
        ("p99 of `integrations.get` at 1,000/s beside two endless loops", f"{paced['p99_ms']:.2f} ms", "≤ 10 ms",
         paced["p99_ms"] <= 10),
    ]


def script_recovery():
    """From the kill of the only worker, in the middle of a call, to the next answer."""
    space = Space({"GANTRY_SCRIPTS_WORKERS": "1"})
    busy = space.hook(attack("for (;;);"), "busy")
    ready = space.hook(WEBHOOK.read_text(), "ready")
    space.call(ready, push(1))
    times = []
    for _ in range(10):
        caller = threading.Thread(target=space.call, args=(busy, {}), daemon=True)
        caller.start()
        time.sleep(0.2)
        begun = time.monotonic()
        os.kill(space.server.children()[0], signal.SIGKILL)
        caller.join()
        space.call(ready, push(1))
        times.append((time.monotonic() - begun) * 1000)
        space.server.call("PUT", "/api/v1/integrations.update", update_of(space, "busy"))  # forgives
    space.remove()
    return [("a worker killed in the middle of a call: to the next call's answer, the worst of 10",
             f"{max(times):.0f} ms", "≤ 100 ms", max(times) <= 100)]


def update_of(space, name):
    listed = space.server.call("GET", "/api/v1/integrations.list")["integrations"]
    found = next(each for each in listed if each["name"] == name)
    return {"type": "webhook-incoming", "integrationId": found["_id"], "name": name, "enabled": True,
            "username": "bench", "channel": "#bench", "scriptEnabled": True, "script": attack("for (;;);")}


ALL = [script_call, script_memory, script_attacks, script_recovery]
