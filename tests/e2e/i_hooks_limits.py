"""How many calls a hook takes: a bucket for each integration, the reference's rule where it is asked
for, and a brake for those who guess addresses."""

import re
import time

import pytest

from harness.bodies import SUCCESS
from harness.hooks import UNKNOWN, call, history, hook_in_room, path, recorded, set_options, texts
from harness.integrations import update
from harness.people import settings
from harness.waiting import let_pass

SETTINGS = {"OVERWRITE_SETTING_API_Enable_Rate_Limiter": None, "GANTRY_HTTP_REAL_IP": "true"}

TOO_MANY = re.compile(
    rb'\{"success":false,"error":"Error, too many requests\. Please slow down\. You must wait (\d+)'
    rb' seconds before trying this endpoint again\. \[error-too-many-requests\]"\}'
)
_addresses = iter(range(1, 250))


@pytest.fixture
def address():
    """An address that nobody has called from."""
    return {"X_Real_IP": f"10.1.0.{next(_addresses)}"}


def limits(answer):
    return [int(answer.headers[f"X-RateLimit-{n}"]) for n in ("Limit", "Remaining", "Reset")]


def small_hook(admin, rate=0.01, burst=3):
    hook, room = hook_in_room(admin)
    set_options(admin, hook, limits={"ratePerSecond": rate, "burst": burst}).ok()
    return hook, room


def test_usually_a_hook_takes_a_thousand_at_once_and_a_hundred_a_second(admin, nobody):
    hook, _ = hook_in_room(admin)
    begin = time.time() * 1000
    answer = call(nobody, hook, {"text": "x"})
    limit, left, full_again = limits(answer)
    assert (limit, left) == (1000, 999)
    assert begin + 9 <= full_again <= time.time() * 1000 + 11


def test_over_its_limit_a_call_is_refused_and_told_how_long_to_wait(admin, nobody):
    hook, room = small_hook(admin)
    for left in 2, 1, 0:
        answer = call(nobody, hook, {"text": "x"})
        assert (answer.said, limits(answer)[:2]) == (SUCCESS, [3, left])
    answer = call(nobody, hook, {"text": "x"})
    assert answer.status == 429
    assert limits(answer)[:2] == [3, 0]
    seconds = int(TOO_MANY.fullmatch(answer.body).group(1))
    assert answer.headers["Retry-After"] == str(seconds)
    assert 90 < seconds <= 100
    assert texts(admin, room) == ["x"] * 3


def test_the_bucket_fills_again(admin, nobody):
    hook, _ = small_hook(admin, rate=20, burst=1)
    answer = call(nobody, hook, {"text": "x"})
    while answer.status == 200:
        answer = call(nobody, hook, {"text": "x"})
    assert answer.headers["Retry-After"] == "1"
    let_pass(0.06)
    assert call(nobody, hook, {"text": "x"}).said == SUCCESS


def test_each_integration_has_its_own_bucket_whoever_calls(admin, nobody, address):
    hook, _ = small_hook(admin, burst=1)
    other, _ = small_hook(admin, burst=1)
    assert call(nobody, hook, {}).status == 200
    assert call(nobody, hook, {}, **address).status == 429
    assert nobody.get(path(hook, user="x", kind="info")).status == 429
    assert call(nobody, other, {}).status == 200


def test_the_limit_comes_behind_the_address_and_before_all_else(admin, nobody):
    hook, _ = small_hook(admin, burst=1)
    update(admin, hook, enabled=False)
    assert call(nobody, hook, {}).status == 503
    assert call(nobody, hook, {}).status == 429
    assert nobody.post(path(hook, "wrong"), {}).said == UNKNOWN


def test_limits_can_be_taken_back(admin, nobody):
    hook, _ = small_hook(admin, burst=1)
    assert [call(nobody, hook, {}).status for _ in range(2)] == [200, 429]
    set_options(admin, hook, limits=None).ok()
    assert limits(call(nobody, hook, {}))[0] == 1000


def test_without_the_limiter_nothing_is_counted(admin, nobody):
    hook, _ = small_hook(admin, burst=1)
    with settings(admin, {"API_Enable_Rate_Limiter": False}):
        for _ in range(5):
            answer = call(nobody, hook, {})
            assert answer.said == SUCCESS and "X-RateLimit-Limit" not in answer.headers


def test_of_refused_calls_one_a_second_is_recorded(admin, nobody):
    hook, _ = small_hook(admin, burst=1)
    begin = time.time()
    for _ in range(30):
        call(nobody, hook, {})
    took = time.time() - begin
    call(admin, hook, {})
    calls = recorded(admin, hook, 2)
    assert [c["outcome"] for c in calls] == ["ignored", "limited"]
    assert history(admin, hook).ok()["total"] <= 2 + took + 1


# The reference's rule


def test_the_references_rule_counts_an_address_at_a_url(admin, nobody, address):
    hook, _ = hook_in_room(admin)
    with settings(admin, {"Integrations_Hooks_Use_API_Limiter": True}):
        for left in range(9, -1, -1):
            assert limits(call(nobody, hook, {}, **address))[:2] == [10, left]
        refused = call(nobody, hook, {}, **address)
        assert (refused.status, limits(refused)[:2]) == (429, [10, 0])
        assert int(refused.headers["Retry-After"]) > 50
        assert call(nobody, hook, {}, X_Real_IP="10.1.1.1").status == 200
        assert nobody.get(path(hook), headers={"X-Real-IP": address["X_Real_IP"]}).status == 200
    assert limits(call(nobody, hook, {}, **address))[0] == 1000


# Guessing


def guess(client, hook, address, token="a-guess"):
    return client.post(path(hook, token), {}, headers={"X-Real-IP": address["X_Real_IP"]})


def test_guesses_are_counted_for_their_address(admin, nobody, address):
    hook, _ = hook_in_room(admin)
    other, _ = hook_in_room(admin)
    for number in range(10):
        target = [hook, other, {**hook, "_id": "nobody"}][number % 3]
        assert guess(nobody, target, address, f"guess-{number}").said == UNKNOWN
    refused = guess(nobody, hook, address)
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) > 50
    assert TOO_MANY.fullmatch(refused.body)
    assert nobody.post(path(hook, "x"), {}, headers={"X-Real-IP": "10.1.1.2"}).said == UNKNOWN


def test_whoever_has_the_address_is_never_refused_for_the_guesses_of_others(admin, nobody, address):
    hook, _ = hook_in_room(admin)
    for _ in range(12):
        guess(nobody, hook, address)
    assert guess(nobody, hook, address).status == 429
    assert call(nobody, hook, {"text": "x"}, **address).said == SUCCESS


def test_without_the_limiter_guesses_are_not_counted(admin, nobody, address):
    hook, _ = hook_in_room(admin)
    with settings(admin, {"API_Enable_Rate_Limiter": False}):
        for _ in range(15):
            assert guess(nobody, hook, address).said == UNKNOWN
