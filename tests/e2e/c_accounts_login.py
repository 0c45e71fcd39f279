"""Logging in and out: the forms a login may have, the ways it fails, and the end of guessing."""

import hashlib
import json
import re
import sqlite3
import threading
from contextlib import closing

import pytest

from harness.bodies import NOBODY
from harness.people import PASSWORD, add_client, add_user, set_setting
from harness.server import ADMIN_PASSWORD
from harness.table import table
from harness.waiting import let_pass

UNAUTHORIZED = (
    401,
    b'{"success":false,"error":"Unauthorized","status":"error","message":"Unauthorized"}',
)
NO_METHOD = (
    401,
    b'{"success":false,"error":400,"status":"error",'
    b'"message":"Unrecognized options for login request"}',
)
BY_USER = (
    401,
    b'{"success":false,"error":"error-login-blocked-for-user","status":"error",'
    b'"details":{"function":"Accounts.validateLoginAttempt"},'
    b'"message":"Login has been temporarily blocked For User"}',
)
BY_ADDRESS = (
    401,
    b'{"success":false,"error":"error-login-blocked-for-ip","status":"error",'
    b'"details":{"function":"Accounts.validateLoginAttempt"},'
    b'"message":"Login has been temporarily blocked For IP"}',
)
DEACTIVATED = (
    401,
    b'{"success":false,"error":"error-user-is-not-activated","status":"error",'
    b'"details":{"function":"Accounts.validateLoginAttempt"},'
    b'"message":"User is not activated"}',
)
LOGGED_OUT = (
    401,
    b'{"success":false,"error":403,"status":"error",'
    b'"message":"You\'ve been logged out by the server. Please log in again."}',
)
EXPIRED = (
    401,
    b'{"success":false,"error":403,"status":"error",'
    b'"message":"Your session has expired. Please log in again."}',
)

# No account of this file is ever kept from guessing, but where the test is about that.
SETTINGS = {"OVERWRITE_SETTING_Block_Multiple_Failed_Logins_Enabled": "false"}

GOOD = {
    "digest": hashlib.sha256(PASSWORD.encode()).hexdigest(),
    "algorithm": "sha-256",
}


@pytest.fixture(scope="module")
def mary(admin):
    return add_user(admin, "Mary.Ann", email="Mary@Example.com")


FORMS = {
    "user is a name": {"user": "Mary.Ann", "password": PASSWORD},
    "user is a name in other letters": {"user": "mary.ann", "password": PASSWORD},
    "user is an address": {"user": "mary@example.com", "password": PASSWORD},
    "user is an address in other letters": {"user": "MARY@example.COM", "password": PASSWORD},
    "username": {"username": "Mary.Ann", "password": PASSWORD},
    "email": {"email": "mary@example.com", "password": PASSWORD},
    "user names a username": {"user": {"username": "Mary.Ann"}, "password": PASSWORD},
    "user names an email": {"user": {"email": "mary@example.com"}, "password": PASSWORD},
    "the digest of the password": {"user": {"username": "Mary.Ann"}, "password": GOOD},
    "the digest and a plain name": {"user": "Mary.Ann", "password": GOOD},
    "a code for a second factor": {"user": "Mary.Ann", "password": PASSWORD, "code": "123456"},
    "user before username": {"user": "Mary.Ann", "username": "admin", "password": PASSWORD},
    "username before email": {"username": "Mary.Ann", "email": "x@y.z", "password": PASSWORD},
}


@pytest.mark.parametrize("body", table(FORMS))
def test_a_login_may_have_this_form(nobody, mary, body):
    answer = nobody.post("login", body)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    document = answer.json()
    assert list(document) == ["status", "data", "success"]
    assert list(document["data"]) == ["userId", "authToken", "me"]
    assert (document["status"], document["success"]) == ("success", True)
    assert document["data"]["userId"] == mary["_id"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", document["data"]["authToken"])


def test_a_login_may_be_urlencoded(nobody, mary):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = f"user=mary%40example.com&password={PASSWORD}".encode()
    assert nobody.post("login", body, headers=headers).status == 200


def test_a_login_may_carry_any_headers(nobody, admin, mary):
    body = FORMS["username"]
    second_factor = {"x-2fa-code": "1", "x-2fa-method": "totp"}
    assert admin.post("login", body, headers=second_factor).status == 200
    assert nobody.with_token("nobody", "nothing").post("login", body).status == 200


def test_a_login_says_who_one_is_as_me_does(server, mary):
    answer = server.client().post("login", FORMS["username"]).json()["data"]
    client = server.client().with_token(answer["userId"], answer["authToken"])
    me = client.get("me").ok()
    assert {**answer["me"], "success": True} == me


def test_each_login_has_a_token_of_its_own_and_all_work(server, mary):
    clients = [server.login("Mary.Ann", PASSWORD) for _ in range(3)]
    assert len({client.token for client in clients}) == 3
    assert [client.get("me").status for client in clients] == [200] * 3


def test_a_session_is_taken_up_by_its_token(server, nobody, mary):
    mary_client = server.login("Mary.Ann", PASSWORD)
    document = nobody.post("login", {"resume": mary_client.token}).json()
    assert document["data"]["authToken"] == mary_client.token
    assert document["data"]["userId"] == mary["_id"]


FAILURES = {
    "a wrong password": ({"user": "Mary.Ann", "password": "wrong"}, UNAUTHORIZED),
    "an unknown name": ({"user": "nobody-at-all", "password": PASSWORD}, UNAUTHORIZED),
    "an unknown address": ({"email": "nobody@example.com", "password": PASSWORD}, UNAUTHORIZED),
    "a wrong digest": (
        {"user": "Mary.Ann", "password": {**GOOD, "digest": "0" * 64}}, UNAUTHORIZED,
    ),
    "the digest as the password": ({"user": "Mary.Ann", "password": GOOD["digest"]}, UNAUTHORIZED),
    "the account without a password": ({"user": "rocket.cat", "password": ""}, UNAUTHORIZED),
    "nothing": ({}, NO_METHOD),
    "a name alone": ({"user": "Mary.Ann"}, NO_METHOD),
    "a password alone": ({"password": PASSWORD}, NO_METHOD),
    "another way to log in": ({"ldap": True, "username": "x", "ldapPass": "y"}, NO_METHOD),
    "a token that nobody has": ({"resume": "nothing"}, LOGGED_OUT),
}  # fmt: skip


@pytest.mark.parametrize("body, said", table(FAILURES))
def test_a_login_fails_in_these_words(nobody, mary, body, said):
    answer = nobody.post("login", body)
    assert answer.said == said
    assert answer.headers["Content-Type"] == "application/json"


def test_a_deactivated_account_says_so_to_whoever_knows_its_password(admin, nobody):
    name = add_user(admin, active=False)["username"]
    assert nobody.post("login", {"user": name, "password": PASSWORD}).said == DEACTIVATED
    assert nobody.post("login", {"user": name, "password": "wrong"}).said == UNAUTHORIZED


# Tokens


def test_a_token_counts_for_its_own_user_only(server, admin, mary):
    mary_client = server.login("Mary.Ann", PASSWORD)
    assert mary_client.with_token(admin.user_id, mary_client.token).get("me").said == NOBODY
    assert mary_client.with_token(mary["_id"], admin.token).get("me").said == NOBODY
    assert mary_client.get("me").status == 200


BAD_CREDENTIALS = {
    "no token": lambda c: {"X-User-Id": c.user_id},
    "no user id": lambda c: {"X-Auth-Token": c.token},
    "an empty token": lambda c: {"X-User-Id": c.user_id, "X-Auth-Token": ""},
    "the token in a cookie": lambda c: {"Cookie": f"rc_uid={c.user_id}; rc_token={c.token}"},
    "the token as a bearer": lambda c: {"Authorization": f"Bearer {c.token}"},
}


@pytest.mark.parametrize("headers", table(BAD_CREDENTIALS))
def test_nothing_but_the_two_headers_tells_who_one_is(nobody, admin, headers):
    assert nobody.get("me", headers=headers(admin)).said == NOBODY


def test_a_token_in_the_query_or_in_the_body_tells_nothing(nobody, admin):
    credentials = {"userId": admin.user_id, "authToken": admin.token}
    query = {"rc_uid": admin.user_id, "rc_token": admin.token, "access_token": admin.token}
    assert nobody.get("me", query).said == NOBODY
    assert nobody.post("logout", credentials).said == NOBODY


def test_the_names_of_the_two_headers_are_in_any_letters(nobody, admin):
    headers = {"x-AUTH-token": admin.token, "X-USER-ID": admin.user_id}
    assert nobody.get("me", headers=headers).status == 200


def test_logging_out_ends_one_session_and_no_other(server, mary):
    one, other = (server.login("Mary.Ann", PASSWORD) for _ in range(2))
    assert one.post("logout").said == (
        200,
        b'{"status":"success","data":{"message":"You\'ve been logged out!"}}',
    )
    assert one.get("me").said == NOBODY
    assert one.post("logout").said == NOBODY
    assert other.get("me").status == 200
    assert other.get("logout").status == 200
    assert other.get("me").said == NOBODY


def test_a_user_keeps_fifty_sessions_and_loses_the_oldest(server, admin):
    name = add_user(admin)["username"]
    clients = [server.login(name, PASSWORD) for _ in range(2)]

    def log_in(times):
        for _ in range(times):
            clients.append(server.login(name, PASSWORD))

    threads = [threading.Thread(target=log_in, args=(7,)) for _ in range(7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(clients) == 51
    assert clients[0].get("me").said == NOBODY
    assert [client.get("me").status for client in clients[1:]] == [200] * 50


def test_sessions_expire_after_the_days_that_are_set_and_personal_tokens_do_not(new_server):
    """The database is made older by hand while no server runs."""
    server = new_server().start()
    user = add_client(server.admin())
    personal = user.post("users.generatePersonalAccessToken", {"tokenName": "mine"}).ok()["token"]
    server.stop()
    make_sessions_older(server, days=89)
    server.start()
    assert user.at(server.address).get("me").status == 200
    server.stop()
    make_sessions_older(server, days=2)
    server.start()
    assert user.at(server.address).get("me").said == NOBODY
    assert server.client().post("login", {"resume": user.token}).said == EXPIRED
    assert server.client().with_token(user.user_id, personal).get("me").status == 200


def make_sessions_older(server, days):
    with closing(sqlite3.connect(server.folder / "gantry.db")) as db, db:
        db.execute("UPDATE login_tokens SET created_at_ms = created_at_ms - ?", (days * 86400000,))


# Guessing


@pytest.fixture
def guarded(new_server):
    """A server that keeps people from guessing."""
    server = new_server().start()
    return server, server.admin()


def guess(server, name, times, password="wrong"):
    client = server.client()
    return [client.post("login", {"user": name, "password": password}).said for _ in range(times)]


def test_ten_wrong_passwords_block_also_the_right_one(guarded):
    server, admin = guarded
    name = add_user(admin)["username"]
    assert guess(server, name, 10) == [UNAUTHORIZED] * 10
    assert guess(server, name, 1, PASSWORD) == [BY_USER]
    assert guess(server, name, 1) == [BY_USER]
    assert server.admin().user_id == admin.user_id


def test_a_good_login_begins_the_count_anew(guarded):
    server, admin = guarded
    name = add_user(admin)["username"]
    for _ in range(2):
        assert guess(server, name, 9) == [UNAUTHORIZED] * 9
        server.login(name, PASSWORD)


def test_a_block_ends_after_its_time(guarded):
    server, admin = guarded
    name = add_user(admin)["username"]
    set_setting(admin, "Block_Multiple_Failed_Logins_Attempts_Until_Block_by_User", 2)
    assert guess(server, name, 2) == [UNAUTHORIZED] * 2
    assert guess(server, name, 1, PASSWORD) == [BY_USER]
    set_setting(admin, "Block_Multiple_Failed_Logins_Time_To_Unblock_By_User_In_Minutes", 0.005)
    let_pass(0.005 * 60)
    server.login(name, PASSWORD)


def test_an_address_is_blocked_after_guessing_many_names(guarded):
    server, admin = guarded
    set_setting(admin, "Block_Multiple_Failed_Logins_Attempts_Until_Block_By_Ip", 4)
    for n in range(4):
        assert guess(server, f"unknown-{n}", 1) == [UNAUTHORIZED]
    assert guess(server, "admin", 1, ADMIN_PASSWORD) == [BY_ADDRESS]


def test_a_trusted_address_is_never_blocked(guarded):
    server, admin = guarded
    set_setting(admin, "Block_Multiple_Failed_Logins_Attempts_Until_Block_By_Ip", 2)
    set_setting(admin, "Block_Multiple_Failed_Logins_Ip_Whitelist", "10.0.0.1, 127.0.0.1")
    assert guess(server, "unknown", 5) == [UNAUTHORIZED] * 5


@pytest.mark.parametrize(
    "values",
    table(
        {
            "all of it": {"Block_Multiple_Failed_Logins_Enabled": False},
            "by user": {
                "Block_Multiple_Failed_Logins_By_User": False,
                "Block_Multiple_Failed_Logins_Attempts_Until_Block_by_User": 1,
            },
            "by a limit of zero": {"Block_Multiple_Failed_Logins_Attempts_Until_Block_by_User": 0},
        }
    ),
)
def test_blocking_can_be_switched_off(guarded, values):
    server, admin = guarded
    for name, value in values.items():
        set_setting(admin, name, value)
    name = add_user(admin)["username"]
    assert guess(server, name, 11) == [UNAUTHORIZED] * 11
    server.login(name, PASSWORD)


@pytest.mark.concurrent
def test_attempts_at_the_same_time_do_not_block_each_other(guarded):
    server, admin = guarded
    name = add_user(admin)["username"]
    body = json.dumps({"user": name, "password": "wrong"}).encode()
    headers = {"Content-Type": "application/json"}
    gate, said = threading.Barrier(10), []

    def attempt():
        client = server.client()
        client.get("/health")
        gate.wait()
        said.append(client.post("login", body, headers=headers).said)

    threads = [threading.Thread(target=attempt) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [UNAUTHORIZED] * 10
    assert guess(server, name, 1, PASSWORD) == [BY_USER]
