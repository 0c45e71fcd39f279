"""Outgoing webhooks: how fast what waits is delivered, what a great backlog costs, and what silent
receivers do to the others.

What waits is written into the stopped server's database, row by row as the server writes it. The
rulers are a bare loop of libcurl, and a node worker on BullMQ and Redis, which is installed from its
lock file into build/bench, and only here. BENCH_SCALE divides the great numbers, for a quick look.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import time
import urllib.request
from pathlib import Path

import harness
from harness import (
    LOAD_CORE,
    SERVER_CORE,
    Process,
    compiled,
    cpu_per_request,
    free_port,
    pace,
    ratio,
    request_file,
    rounds,
    spread,
    temporary_folder,
)
from messages import UNLIMITED, Workspace

SCALE = int(os.environ.get("BENCH_SCALE", "1"))
QUEUED, ROUNDS = 100_000 // SCALE, 3
INTEGRATIONS, PORTS = 64, 16
CONCURRENCY = 256  # of the rulers: as many as the server has when each port gets 16
BACKLOG, DESTINATIONS, OTHERS = 1_000_000 // SCALE, 1000, 100_000 // SCALE
SILENT, SILENT_ROWS, LIVE, LIVE_RATE = 1000, 100, 10, 200
SETTINGS = dict(UNLIMITED, GANTRY_OUTBOUND_ALLOW="127.0.0.0/8", GANTRY_LOG_LEVEL="error")
URL = "http://127.0.0.1:{}/hook"
NOBODY = URL.format(9)
DELIVERED = re.compile(r"^gantry_delivery_attempts_total\{[^}]*delivered[^}]*\} (\d+)", re.M)
LONG_AGO_MS = 1_704_895_972_203
HOUR_MS = 3_600_000
TIMED = {"text": "at:" + 19 * "@" + " Build 4711 of main has passed: 1,204 tests in 3 minutes."}
HERE = Path(__file__).parent


# --- receivers ---


def free_ports(count):
    """The first of so many ports in a row that nobody has."""
    for first in range(20000, 32000 - count, 100):
        with contextlib.ExitStack() as sockets:
            try:
                for port in range(first, first + count):
                    sockets.enter_context(socket.socket()).bind(("127.0.0.1", port))
                return first
            except OSError:
                continue
    raise RuntimeError("no ports are free")


class NginxReceivers(Process):
    """A usual server in their place."""

    def __init__(self, folder, count):
        first = free_ports(count)
        listen = " ".join(f"listen 127.0.0.1:{first + n} backlog=1024;" for n in range(count))
        config = Path(folder) / "nginx.conf"
        config.write_text(
            f"""daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log /dev/null;
            events {{ worker_connections 4096; }}
            http {{ access_log off; keepalive_requests 100000000;
              client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
              uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
              server {{ {listen} location / {{ return 200; }} }} }}"""
        )
        super().__init__([shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(config)], first, LOAD_CORE)

    def url(self, number):
        return URL.format(self.port + number % PORTS)


class Receivers(Process):
    """Some answer 200 at once, the others never."""

    def __init__(self, answering, silent=0):
        self.answering = answering
        first = free_ports(answering + silent)
        super().__init__([compiled("receivers"), str(first), str(answering), str(silent)], first, LOAD_CORE)

    def url(self, number):
        return URL.format(self.port + number % self.answering)

    def silent_url(self, number):
        return URL.format(self.port + self.answering + number)

    def told(self, path="/"):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
            return json.loads(answer.read())

    def forget(self):
        self.told("/forget")

    def wait_for(self, posts, seconds):
        """What they were told, once it is that much or time is over."""
        until = time.monotonic() + seconds
        while (told := self.told())["posts"] < posts and time.monotonic() < until:
            time.sleep(0.1)
        return told


# --- rows ---


def payload(number):
    """What is told of a message of usual length, without the integration's part."""
    return {
        "bot": False,
        "channel_id": "GENERAL",
        "channel_name": "general",
        "message_id": f"{number:017d}",
        "timestamp": "2026-01-02T03:04:05.000Z",
        "user_id": "rocket.cat",
        "user_name": "rocket.cat",
        "text": "Build 4711 of main has passed: 1,204 tests in 3 minutes; it is on its way to production.",
        "siteUrl": "http://localhost:3000",
    }


def integration(identifier, channel, url):
    return {
        "_id": identifier,
        "type": "webhook-outgoing",
        "username": "rocket.cat",
        "channel": [channel],
        "scriptEnabled": False,
        "name": identifier,
        "enabled": True,
        "event": "sendMessage",
        "urls": [url],
        "userId": "rocket.cat",
        "token": "k9",
        "_createdAt": "2024-01-10T14:12:52.201Z",
        "_updatedAt": "2024-01-10T14:12:52.203Z",
    }


def insert_targets(db, count, channel_of, url_of):
    """Outgoing integrations, each with a line of its own; returns (line, id, url) of each."""
    start = db.execute("SELECT coalesce(max(seq), 0) + 1 FROM delivery_lines").fetchone()[0]
    targets = [(start + n, f"{start + n:024x}", channel_of(n), url_of(n)) for n in range(count)]
    db.executemany(
        "INSERT INTO integrations (id, incoming, creator_id, name, name_key, user_id, updated_at_ms, doc)"
        " VALUES (?, 0, NULL, ?, ?, 'rocket.cat', ?, ?)",
        (
            (i, i, i, LONG_AGO_MS, json.dumps(integration(i, channel, url), separators=(",", ":")))
            for _, i, channel, url in targets
        ),
    )
    db.executemany(
        "INSERT INTO integration_channels (integration_seq, channel) SELECT seq, ? FROM integrations WHERE id = ?",
        ((channel, i) for _, i, channel, _ in targets),
    )
    db.executemany(
        "INSERT INTO delivery_lines (seq, integration_id, closed) VALUES (?, ?, 0)",
        ((line, i) for line, i, _, _ in targets),
    )
    return [(line, i, url) for line, i, _, url in targets]


def insert_waiting(db, targets, count, due_ms=LONG_AGO_MS):
    """Deliveries that wait for the targets in turns."""
    db.executemany(
        "INSERT INTO deliveries (id, line_seq, integration_id, state, due_ms, tries, depth, created_ms, event, url, data)"
        " VALUES (?, ?, ?, 0, ?, 0, 0, ?, 'sendMessage', ?, ?)",
        (
            (f"{n:024x}", line, i, due_ms + n, LONG_AGO_MS, url, json.dumps(payload(n), separators=(",", ":")))
            for n, (line, i, url) in ((n, targets[n % len(targets)]) for n in range(count))
        ),
    )


def room_of(number):
    return f"live-{number}"


class Space(Workspace):
    """A data folder with rooms, and whatever is written into it while its server is stopped."""

    def __init__(self, rooms=1):
        super().__init__([room_of(n) for n in range(rooms)])

    def insert(self, count, channel_of, url_of, waiting=0, due_ms=LONG_AGO_MS):
        db = self.database()
        with db:
            targets = insert_targets(db, count, channel_of, url_of)
            if waiting:
                insert_waiting(db, targets, waiting, due_ms)
        db.close()

    def waiting(self):
        db = self.database()
        count = db.execute("SELECT count(*) FROM deliveries WHERE state < 2").fetchone()[0]
        db.close()
        return count

    def serve(self, settings=None):
        return super().serve(dict(SETTINGS, **(settings or {})))

    def timed_posts(self):
        """A request for each room that says when it was due."""
        return [request_file(self.folder, f"timed-{name}", "POST", self.path(name), {}, TIMED) for name in self.rooms]


# --- against a bare loop and BullMQ ---


def delivered(server):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics") as answer:
        found = DELIVERED.search(answer.read().decode())
    return int(found.group(1)) if found else 0


def gantry_rate(receivers, cpu_us):
    """Deliveries a second, from the first look at the server to the last row's end."""
    space = Space()
    space.insert(INTEGRATIONS, lambda n: "#general", receivers.url, QUEUED)
    server = space.serve()
    begun, before, cpu = time.monotonic(), delivered(server), server.cpu_seconds()
    while (done := delivered(server)) < QUEUED:
        time.sleep(0.05)
    seconds = time.monotonic() - begun
    cpu_us.append((server.cpu_seconds() - cpu) * 1e6 / (done - before))
    server.stop()
    if space.waiting():
        raise RuntimeError(f"{space.waiting()} deliveries are left")
    space.remove()
    return (done - before) / seconds


def rate_of(command):
    output = subprocess.run(["taskset", "-c", SERVER_CORE] + command, check=True, capture_output=True, text=True).stdout
    result = json.loads(output)
    return result["calls"] / result["seconds"]


def bare_rate(receivers, body):
    return rate_of([compiled("curl", "curl"), str(receivers.port), str(PORTS), str(QUEUED), str(CONCURRENCY), body])


class Redis(Process):
    """The server hides in Debian's redis-tools: it is one program with the checker of its files."""

    def __init__(self, folder):
        program = harness.BUILD / "redis-server"
        if not program.exists():
            program.symlink_to(shutil.which("redis-check-rdb"))
        port = free_port()
        command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "",
                   "--appendonly", "yes", "--appendfsync", "no"]
        super().__init__(command, port)


def queue_worker():
    """BullMQ, installed once into build/bench/queue. `npm ci` would miss builds for other systems."""
    target = harness.BUILD / "queue"
    target.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "worker.js"):
        shutil.copy(HERE / "queue" / name, target)
    if not (target / "node_modules" / "bullmq").is_dir():
        command = ["npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=target, check=True, stdout=subprocess.DEVNULL)
    return str(target / "worker.js")


def bullmq_rate(receivers, body, appendfsync):
    folder = temporary_folder()
    redis = Redis(folder)
    try:
        return rate_of(["node", queue_worker(), str(redis.port), str(receivers.port), str(PORTS), str(QUEUED),
                        str(CONCURRENCY), body, appendfsync])
    finally:
        redis.stop()
        shutil.rmtree(folder)


def paced_times(space, receivers, rate, seconds):
    """What receivers saw of so many messages a second; all of them are waited for."""
    server = space.serve()
    receivers.forget()
    cpu = server.cpu_seconds()
    sent = pace(server.port, rate, seconds, 16, space.timed_posts())["sent"]
    told = receivers.wait_for(sent, 30)
    told["cpu_us"] = (server.cpu_seconds() - cpu) * 1e6 / sent
    told["sent"] = sent
    server.popen.kill()  # a drain would wait for those that are silent
    server.popen.wait()
    return told


def latency(receivers):
    """From the moment a post is due to its arrival, at 20 a second."""
    space = Space()
    space.insert(1, lambda n: "#" + room_of(n), receivers.url)
    told = paced_times(space, receivers, 20, 15)
    space.remove()
    return told


def deliveries_against_floor():
    """Waiting deliveries to local receivers, against a bare curl loop and a node worker on BullMQ."""
    folder = temporary_folder()
    receivers, nginx = Receivers(PORTS), NginxReceivers(folder, PORTS)
    body = Path(folder) / "body.json"
    body.write_text(json.dumps({"token": "k9", **payload(0)}, separators=(",", ":")))
    cpu_us = []
    values = rounds(
        ROUNDS,
        {
            "gantry": lambda: gantry_rate(receivers, cpu_us),
            "bare": lambda: bare_rate(receivers, str(body)),
            "gantry to nginx": lambda: gantry_rate(nginx, []),
            "bare to nginx": lambda: bare_rate(nginx, str(body)),
            "always": lambda: bullmq_rate(receivers, str(body), "always"),
            "everysec": lambda: bullmq_rate(receivers, str(body), "everysec"),
        },
    )
    timed = latency(receivers)
    receivers.stop()
    nginx.stop()
    bare, always = ratio(values, "gantry", "bare"), ratio(values, "gantry", "always")
    print("   a second: " + ", ".join(f"{name} {statistics.median(each):.0f}" for name, each in values.items()))
    return [
        (f"{QUEUED:,} waiting deliveries a second / a bare curl loop", spread(bare), "≥ 0.25", bare[0] >= 0.25),
        ("the same, to nginx / a bare curl loop to nginx", spread(ratio(values, "gantry to nginx", "bare to nginx")), "–",
         None),
        ("to the same receivers as first / a node worker on BullMQ, Redis with `appendfsync always`", spread(always), "≥ 2", always[0] >= 2),
        ("the same / with `appendfsync everysec`, which may lose a second", spread(ratio(values, "gantry", "everysec")),
         "–", None),
        ("CPU of a delivery", f"{statistics.median(cpu_us):.0f} µs", "–", None),
        ("post to delivery at 20 a second", f"p50 {timed['p50_ms']:.2f} ms, p99 {timed['p99_ms']:.2f} ms", "–", None),
    ]


# --- a great backlog ---


def backlog(rows, receivers, due_ms):
    """Destinations that listen to one room each, where so many rows wait."""
    space = Space(LIVE)
    space.insert(DESTINATIONS, lambda n: "#" + (room_of(n) if n < LIVE else f"elsewhere-{n}"), receivers.url, rows, due_ms)
    return space


def cpu_of_told_message(server, space, receivers):
    """Microseconds for a message that is stored, claimed, posted and recorded, at a fixed rate."""
    receivers.forget()
    before = server.cpu_seconds()
    sent = pace(server.port, LIVE_RATE, 5, 16, space.timed_posts())["sent"]
    told = receivers.wait_for(sent, 10)
    if told["posts"] < sent:
        raise RuntimeError(f"{told['posts']} of {sent} were delivered")
    return (server.cpu_seconds() - before) * 1e6 / sent


def own_memory_kb(server):
    """Without the pages of the database, which the kernel lends."""
    text = Path(f"/proc/{server.pid}/smaps_rollup").read_text()
    return int(re.search(r"^Anonymous:\s+(\d+)", text, re.M).group(1))


def cost_and_memory(receivers, many):
    """Two servers with the same destinations; the rows there are due in an hour."""
    due_ms = int(time.time() * 1000) + HOUR_MS
    spaces = {"many": backlog(many, receivers, due_ms), "few": backlog(1000, receivers, due_ms)}
    servers = {name: space.serve() for name, space in spaces.items()}
    time.sleep(2)  # they look at what waits
    memory = {name: own_memory_kb(server) for name, server in servers.items()}
    values = rounds(
        5,
        {name: lambda name=name: cpu_of_told_message(servers[name], spaces[name], receivers) for name in servers},
    )
    for name in servers:
        servers[name].stop()
        spaces[name].remove()
    print("   CPU µs: " + ", ".join(f"{name} {statistics.median(each):.0f}" for name, each in values.items()))
    return ratio(values, "many", "few"), (memory["many"] - memory["few"]) / 1024


def first_claim(receivers, rows):
    """Seconds from exec to the first delivery's arrival, with all rows due."""
    space = backlog(rows, receivers, LONG_AGO_MS)
    receivers.forget()
    begun = time.monotonic()
    server = space.serve()
    while receivers.told()["posts"] == 0:
        time.sleep(0.01)
    seconds = time.monotonic() - begun
    server.popen.kill()
    server.popen.wait()
    space.remove()
    return seconds


def cost_of_others(count):
    """CPU of a message with so many integrations that are not for it / with ten."""
    spaces, servers, scripts = {}, {}, {}
    for name, others in (("many", count), ("few", 10)):
        space = spaces[name] = Space()
        space.insert(others, lambda n: f"#elsewhere-{n % 1000}", lambda n: NOBODY)
        servers[name], scripts[name] = space.serve(), space.post_script(room_of(0))
    values = rounds(9, {name: lambda name=name: cpu_per_request(servers[name], 3, 16, scripts[name]) for name in servers})
    for name in servers:
        servers[name].stop()
        spaces[name].remove()
    return ratio(values, "many", "few")


def deliveries_waiting():
    """What a million waiting rows, and a hundred thousand integrations that do not match, cost."""
    receivers = Receivers(PORTS)
    cost, more_mb = cost_and_memory(receivers, BACKLOG)
    start = first_claim(receivers, BACKLOG)
    receivers.stop()
    others = cost_of_others(OTHERS)
    return [
        (f"CPU of a message that is delivered, with {BACKLOG:,} waiting rows / with 1,000", spread(cost), "≤ 1.5",
         cost[0] <= 1.5),
        (f"memory with {BACKLOG:,} waiting rows, more than with 1,000 for the same {DESTINATIONS:,} destinations",
         f"{more_mb:.1f} MB", "≤ 16 MB, the page cache", more_mb <= 16),
        (f"start with {BACKLOG:,} rows that are due, from exec to the first arrival", f"{start:.2f} s", "≤ 3 s", start <= 3),
        (f"CPU of a message with {OTHERS:,} integrations that do not match / with 10", spread(others), "≤ 1.1",
         others[0] <= 1.1),
    ]


# --- beside silence ---


def live_times(silent, seconds):
    receivers = Receivers(LIVE, SILENT)
    space = Space(LIVE)
    space.insert(LIVE, lambda n: "#" + room_of(n), receivers.url)
    if silent:
        space.insert(SILENT, lambda n: f"#elsewhere-{n}", receivers.silent_url, SILENT * SILENT_ROWS)
    told = paced_times(space, receivers, LIVE_RATE, seconds)
    receivers.stop()
    space.remove()
    return told


def deliveries_beside_silence():
    """Ten live receivers at 20 messages a second each, beside a thousand that accept and never answer."""
    quiet, beside = live_times(False, 30), live_times(True, 60)
    arrived = beside["posts"] / beside["sent"]
    bar_ms = 3 * quiet["p99_ms"] + 50
    cost = beside["cpu_us"] / quiet["cpu_us"]
    return [
        (f"live deliveries that arrive beside {SILENT:,} silent receivers with {SILENT_ROWS} rows each",
         f"{arrived:.1%} of {beside['sent']:,}", "100 %", arrived == 1),
        (f"p99 from post to delivery beside them (quiet: {quiet['p99_ms']:.2f} ms)", f"{beside['p99_ms']:.2f} ms",
         f"≤ {bar_ms:.0f} ms", beside["p99_ms"] <= bar_ms),
        (f"CPU of a live delivery beside them / quiet ({quiet['cpu_us']:.0f} µs)", f"{cost:.2f}", "≤ 1.5", cost <= 1.5),
    ]


ALL = [deliveries_against_floor, deliveries_waiting, deliveries_beside_silence]
