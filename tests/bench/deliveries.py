"""Outgoing webhooks: how fast what waits is delivered, beside a bare loop that sends the same bodies."""

import json
import re
import shutil
import socket
import sqlite3
import subprocess
import time
import urllib.request
from pathlib import Path

from harness import LOAD_CORE, SERVER_CORE, Gantry, Process, compiled, ratio, rounds, spread, temporary_folder

WAITING, ROUNDS = 100_000, 3
INTEGRATIONS, PORTS = 64, 16
CONCURRENCY = 256  # of the bare loop: as many as the server has when each port gets 16
SETTINGS = {"GANTRY_OUTBOUND_ALLOW": "127.0.0.0/8", "GANTRY_LOG_LEVEL": "error"}
URL = "http://127.0.0.1:{}/hook"
DELIVERED = re.compile(r'^gantry_delivery_attempts_total\{[^}]*delivered[^}]*\} (\d+)', re.M)


def free_ports(count):
    """The first of so many ports in a row that nobody has."""
    for first in range(20000, 60000, count):
        sockets = []
        try:
            for port in range(first, first + count):
                sockets.append(socket.socket())
                sockets[-1].bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for s in sockets:
                s.close()
    raise RuntimeError("no ports are free")


class Receivers(Process):
    """Nginx on many ports; it reads what is sent and says nothing."""

    def __init__(self, folder):
        self.first = free_ports(PORTS)
        listen = "".join(f"listen 127.0.0.1:{self.first + n} backlog=1024; " for n in range(PORTS))
        config = Path(folder) / "nginx.conf"
        config.write_text(
            f"""daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log /dev/null;
            events {{ worker_connections 4096; }}
            http {{ access_log off; keepalive_requests 100000000; keepalive_timeout 60s;
              client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
              uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
              server {{ {listen} location / {{ return 204; }} }} }}"""
        )
        super().__init__([shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(config)], self.first, LOAD_CORE)


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


def integration(identifier):
    return {
        "_id": identifier,
        "type": "webhook-outgoing",
        "username": "rocket.cat",
        "channel": ["#general"],
        "scriptEnabled": False,
        "name": identifier,
        "enabled": True,
        "event": "sendMessage",
        "urls": [URL.format(9)],
        "userId": "rocket.cat",
        "token": "k9",
        "_createdAt": "2024-01-10T14:12:52.201Z",
        "_updatedAt": "2024-01-10T14:12:52.203Z",
    }


def insert_waiting(folder, first_port):
    """Integrations, and deliveries that wait for them in turns, while the server is stopped."""
    ids = [f"{n:024x}" for n in range(1, INTEGRATIONS + 1)]
    db = sqlite3.connect(str(Path(folder) / "gantry.db"))
    with db:
        db.executemany(
            "INSERT INTO integrations (id, incoming, creator_id, name, name_key, user_id, updated_at_ms, doc)"
            " VALUES (?, 0, NULL, ?, ?, 'rocket.cat', 1704895972203, ?)",
            [(i, i, i, json.dumps(integration(i), separators=(",", ":"))) for i in ids],
        )
        db.executemany(
            "INSERT INTO delivery_lines (seq, integration_id, closed) VALUES (?, ?, 0)",
            [(1000 + n, i) for n, i in enumerate(ids)],
        )
        db.executemany(
            "INSERT INTO deliveries (id, line_seq, integration_id, state, due_ms, tries, depth, created_ms, event, url,"
            " data) VALUES (?, ?, ?, 0, ?, 0, 0, 1704895972203, 'sendMessage', ?, ?)",
            (
                (
                    f"{n:024x}",
                    1000 + n % INTEGRATIONS,
                    ids[n % INTEGRATIONS],
                    1704895972203 + n,
                    URL.format(first_port + n % INTEGRATIONS % PORTS),
                    json.dumps(payload(n), separators=(",", ":")),
                )
                for n in range(WAITING)
            ),
        )
    db.close()


def delivered(server):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics") as answer:
        found = DELIVERED.search(answer.read().decode())
    return int(found.group(1)) if found else 0


def gantry_rate(receivers, notes):
    """Deliveries a second, from the first that is seen done to the last."""
    folder = temporary_folder()
    Gantry(folder).stop()
    insert_waiting(folder, receivers.first)
    server = Gantry(folder, SETTINGS)
    begun, before = time.monotonic(), delivered(server)
    cpu = server.cpu_seconds()
    while (done := delivered(server)) < WAITING:
        time.sleep(0.1)
    seconds = time.monotonic() - begun
    notes["cpu_us"] = (server.cpu_seconds() - cpu) * 1e6 / (done - before)
    server.stop()
    left = sqlite3.connect(str(Path(folder) / "gantry.db")).execute("SELECT count(*) FROM deliveries").fetchone()[0]
    if left:
        raise RuntimeError(f"{left} deliveries are left")
    return (done - before) / seconds


def bare_rate(receivers, body):
    command = ["taskset", "-c", SERVER_CORE, compiled("curl", "curl"), str(receivers.first), str(PORTS), str(WAITING)]
    output = subprocess.run(command + [str(CONCURRENCY), body], check=True, capture_output=True, text=True).stdout
    result = json.loads(output)
    return result["calls"] / result["seconds"]


def waiting_deliveries():
    """100,000 waiting deliveries to local receivers, against a bare curl multi loop"""
    folder = temporary_folder()
    receivers = Receivers(folder)
    body = Path(folder) / "body.json"
    body.write_text(json.dumps({"token": "k9", **payload(0)}, separators=(",", ":")))
    notes = {}
    values = rounds(
        ROUNDS,
        {"gantry": lambda: gantry_rate(receivers, notes), "bare": lambda: bare_rate(receivers, str(body))},
    )
    receivers.stop()
    figure = ratio(values, "gantry", "bare")
    rates = f"{sorted(values['gantry'])[ROUNDS // 2]:.0f} and {sorted(values['bare'])[ROUNDS // 2]:.0f} a second"
    yield "deliveries / bare curl loop", f"{spread(figure)} ({rates})", ">= 0.25", figure[0] >= 0.25
    yield "processor time of a delivery", f"{notes['cpu_us']:.0f} us", "–", None


ALL = [waiting_deliveries]
