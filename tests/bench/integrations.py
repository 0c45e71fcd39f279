"""Reading integrations: the heart of the server, against nginx, under load, and with many of them."""

import json
import shutil
import socket
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from harness import (
    Gantry,
    Nginx,
    cpu_per_request,
    pace,
    prepared_folder,
    ratio,
    request_file,
    rounds,
    spread,
    temporary_folder,
    wrk_script,
)

ROUNDS, SECONDS = 9, 3
QUIET = {"OVERWRITE_SETTING_Block_Multiple_Failed_Logins_Enabled": "false",
         "OVERWRITE_SETTING_API_Enable_Rate_Limiter": "true"}


def body_of(server, identifier):
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/api/v1/integrations.get?integrationId={identifier}", headers=server.headers
    )
    return urllib.request.urlopen(request).read().decode()


def get_against_nginx():
    """CPU per integrations.get against nginx `return 200`, and with a million integrations against ten."""
    small, small_ids, small_headers = prepared_folder(10)
    large, large_ids, large_headers = prepared_folder(1_000_000)
    few, many = Gantry(small, QUIET), Gantry(large, QUIET)
    few.headers, many.headers = small_headers, large_headers
    nginx_folder = temporary_folder()
    nginx = Nginx(nginx_folder, body_of(few, small_ids[0]))
    script_few, script_many = wrk_script(small, small_headers, small_ids), wrk_script(large, large_headers, large_ids)
    measures = {
        "nginx": lambda: cpu_per_request(nginx, SECONDS, script=script_few),
        "few": lambda: cpu_per_request(few, SECONDS, script=script_few),
        "many": lambda: cpu_per_request(many, SECONDS, script=script_many),
    }
    for measure in measures.values():  # warm up
        measure()
    values = rounds(ROUNDS, measures)
    for server in (nginx, few, many):
        server.stop()
    against_nginx, growth = ratio(values, "few", "nginx"), ratio(values, "many", "few")
    micro = {name: sorted(series)[len(series) // 2] for name, series in values.items()}
    print(f"   us per request: nginx {micro['nginx']:.2f}, 10 integrations {micro['few']:.2f}, 1,000,000 {micro['many']:.2f}")
    for folder in (small, large, nginx_folder):
        shutil.rmtree(folder)
    return [
        ("`integrations.get`, CPU per request / nginx `return 200`", spread(against_nginx), "≤ 1.05", against_nginx[0] <= 1.05),
        ("the same with 1,000,000 integrations / with 10", spread(growth), "≤ 1.2", growth[0] <= 1.2),
    ]


def start_and_memory():
    """Time from start to listening, and memory, with 100,000 integrations."""
    empty, _, _ = prepared_folder(0)
    full, _, _ = prepared_folder(100_000)
    server = Gantry(empty, QUIET)
    base_kb = server.memory_kb()
    server.stop()
    started = time.monotonic()
    server = Gantry(full, QUIET, core=None)
    seconds = time.monotonic() - started
    each = (server.memory_kb() - base_kb) * 1024 / 100_000
    server.stop()
    for folder in (empty, full):
        shutil.rmtree(folder)
    return [
        ("start with 100,000 integrations", f"{seconds:.2f} s", "< 1 s", seconds < 1),
        ("memory of each of 100,000 integrations", f"{each:.0f} bytes", "≤ 2,048", each <= 2048),
    ]


def idle_connections():
    """Memory of 5,000 idle connections that have each made one request."""
    folder, ids, headers = prepared_folder(10)
    server = Gantry(folder, QUIET)
    request = Path(request_file(folder, "get", "GET", f"/api/v1/integrations.get?integrationId={ids[0]}", headers))
    data = request.read_bytes()

    def connect():
        s = socket.create_connection(("127.0.0.1", server.port))
        s.sendall(data)
        answer = b""
        while b'"success":true}' not in answer:
            answer += s.recv(65536)
        return s

    connect().close()
    before = server.memory_kb()
    connections = [connect() for _ in range(5000)]
    each = (server.memory_kb() - before) * 1024 / len(connections)
    for s in connections:
        s.close()
    server.stop()
    shutil.rmtree(folder)
    return [("memory of each of 5,000 idle connections", f"{each:.0f} bytes", "≤ 2,048", each <= 2048)]


def while_loading(server, ids, headers, folder, disturb):
    """The times of integrations.get at 1,000 a second while `disturb(stop)` runs in threads."""
    stop = threading.Event()
    threads = [threading.Thread(target=d, args=(stop,)) for d in disturb]
    for thread in threads:
        thread.start()
    time.sleep(1)  # let the disturbance reach its stride before measuring
    files = [
        request_file(folder, f"get{n}", "GET", f"/api/v1/integrations.get?integrationId={identifier}", headers)
        for n, identifier in enumerate(ids[:32])
    ]
    times = pace(server.port, 1000, 10, 32, files, core="0,1")
    stop.set()
    for thread in threads:
        thread.join()
    return times


def latency_under_load():
    """integrations.get at 1,000 requests/s while others do expensive things."""
    folder, ids, headers = prepared_folder(1_000_000)
    server = Gantry(folder, QUIET, core=None, loops=2)
    server.headers = headers
    done = {"logins": 0, "pages": 0}

    def wrong_passwords(stop):
        while not stop.is_set():
            try:
                server.call("POST", "/api/v1/login", {"user": "bench", "password": "wrong"})
            except urllib.error.HTTPError as error:
                error.read()
            done["logins"] += 1

    def list_all(stop):
        offset = 0
        while not stop.is_set():
            page = server.call("GET", f"/api/v1/integrations.list?name=integration%209&count=100&offset={offset}")
            offset = offset + page["count"] if page["count"] else 0
            done["pages"] += 1

    rows = []
    for name, disturb in (
        ("nothing else", []),
        ("8 clients send wrong passwords", [wrong_passwords] * 8),
        ("one lists 1,000,000 with a name filter", [list_all]),
    ):
        times = while_loading(server, ids, headers, folder, disturb)
        met = times["p99_ms"] <= 10 and times["refused"] == 0 and times["answered"] == times["sent"]
        rows.append((f"p99 of `integrations.get` at 1,000/s while {name}", f"{times['p99_ms']:.2f} ms", "≤ 10 ms", met))
    print(f"   meanwhile: {done['logins']} wrong passwords, {done['pages']} pages")
    server.stop()
    shutil.rmtree(folder)
    return rows


ALL = [get_against_nginx, start_and_memory, idle_connections, latency_under_load]
