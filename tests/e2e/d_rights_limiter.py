"""The rate limiter and the answers to pages of other origins."""

import json
import math
import re
import time

import pytest

from harness.bodies import NOBODY
from harness.people import add_client, set_setting, settings
from harness.waiting import eventually

SETTINGS = {"OVERWRITE_SETTING_API_Enable_Rate_Limiter": None, "GANTRY_HTTP_REAL_IP": "true"}

REFUSAL = re.compile(
    r"Error, too many requests\. Please slow down\. You must wait (\d+) seconds before trying this"
    r" endpoint again\. \[error-too-many-requests\]"
)
HEADERS = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]

_addresses = iter(range(1, 250))


@pytest.fixture
def address():
    """An address of its own, for a window of its own."""
    return {"X-Real-IP": f"10.0.0.{next(_addresses)}"}


def numbers(answer):
    return [int(answer.headers[name]) for name in HEADERS]


def test_the_eleventh_call_is_refused_and_says_how_long(nobody, address):
    begin = time.time()
    for left in range(9, -1, -1):
        answer = nobody.post("login", {}, headers=address)
        assert answer.status == 401
        limit, remaining, reset = numbers(answer)
        assert (limit, remaining) == (10, left)
        assert begin * 1000 < reset <= (time.time() + 60) * 1000
    before = time.time() * 1000
    answer = nobody.post("login", {}, headers=address)
    after = time.time() * 1000
    assert answer.status == 429
    assert answer.headers["Content-Type"] == "application/json"
    assert numbers(answer) == [10, 0, reset]
    document = json.loads(answer.body)
    assert list(document) == ["success", "error"]
    seconds = int(REFUSAL.fullmatch(document["error"]).group(1))
    assert math.ceil((reset - after) / 1000) <= seconds <= math.ceil((reset - before) / 1000) + 1


def test_each_route_method_and_address_has_its_own_window(nobody, address):
    for _ in range(11):
        nobody.get("users.getAvatar", headers=address)
    assert nobody.get("users.getAvatar", headers=address).status == 429
    assert nobody.post("login", {}, headers=address).status == 401
    assert nobody.get("users.getAvatar", headers={"X-Real-IP": "10.0.1.1"}).status != 429


def test_a_second_registration_in_a_minute_is_refused(nobody, address):
    first = nobody.post("users.register", {}, headers=address)
    assert (first.status, numbers(first)[:2]) == (400, [1, 0])
    assert nobody.post("users.register", {}, headers=address).status == 429


def test_authentication_and_permission_come_before_the_limit_and_parameters_after(
    admin, nobody, address
):
    user = add_client(admin)
    for _ in range(12):
        assert nobody.get("me", headers=address).said == NOBODY
    for _ in range(12):
        assert user.get("integrations.list", "foo=1", headers=address).status == 403
    for _ in range(10):
        assert user.get("users.list", "foo=1", headers=address).status == 400
    assert user.get("users.list", "foo=1", headers=address).status == 429


def test_who_may_bypass_the_limit_is_not_even_counted(admin, address):
    for _ in range(15):
        answer = admin.get("me", headers=address)
        assert answer.status == 200
        assert not any(name in answer.headers for name in HEADERS)


def test_the_server_tells_its_version_as_often_as_it_is_asked(nobody, address):
    assert {nobody.get("/api/info", headers=address).status for _ in range(15)} == {200}


def test_the_limit_is_changed_while_the_server_runs(admin, nobody, address):
    with settings(admin, {"API_Enable_Rate_Limiter_Limit_Calls_Default": 2}):
        said = [nobody.post("login", {}, headers=address).status for _ in range(3)]
        assert said == [401, 401, 429]
    with settings(admin, {"API_Enable_Rate_Limiter": False}):
        answer = nobody.post("login", {}, headers=address)
        assert answer.status == 401
        assert not any(name in answer.headers for name in HEADERS)


def test_a_window_ends(admin, nobody, address):
    with settings(admin, {"API_Enable_Rate_Limiter_Limit_Time_Default": 200}):
        for _ in range(11):
            nobody.post("login", {}, headers=address)

        def allowed():
            return nobody.post("login", {}, headers=address).status == 401

        eventually(allowed, "the window to end")


def test_without_a_proxy_nobody_may_say_where_he_comes_from(new_server):
    server = new_server(OVERWRITE_SETTING_API_Enable_Rate_Limiter=None).start()
    said = []
    for n in range(11):
        headers = {"X-Real-IP": f"10.0.0.{n}", "X-Forwarded-For": f"10.0.1.{n}"}
        said.append(server.client().post("login", {}, headers=headers).status)
    assert said == [401] * 10 + [429]


def test_behind_proxies_the_address_is_counted_from_the_right(new_server):
    server = new_server(
        OVERWRITE_SETTING_API_Enable_Rate_Limiter=None, HTTP_FORWARDED_COUNT="2"
    ).start()
    set_setting(server.admin(), "API_Enable_Rate_Limiter_Limit_Calls_Default", 1)

    def ask(forwarded):
        headers = {"X-Forwarded-For": forwarded}
        return server.client().get("users.getAvatar", headers=headers).status != 429

    assert ask("1.1.1.1, 2.2.2.2, 3.3.3.3")
    assert not ask("9.9.9.9, 2.2.2.2, 4.4.4.4")
    assert ask("2.2.2.2, 5.5.5.5, 3.3.3.3")


# Pages of other origins

ALLOWED = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE, HEAD, PATCH",
    "Access-Control-Allow-Headers": (
        "Origin, X-Requested-With, Content-Type, Accept, X-User-Id, X-Auth-Token,"
        " x-visitor-token, Authorization"
    ),
}
ORIGIN = "https://Page.example"


def allowed_of(answer):
    return {n: v for n, v in answer.headers.items() if n.startswith("Access-Control-")}


@pytest.fixture
def from_a_page(nobody):
    def call(method, origin=ORIGIN):
        return nobody.call(method, "/api/info", headers={"Origin": origin})

    return call


def test_by_default_no_page_is_told_anything(from_a_page):
    assert allowed_of(from_a_page("OPTIONS")) == allowed_of(from_a_page("GET")) == {}


def test_any_page_may_be_allowed(admin, nobody, from_a_page):
    with settings(admin, {"API_Enable_CORS": True}):
        for method in "OPTIONS", "GET":
            answer = from_a_page(method)
            assert answer.status == 200
            assert allowed_of(answer) == {"Access-Control-Allow-Origin": "*", **ALLOWED}
        assert from_a_page("OPTIONS").body == b"OK"
        assert allowed_of(nobody.get("/api/info")) == {}


def test_some_pages_may_be_allowed(admin, from_a_page):
    origins = "https://other.example , https://page.example"
    with settings(admin, {"API_Enable_CORS": True, "API_CORS_Origin": origins}):
        for method in "OPTIONS", "GET":
            answer = from_a_page(method)
            assert answer.status == 200
            assert allowed_of(answer) == {"Access-Control-Allow-Origin": ORIGIN, **ALLOWED}
            refused = from_a_page(method, "https://evil.example")
            assert (refused.status, allowed_of(refused)) == (403, {})
