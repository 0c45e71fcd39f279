"""GET /metrics: what is counted, in the format that Prometheus reads, and who gets to see it."""

import re

import pytest

from harness.hooks import call, hook_in_room
from harness.rooms import make

LABEL = r'[a-z_]+="[^"\\]*"'
SAMPLE = re.compile(rf"([a-z_]+)(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?[0-9.e+-]+)")
TOKEN = "a-token-of-some-length"


def read(client, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/metrics", headers=named)


def numbers(client):
    """Every sample by its name with labels, as they stand in the text."""
    answer = read(client)
    assert answer.status == 200
    lines = [line for line in answer.body.decode().splitlines() if not line.startswith("#")]
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}


def grown(before, after):
    """What has changed, without what always does."""
    return {n: after[n] - before.get(n, 0) for n in after if after[n] != before.get(n, 0)}


# What it says


def test_the_text_has_the_form_that_prometheus_reads(nobody):
    answer = read(nobody)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    text = answer.body.decode()
    assert text.endswith("\n")
    kinds, family = {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            family = line.split(" ")[2]
            assert family not in kinds, "a family of metrics stands in one place"
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == family and kind in ("counter", "gauge", "histogram")
            kinds[name] = kind
        else:
            name, _, _ = SAMPLE.fullmatch(line).groups()
            plain = re.sub("_(bucket|sum|count)$", "", name)
            assert family == (plain if kinds[family] == "histogram" else name)
    assert {n for n, k in kinds.items() if k == "counter"} == {
        n for n in kinds if n.endswith("_total")
    }


def test_requests_are_counted_by_family_and_class_of_the_status(admin, nobody):
    before = numbers(nobody)
    admin.get("chat.getMessage", {"msgId": "nothing"})
    make(admin, "channels")
    nobody.get("channels.list")
    nobody.get("/nowhere")
    change = grown(before, numbers(nobody))
    assert change['gantry_http_requests_total{family="chat",class="4xx"}'] == 1
    assert change['gantry_http_requests_total{family="channels",class="2xx"}'] == 1
    assert change['gantry_http_requests_total{family="channels",class="4xx"}'] == 1
    assert change['gantry_http_requests_total{family="other",class="4xx"}'] == 1
    assert change['gantry_http_request_seconds_count{family="channels"}'] == 2
    assert change['gantry_http_request_seconds_sum{family="channels"}'] > 0


def test_buckets_rise_to_the_count(admin, nobody):
    make(admin, "channels")
    text = read(nobody).body.decode()
    name = "gantry_store_commit_seconds"
    buckets = [int(n) for n in re.findall(rf'{name}_bucket\{{le="[^"]+"\}} (\d+)', text)]
    assert buckets == sorted(buckets) and buckets[-1] > 0
    assert f'{name}_bucket{{le="+Inf"}} {buckets[-1]}\n' in text
    assert f"{name}_count {buckets[-1]}\n" in text


def test_commits_and_their_log_are_measured(admin, nobody):
    before = numbers(nobody)
    make(admin, "channels")
    after = numbers(nobody)
    change = grown(before, after)
    assert change["gantry_store_commit_seconds_count"] >= 1
    assert change["gantry_store_batch_commands_sum"] >= 1
    assert after["gantry_store_log_bytes"] > 0
    assert after["gantry_store_batches_lost_total"] == 0


def test_calls_of_hooks_are_counted_by_their_outcome(admin, nobody):
    hook, _ = hook_in_room(admin)
    before = numbers(nobody)
    call(nobody, hook, {"text": "x"}).ok()
    call(nobody, hook, {"text": "x", "channel": "#other"})
    nobody.post("/hooks/nothing/at-all", {"text": "x"})
    change = grown(before, numbers(nobody))
    outcomes = {n: v for n, v in change.items() if n.startswith("gantry_hook_calls_total")}
    assert outcomes == {
        'gantry_hook_calls_total{outcome="posted"}': 1,
        'gantry_hook_calls_total{outcome="refused"}': 1,
        'gantry_hook_calls_total{outcome="unknown"}': 1,
    }


def test_the_process_tells_its_memory_and_its_age(nobody):
    now = numbers(nobody)
    assert now["process_resident_memory_bytes"] > 1 << 20
    assert now["process_cpu_seconds_total"] > 0
    assert now["process_start_time_seconds"] > 1_700_000_000
    assert now["gantry_http_connections"] >= 1


def test_nothing_private_is_in_it(admin, nobody):
    hook, room = hook_in_room(admin)
    call(nobody, hook, {"text": "a secret text"}).ok()
    text = read(nobody).body.decode()
    for secret in (admin.user_id, admin.token, hook["_id"], hook["token"], room["_id"],
                   room["name"], "a secret text", "admin"):  # fmt: skip
        assert secret not in text


# Who sees it


@pytest.mark.parametrize(
    "header",
    [{"X_Forwarded_For": "127.0.0.1"}, {"X_Real_IP": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}],
)
def test_what_came_through_a_proxy_is_not_local(nobody, header):
    assert read(nobody, **header).status == 403


def test_a_header_of_the_client_makes_nobody_local(new_server):
    server = new_server(GANTRY_HTTP_FORWARDED_COUNT="1").start()
    assert read(server.client(), X_Forwarded_For="127.0.0.1").status == 403


def test_a_token_opens_it_and_nothing_else_does(new_server):
    server = new_server(GANTRY_METRICS_ACCESS="token", GANTRY_METRICS_TOKEN=TOKEN).start()
    nobody = server.client()
    refused = read(nobody)
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    for wrong in (TOKEN, f"Bearer {TOKEN}x", "Bearer ", f"Basic {TOKEN}"):
        assert read(nobody, Authorization=wrong).status == 401
    assert read(nobody, Authorization=f"Bearer {TOKEN}").status == 200
    assert read(nobody, Authorization=f"bearer {TOKEN}", X_Forwarded_For="1.2.3.4").status == 200


def test_open_means_open(new_server):
    server = new_server(GANTRY_METRICS_ACCESS="open").start()
    assert read(server.client(), X_Forwarded_For="1.2.3.4").status == 200


def test_off_means_that_there_is_no_such_address(new_server):
    server = new_server(GANTRY_METRICS_ACCESS="off").start()
    nobody = server.client()
    assert read(nobody).said == nobody.get("/nowhere").said


def test_a_token_that_is_too_short_ends_the_start(new_server):
    server = new_server(GANTRY_METRICS_ACCESS="token", GANTRY_METRICS_TOKEN="short").launch()
    assert server.wait() != 0
    assert "metrics.token" in server.said()
    assert "short" not in server.said()
