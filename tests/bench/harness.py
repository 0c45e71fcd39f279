"""Starting servers, loading them and measuring them: what every benchmark needs.

A figure is a ratio of two programs measured in turns in one run, for these machines are noisy. The
server is pinned to one core and the load to the other. All traffic stays on loopback, every load ends
by itself, and only processes started here are ended.
"""

import atexit
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench"
SERVER_CORE, LOAD_CORE = "0", "1"
TICKS = os.sysconf("SC_CLK_TCK")


def gantry_binary():
    return os.environ.get("GANTRY_BIN", str(ROOT / "build" / "release" / "gantry"))


def compiled(name, *libraries):
    """A program of this folder, compiled when its source is newer."""
    BUILD.mkdir(parents=True, exist_ok=True)
    source, target = Path(__file__).with_name(name + ".c"), BUILD / name
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        command = ["gcc", "-O2", "-std=c17", "-D_GNU_SOURCE", "-o", target, source]
        subprocess.run(command + [f"-l{library}" for library in libraries], check=True)
    return str(target)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, process):
    for _ in range(1200):
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nothing listens on {port}")


class Process:
    """A server that was started here, and what the kernel says about it."""

    def __init__(self, command, port, core=SERVER_CORE, env=None, log=None):
        pinned = ["taskset", "-c", core] + command if core else command
        self.port = port
        self.popen = subprocess.Popen(pinned, env=env, stdout=subprocess.DEVNULL, stderr=log or subprocess.DEVNULL)
        atexit.register(self.popen.kill)  # also after a measurement that failed
        wait_for_port(port, self.popen)

    @property
    def pid(self):
        return self.popen.pid

    def cpu_seconds(self):
        total = 0
        for pid in [self.pid] + self.children():
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def children(self):
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]

    def memory_kb(self):
        """Proportional set size: what the process really holds."""
        text = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1))

    def stop(self):
        self.popen.send_signal(signal.SIGTERM)
        try:
            self.popen.wait(30)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


ADMIN = {"ADMIN_USERNAME": "bench", "ADMIN_PASS": "bench-password", "ADMIN_EMAIL": "bench@example.org"}


class Gantry(Process):
    """A server with an administrator who is logged in."""

    def __init__(self, folder, settings=None, core=SERVER_CORE, loops=1, port=None):
        port = port or free_port()
        env = dict(os.environ, **ADMIN, GANTRY_SERVER_LOOPS=str(loops), **(settings or {}))
        self.log_path = Path(folder) / "server.log"
        with open(self.log_path, "ab") as log:
            super().__init__(
                [gantry_binary(), "serve", "--data", str(folder), "--listen", f"127.0.0.1:{port}"], port, core, env, log
            )
        self.headers = {}

    def call(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        headers = dict(self.headers, **({"Content-Type": "application/json"} if data else {}))
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def login(self):
        data = self.call("POST", "/api/v1/login", {"user": "bench", "password": ADMIN["ADMIN_PASS"]})["data"]
        self.headers = {"X-Auth-Token": data["authToken"], "X-User-Id": data["userId"]}
        return self


class Nginx(Process):
    """The ruler: nginx with one worker that answers 200 with a fixed body."""

    def __init__(self, folder, body):
        port = free_port()
        config = Path(folder) / "nginx.conf"
        config.write_text(
            f"""daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log /dev/null;
            events {{ worker_connections 4096; }}
            http {{ access_log off; keepalive_requests 100000000; default_type application/json;
              client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
              uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
              server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 '{body}'; }} }} }}"""
        )
        super().__init__([shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(config)], port)


def temporary_folder():
    base = BUILD / "data"
    base.mkdir(parents=True, exist_ok=True)
    return tempfile.mkdtemp(dir=base)


def wrk_script(folder, headers, ids):
    """Requests of integrations.get for ids chosen at random from a list, the same for every server."""
    path = Path(folder) / "get.lua"
    lines = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items())
    listed = ",".join(f'"{i}"' for i in ids)
    path.write_text(
        f"""{lines}
        local ids = {{{listed}}}
        local requests = {{}}
        function init(args)
          for i, id in ipairs(ids) do requests[i] = wrk.format("GET", "/api/v1/integrations.get?integrationId=" .. id) end
        end
        function request() return requests[math.random(#requests)] end"""
    )
    return str(path)


def wrk(port, seconds, connections=64, script=None):
    command = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    command += (["-s", script] if script else []) + [f"http://127.0.0.1:{port}/"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text:
        raise RuntimeError("the load was refused:\n" + text)
    return int(re.search(r"(\d+) requests in", text).group(1))


def cpu_per_request(server, seconds, connections=64, script=None):
    """Microseconds of user and system time of the server for one request."""
    before = server.cpu_seconds()
    requests = wrk(server.port, seconds, connections, script)
    return (server.cpu_seconds() - before) * 1e6 / requests


def rounds(count, measures):
    """Calls each measure once a round, in turns; returns its values by name."""
    values = {name: [] for name in measures}
    for _ in range(count):
        for name, measure in measures.items():
            values[name].append(measure())
    return values


def ratio(values, name, ruler):
    """Median and range of the rounds' ratios."""
    ratios = [a / b for a, b in zip(values[name], values[ruler])]
    return statistics.median(ratios), min(ratios), max(ratios)


def spread(values):
    middle, low, high = values
    return f"{middle:.2f} [{low:.2f}..{high:.2f}]"


def request_file(folder, name, method, path, headers, body=None):
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{key}: {value}" for key, value in headers.items()]
    data = b""
    if body is not None:
        data = json.dumps(body).encode()
        lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
    target = Path(folder) / name
    target.write_bytes("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
    return str(target)


def pace(port, rate, seconds, connections, files, core=LOAD_CORE):
    command = ["taskset", "-c", core, compiled("pace"), str(port), str(rate), str(seconds), str(connections)] + files
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def integration_document(number, user_id):
    """A document of the length of the reference page's."""
    identifier = f"{number:024x}"
    return identifier, json.dumps(
        {
            "_id": identifier,
            "type": "webhook-outgoing",
            "username": "rocket.cat",
            "channel": ["#general"],
            "scriptEnabled": True,
            "script": "class Script { prepare_outgoing_request({ request }) { return request; } }",
            "name": f"integration {number}",
            "enabled": True,
            "event": "sendMessage",
            "urls": ["https://hooks.example.org/services/deliver"],
            "scriptEngine": "isolated-vm",
            "skipTranspile": False,
            "userId": "rocket.cat",
            "_createdAt": "2024-01-10T14:12:52.201Z",
            "_createdBy": {"_id": user_id, "username": "bench"},
            "_updatedAt": "2024-01-10T14:12:52.203Z",
        },
        separators=(",", ":"),
    )


def insert_integrations(folder, count, user_id):
    """Writes rows as the server would, while it is stopped; returns ids spread over all of them."""
    db = sqlite3.connect(str(Path(folder) / "gantry.db"))
    db.execute("PRAGMA synchronous = OFF")

    def rows():
        for number in range(count):
            identifier, document = integration_document(number, user_id)
            name = f"integration {number}"
            yield identifier, 0, user_id, name, name, "rocket.cat", 1704895972203, document

    with db:
        db.executemany(
            "INSERT INTO integrations (id, incoming, creator_id, name, name_key, user_id, updated_at_ms, doc)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            rows(),
        )
        db.execute(
            "INSERT INTO integration_urls (integration_seq, position, url)"
            " SELECT seq, 0, 'https://hooks.example.org/services/deliver' FROM integrations"
        )
    db.close()
    step = max(1, count // 5000)
    return [f"{number:024x}" for number in range(0, count, step)]


def prepared_folder(count):
    """A data folder with an administrator and that many integrations: (folder, ids, his headers)."""
    folder = temporary_folder()
    server = Gantry(folder).login()
    headers = server.headers
    server.stop()
    return folder, insert_integrations(folder, count, headers["X-User-Id"]), headers
