"""Posting messages through hooks, reading them and removing them: durable, bounded, and fair.

What a measurement needs in great numbers is written into the stopped server's database, row by row as
the server writes it. Posts come from wrk, as fast as they are answered, or from pace, at a fixed rate.
"""

import http.client
import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import threading
import time
import urllib.error
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness import (
    LOAD_CORE,
    SERVER_CORE,
    Gantry,
    compiled,
    cpu_per_request,
    insert_integrations,
    pace,
    ratio,
    request_file,
    rounds,
    spread,
    temporary_folder,
    wrk_script,
)

ROUNDS, SECONDS = 9, 3
SWEEP_SECONDS = 90  # what was removed is posted beside until its last row is gone
UNLIMITED = {"OVERWRITE_SETTING_API_Enable_Rate_Limiter": "false"}
MESSAGE = {"text": "Build 4711 of main has passed: 1,204 tests in 3 minutes; it is on its way to production."}
MEGABYTE = 1 << 20
TO_MS = {"us": 0.001, "ms": 1, "s": 1000}


class Workspace:
    """A data folder with rooms, and a hook for each of them that has posted once."""

    def __init__(self, names):
        self.folder = temporary_folder()
        server = Gantry(self.folder, UNLIMITED).login()
        self.headers = server.headers
        self.rooms = {name: server.call("POST", "/api/v1/channels.create", {"name": name})["channel"] for name in names}
        self.hooks = {name: self.new_hook(server, name) for name in names}
        for name in names:
            server.call("POST", self.path(name), MESSAGE)
        time.sleep(1)  # the history of calls is written after the answer
        server.stop()

    @staticmethod
    def new_hook(server, room):
        wanted = {"type": "webhook-incoming", "name": room, "enabled": True, "username": "bench",
                  "channel": "#" + room, "scriptEnabled": False}
        return server.call("POST", "/api/v1/integrations.create", wanted)["integration"]

    def path(self, name):
        return f"/hooks/{self.hooks[name]['_id']}/{self.hooks[name]['token']}"

    def database(self):
        db = sqlite3.connect(str(Path(self.folder) / "gantry.db"))
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -262144")
        return db

    def serve(self, settings=None):
        server = Gantry(self.folder, settings or UNLIMITED)
        server.headers = self.headers
        return server

    def post_script(self, name):
        target = Path(self.folder) / f"post-{name}.lua"
        target.write_text(
            f"""wrk.method, wrk.path = "POST", "{self.path(name)}"
            wrk.headers["Content-Type"] = "application/json"
            wrk.body = [[{json.dumps(MESSAGE)}]]"""
        )
        return str(target)

    def get_script(self, name, path):
        target = Path(self.folder) / f"{name}.lua"
        lines = "\n".join(f'wrk.headers["{key}"] = "{value}"' for key, value in self.headers.items())
        target.write_text(f'{lines}\nwrk.path = "{path}"')
        return str(target)

    def post_request(self, name):
        return request_file(self.folder, f"post-{name}", "POST", self.path(name), {}, MESSAGE)

    def remove(self):
        shutil.rmtree(self.folder)


class Load:
    """wrk, running beside other things; result() waits for its end."""

    def __init__(self, server, script, seconds, connections=64):
        command = ["taskset", "-c", LOAD_CORE, "wrk", "--latency", "-t1", f"-c{connections}", f"-d{seconds}s"]
        command += ["--timeout", "30s", "-s", script, f"http://127.0.0.1:{server.port}/"]
        self.popen = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def result(self, refusals=False):
        text, _ = self.popen.communicate()
        if self.popen.returncode != 0:
            raise RuntimeError("wrk did not end by itself")
        done = re.search(r"(\d+) requests in ([\d.]+)(s|m),", text)
        refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        if "Socket errors" in text or (refused and not refusals):
            raise RuntimeError("the load was refused:\n" + text)
        quantile = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
        seconds = float(done.group(2)) * {"s": 1, "m": 60}[done.group(3)]
        return {
            "rate": int(done.group(1)) / seconds,
            "refused": int(refused.group(1)) / seconds if refused else 0,
            "p99_ms": float(quantile.group(1)) * TO_MS[quantile.group(2)],
        }


def median(values):
    return statistics.median(values)


# --- posts against the floor ---


def floor(database, batch, calls):
    command = ["taskset", "-c", SERVER_CORE, compiled("floor", "sqlite3", "pthread")]
    command += [database, str(SECONDS), str(batch), str(calls)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def calls_kept(space, server, script):
    """How many of 100 posts under full load leave a call in the history. (Also warms up.)"""

    def written():
        time.sleep(1)
        db = space.database()
        row = db.execute("SELECT (SELECT sum(last_number) FROM room_counters), (SELECT sum(last_number) FROM record_lists)")
        posts, calls = row.fetchone()
        db.close()
        return posts, calls

    before = written()
    Load(server, script, SECONDS).result()
    after = written()
    return round(100 * (after[1] - before[1]) / (after[0] - before[0]))


def posts_against_floor():
    """Durable posts at 64 connections against the same rows written with nothing else to do."""
    space = Workspace(["bench"])
    ids = insert_integrations(space.folder, 1000, space.headers["X-User-Id"])
    script = space.post_script("bench")
    server = space.serve()
    calls = calls_kept(space, server, script)
    server.stop()
    below = temporary_folder()
    database = shutil.copy(Path(space.folder) / "gantry.db", below)
    server = space.serve()
    seen = {"server": [], "batch": [], "single": []}

    def of_server():
        seen["server"].append(Load(server, script, SECONDS).result())
        return seen["server"][-1]["rate"]

    def of_floor(name, batch):
        seen[name].append(floor(database, batch, calls))
        return seen[name][-1]["posts"] / seen[name][-1]["seconds"]

    values = rounds(
        ROUNDS,
        {"server": of_server, "batch": lambda: of_floor("batch", 64), "single": lambda: of_floor("single", 1)},
    )
    against_batch, against_single = ratio(values, "server", "batch"), ratio(values, "server", "single")
    rate, p99 = median(values["server"]), median([each["p99_ms"] for each in seen["server"]])
    batch = median([each["median_ms"] for each in seen["batch"]])
    print(f"   posts/s: server {rate:.0f}, floor {median(values['batch']):.0f} in batches of 64 and "
          f"{median(values['single']):.0f} one by one; {calls} of 100 posts are in the history of calls")
    paced = pace(server.port, int(rate * 0.6), 10, 64, [space.post_request("bench")])
    posts, gets = beside_readers(space, server, script, ids)
    server.stop()
    space.remove()
    shutil.rmtree(below)
    return [
        ("durable posts/s at 64 connections / the bare floor in batches of 64", spread(against_batch), "≥ 0.7",
         against_batch[0] >= 0.7),
        ("the same / the floor of one post a commit", spread(against_single), "–", None),
        (f"p99 of these posts (the floor's median batch takes {batch:.2f} ms)", f"{p99:.2f} ms",
         "≤ 4 batches + 10 ms", p99 <= 4 * batch + 10),
        (f"p99 of posts at {int(rate * 0.6)}/s, 60 % of that", f"{paced['p99_ms']:.2f} ms", "–", None),
        ("posts/s beside 64 readers of `integrations.get`", f"{posts:.0f}", "> 0", posts > 0),
        ("`integrations.get`/s of the 64 readers beside them", f"{gets:.0f}", "> 0", gets > 0),
    ]


def beside_readers(space, server, script, ids):
    posting = Load(server, script, 5)
    reading = Load(server, wrk_script(space.folder, space.headers, ids), 5)
    return posting.result()["rate"], reading.result()["rate"]


# --- large rooms ---


def insert_members(db, room_id, count):
    people = [(f"member{number:06d}", f"member.{number:06d}") for number in range(count)]
    db.executemany(
        "INSERT INTO users (id, username, username_key, name, type, active, created_at_ms, updated_at_ms, doc)"
        " VALUES (?1, ?2, ?2, ?2, 'user', 1, 1704895972203, 1704895972203, '{}')",
        people,
    )
    db.executemany("INSERT INTO user_roles (user_id, role_id, position) VALUES (?1, 'user', 0)", [p[:1] for p in people])
    db.executemany(
        "INSERT INTO subscriptions (id, room_id, user_id, open, created_at_ms, updated_at_ms, doc)"
        " VALUES ('in-' || ?1, ?2, ?1, 1, 1704895972203, 1704895972203, '{}')",
        [(identifier, room_id) for identifier, _ in people],
    )


def post_into_large_room():
    """CPU per post into a room of 10,000 members against one into a room of 10."""
    small, large = Workspace(["bench"]), Workspace(["bench"])
    for space, members in ((small, 9), (large, 9_999)):
        db = space.database()
        with db:
            insert_members(db, space.rooms["bench"]["_id"], members)
        db.close()
    few, many = small.serve(), large.serve()
    measures = {
        "few": lambda: cpu_per_request(few, SECONDS, script=small.post_script("bench")),
        "many": lambda: cpu_per_request(many, SECONDS, script=large.post_script("bench")),
    }
    for measure in measures.values():  # warm up
        measure()
    values = rounds(ROUNDS, measures)
    for server, space in ((few, small), (many, large)):
        server.stop()
        space.remove()
    growth = ratio(values, "many", "few")
    print(f"   us per post: 10 members {median(values['few']):.1f}, 10,000 members {median(values['many']):.1f}")
    return [("a post into a room of 10,000 members / of 10, CPU", spread(growth), "≤ 1.3", growth[0] <= 1.3)]


# --- the log ---


def sample_log(path, stop, sizes):
    while not stop.is_set():
        sizes.append(path.stat().st_size if path.exists() else 0)
        time.sleep(0.02)


def page_through(server, room_id, stop, pages):
    """Reads all of a room, a hundred messages at a time, over and over."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    offset = 0
    while not stop.is_set():
        connection.request("GET", f"/api/v1/channels.messages?roomId={room_id}&count=100&offset={offset}", headers=server.headers)
        page = json.loads(connection.getresponse().read())
        offset = offset + page["count"] if page["count"] else 0
        pages.append(page["count"])
    connection.close()


def log_size():
    """The write-ahead log during 60 s of posts as fast as they go, beside a reader of everything."""
    space = Workspace(["bench"])
    server = space.serve()
    log = Path(space.folder) / "gantry.db-wal"
    stop, sizes, pages = threading.Event(), [], []
    beside = [
        threading.Thread(target=sample_log, args=(log, stop, sizes), daemon=True),
        threading.Thread(target=page_through, args=(server, space.rooms["bench"]["_id"], stop, pages), daemon=True),
    ]
    for thread in beside:
        thread.start()
    posts = Load(server, space.post_script("bench"), 60).result()
    stop.set()
    for thread in beside:
        thread.join()
    time.sleep(5)
    largest, last = max(sizes) / MEGABYTE, log.stat().st_size / MEGABYTE if log.exists() else 0
    server.stop()
    space.remove()
    print(f"   {posts['rate']:.0f} posts/s; the reader got {len(pages)} pages of together {sum(pages)} messages")
    return [
        ("largest write-ahead log in 60 s of posts", f"{largest:.0f} MB", "≤ 512 MB", largest <= 512),
        ("the log 5 s after the end", f"{last:.0f} MB", "< 64 MB", last < 64),
    ]


# --- removing much ---


def multiply_messages(space, name, count):
    """Writes copies of the room's newest message until there are that many in it."""
    db = space.database()
    room = db.execute("SELECT seq FROM rooms WHERE id = ?", (space.rooms[name]["_id"],)).fetchone()[0]
    number, user, doc, ts = db.execute(
        "SELECT number, user_id, doc, ts_ms FROM messages WHERE room_seq = ? ORDER BY number DESC LIMIT 1", (room,)
    ).fetchone()
    more = count - number
    with db:
        db.execute("UPDATE messages SET ts_ms = ts_ms - ? WHERE room_seq = ?", (10 * more, room))
        db.execute(
            "INSERT INTO messages (id, room_seq, number, user_id, aside, ts_ms, updated_at_ms, doc)"
            " WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?1)"
            " SELECT substr(hex(randomblob(9)), 1, 17), ?2, ?3 + i, ?4, 0, ?5 - 10 * (?1 - i), ?5, ?6 FROM n",
            (more, room, number, user, ts, doc),
        )
        db.execute("UPDATE room_counters SET last_number = ?2, last_shown = ?2 WHERE room_seq = ?1", (room, count))
    db.close()
    os.sync()  # or the system writes it while we measure
    return room


def multiply_calls(space, name, count):
    """Writes copies of the newest call of the room's hook until there are that many."""
    db = space.database()
    history, number, at, size, doc = db.execute(
        "SELECT h.seq, c.number, c.at_ms, c.bytes, c.doc FROM record_lists h JOIN records c"
        " ON c.list_seq = h.seq AND c.number = h.last_number WHERE h.integration_id = ?",
        (space.hooks[name]["_id"],),
    ).fetchone()
    with db:
        db.execute(
            "INSERT INTO records (list_seq, number, at_ms, bytes, doc)"
            " WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?1)"
            " SELECT ?2, ?3 + i, ?4, ?5, ?6 FROM n",
            (count - number, history, number, at, size, doc),
        )
        db.execute("UPDATE record_lists SET last_number = ?2, bytes = bytes + ?2 * ?3 WHERE seq = ?1", (history, count, size))
    db.close()
    os.sync()
    return history


def is_refused(server, path):
    try:
        server.call("GET", path)
    except urllib.error.HTTPError as error:
        error.read()
        return True
    return False


def room_is_gone(server, room_id, message_id):
    return all(
        is_refused(server, path)
        for path in (
            f"/api/v1/channels.info?roomId={room_id}",
            f"/api/v1/channels.messages?roomId={room_id}",
            f"/api/v1/channels.history?roomId={room_id}",
            f"/api/v1/chat.getMessage?msgId={message_id}",
        )
    )


def history_is_gone(server, hook_id):
    page = server.call("GET", f"/ext/v1/hooks.history?id={hook_id}")
    return page["total"] == 0 and page["count"] == 0


def seconds_until(condition, limit):
    """How long it took; None when it did not come to be."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > limit:
            return None
        time.sleep(0.25)
    return time.monotonic() - begun


def rows_are_gone(space, table, column, value):
    """Whether the sweeper has removed what the answers do not show any more."""
    db = space.database()
    left = db.execute(f"SELECT 1 FROM {table} WHERE {column} = ? LIMIT 1", (value,)).fetchone()
    db.close()
    return left is None


def steady_posts(space, server, seconds):
    return pace(server.port, 200, seconds, 16, [space.post_request("calm")])


def while_posting(space, server, act, is_gone, is_swept):
    """Removes something beside 200 posts/s: (gone at once, seconds to sweep it, the posts' times)."""
    with ThreadPoolExecutor(1) as pool:
        posting = pool.submit(steady_posts, space, server, SWEEP_SECONDS + 5)
        time.sleep(3)
        act()
        gone = is_gone()
        swept = seconds_until(is_swept, SWEEP_SECONDS)
        return gone, swept, posting.result()


def clearing():
    """Removing 500,000 calls or 500,000 messages beside posts at a fixed rate."""
    space = Workspace(["calm", "busy"])
    room = multiply_messages(space, "busy", 500_000)
    history = multiply_calls(space, "busy", 500_000)
    server = space.serve()
    room_id, hook_id = space.rooms["busy"]["_id"], space.hooks["busy"]["_id"]
    message_id = server.call("GET", f"/api/v1/channels.messages?roomId={room_id}&count=1&offset=250000")["messages"][0]["_id"]
    removals = {
        "clearing 500,000 calls of a hook": (
            lambda: server.call("POST", "/ext/v1/hooks.clearHistory", {"integrationId": hook_id}),
            lambda: history_is_gone(server, hook_id),
            lambda: rows_are_gone(space, "records", "list_seq", history),
        ),
        "deleting a room of 500,000 messages": (
            lambda: server.call("POST", "/api/v1/channels.delete", {"roomId": room_id}),
            lambda: room_is_gone(server, room_id, message_id),
            lambda: rows_are_gone(space, "messages", "room_seq", room),
        ),
    }
    quiet = steady_posts(space, server, 15)
    print(f"   nothing removed: p50 {quiet['p50_ms']:.2f} ms, p99 {quiet['p99_ms']:.2f} ms, longest {quiet['max_ms']:.0f} ms")
    rows = []
    for name, steps in removals.items():
        gone, swept, times = while_posting(space, server, *steps)
        served = times["refused"] == 0 and times["answered"] == times["sent"]
        print(f"   {name}: rows removed after {swept and f'{swept:.1f}'} s; "
              f"p50 {times['p50_ms']:.2f} ms, p99 {times['p99_ms']:.2f} ms, {times['refused']} refused")
        rows.append((f"{name}: gone from every answer at once", "yes" if gone else "no", "yes", gone))
        rows.append((f"the longest of 200 posts/s during {name}", f"{times['max_ms']:.0f} ms", "≤ 250 ms",
                     times["max_ms"] <= 250 and served and swept is not None))
    server.stop()
    space.remove()
    return rows


# --- reading ---


def newest_messages():
    """The newest 50 messages of a room with 1,000, with 1,000,000 and (FULL=1) with 10,000,000 in it."""
    sizes = {"small": 1_000, "large": 1_000_000}
    if os.environ.get("FULL") == "1":
        sizes["vast"] = 10_000_000
    space = Workspace(list(sizes))
    for name, count in sizes.items():
        multiply_messages(space, name, count)
    server = space.serve()

    def measure(name):
        path = f"/api/v1/channels.messages?roomId={space.rooms[name]['_id']}&count=50"
        script = space.get_script(name, path)
        answer = server.call("GET", path)
        assert answer["count"] == 50 and answer["total"] == sizes[name], answer
        return lambda: cpu_per_request(server, SECONDS, connections=8, script=script)

    measures = {name: measure(name) for name in sizes}
    for each in measures.values():  # warm up
        each()
    values = rounds(ROUNDS, measures)
    server.stop()
    space.remove()
    rows = []
    for name, count in list(sizes.items())[1:]:
        growth = ratio(values, name, "small")
        print(f"   us per page: 1,000 messages {median(values['small']):.0f}, {count:,} messages {median(values[name]):.0f}")
        rows.append((f"the newest 50 of {count:,} messages / of 1,000, CPU", spread(growth), "≤ 1.3", growth[0] <= 1.3))
    return rows


# --- fairness ---


def flood():
    """One hook is called as fast as it goes; another at 100 posts/s, within its limit."""
    space = Workspace(["calm", "flood"])
    server = space.serve({"OVERWRITE_SETTING_API_Enable_Rate_Limiter": "true"})
    flooding = space.post_script("flood")
    request = space.post_request("calm")
    floods, calls = [], []

    def quiet():
        calls.append(pace(server.port, 100, 10, 8, [request], core="0,1"))
        return calls[-1]["p99_ms"]

    def flooded():
        load = Load(server, flooding, 12)
        time.sleep(1)
        p99 = quiet()
        floods.append(load.result(refusals=True))
        return p99

    quiet()  # warm up
    values = rounds(3, {"quiet": quiet, "flooded": flooded})
    server.stop()
    space.remove()
    refused = sum(each["refused"] + each["sent"] - each["answered"] for each in calls)
    before, during = median(values["quiet"]), median(values["flooded"])
    print(f"   the flood: {median([f['rate'] for f in floods]):.0f} calls/s, "
          f"of which {median([f['rate'] - f['refused'] for f in floods]):.0f} posted")
    return [
        (f"p99 of 100 posts/s beside a flood (quiet: {before:.2f} ms)", f"{during:.2f} ms", "≤ 3 × quiet + 10 ms",
         during <= 3 * before + 10),
        ("of these posts refused", f"{refused}", "0", refused == 0),
    ]


ALL = [posts_against_floor, post_into_large_room, log_size, clearing, newest_messages, flood]
