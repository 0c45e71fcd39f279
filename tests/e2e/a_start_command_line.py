"""The command line: what it does while a server runs and while none does, and how it says no."""

import re
import signal
import sqlite3
from contextlib import closing

import pytest

from harness.bodies import NOBODY
from harness.program import ROOT, gantry
from harness.table import table

COMMANDS = ["serve", "demo", "user add", "user list", "token create", "check-config", "version"]


def lines(text):
    """Lines of a name, a colon and a value, as a mapping."""
    return dict(re.split(r":\s+", line, maxsplit=1) for line in text.splitlines() if ": " in line)


# Users and tokens


def add_user(folder, name, *more, stdin="a-pass-word\n"):
    outcome = gantry("user", "add", name, "--password-stdin", "--data", folder, *more, stdin=stdin)
    assert outcome.code == 0, outcome
    return lines(outcome.out)


def create_token(folder, name, *more):
    outcome = gantry("token", "create", "--user", name, "--data", folder, *more)
    assert outcome.code == 0, outcome
    return lines(outcome.out)


def test_a_user_added_while_the_server_runs_can_log_in_with_the_next_request(server):
    said = add_user(server.folder, "ann", "--email", "ann@example.com", "--role", "admin")
    ann = server.login("ann", "a-pass-word")
    assert ann.user_id == said["user id"]
    me = ann.get("me").ok()
    assert me["roles"] == ["admin"]
    assert me["emails"] == [{"address": "ann@example.com", "verified": True}]
    assert server.login("ann@example.com", "a-pass-word").user_id == ann.user_id


def test_a_user_gets_the_usual_role_and_a_password_that_is_shown_once(server):
    outcome = gantry("user", "add", "bob", "--data", server.folder)
    said = lines(outcome.out)
    assert outcome.code == 0
    assert server.login("bob", said["password"]).get("me").ok()["roles"] == ["user"]


def test_a_token_made_while_the_server_runs_counts_for_the_next_request(server):
    add_user(server.folder, "carl", "--role", "admin")
    said = create_token(server.folder, "carl", "--name", "mine")
    carl = server.client().with_token(said["X-User-Id"], said["X-Auth-Token"])
    assert carl.get("me").ok()["username"] == "carl"
    tokens = carl.get("users.getPersonalAccessTokens").ok()["tokens"]
    assert [token["name"] for token in tokens] == ["mine"]
    assert tokens[0]["lastTokenPart"] == said["X-Auth-Token"][-6:]


def test_two_tokens_of_one_name_are_refused(server):
    add_user(server.folder, "dora")
    create_token(server.folder, "dora", "--name", "mine")
    words = ("token", "create", "--user", "dora", "--name", "mine")
    outcome = gantry(*words, "--data", server.folder)
    assert (outcome.code, "mine" in outcome.err) == (1, True)


def test_users_are_listed_alike_with_and_without_a_running_server(new_server):
    server = new_server().start()
    add_user(server.folder, "emil", "--email", "emil@example.com")
    running = gantry("user", "list", "--data", server.folder)
    server.stop()
    stopped = gantry("user", "list", "--data", server.folder)
    assert (running.code, stopped.code) == (0, 0)
    assert running.out == stopped.out
    assert [row.split("\t")[1] for row in running.out.splitlines()] == [
        "admin", "emil", "rocket.cat",
    ]  # fmt: skip


def test_users_and_tokens_can_be_made_before_the_first_start(new_server):
    server = new_server(ADMIN_PASS=None)
    add_user(server.folder, "first", "--role", "admin")
    said = create_token(server.folder, "first")
    server.start()
    first = server.client().with_token(said["X-User-Id"], said["X-Auth-Token"])
    assert first.get("me").ok()["roles"] == ["admin"]


def test_whoever_adds_a_user_without_a_server_hears_that_the_folder_is_new(folder):
    first = gantry("user", "add", "ana", "--data", folder / "data")
    assert (first.code, first.err) == (0, f"A new database was made in the folder {folder}/data.\n")
    assert gantry("user", "add", "ben", "--data", folder / "data").err == ""


def test_a_server_without_administrator_says_how_to_make_one(new_server):
    server = new_server(ADMIN_PASS=None).start()
    assert "event=no-administrator" in server.said()
    add_user(server.folder, "first", "--role", "admin")
    server.restart()
    assert server.said().count("event=no-administrator") == 1


def test_a_token_survives_a_restart_and_a_wrong_one_does_not_appear(new_server):
    server = new_server().start()
    said = create_token(server.folder, "admin")
    server.restart()
    user_id, token = said["X-User-Id"], said["X-Auth-Token"]
    assert server.client().with_token(user_id, token).get("me").status == 200
    assert server.client().with_token(user_id, token + "x").get("me").said == NOBODY


REFUSED = {
    "a user who is there already": (("user", "add", "admin"), 1, "admin"),
    "a name that cannot be one": (("user", "add", "no spaces"), 1, "no spaces"),
    "a role that does not exist": (("user", "add", "gina", "--role", "boss"), 1, "boss"),
    "a token for nobody": (("token", "create", "--user", "ghost"), 1, "ghost"),
    "a user without a name": (("user", "add"), 2, "USERNAME"),
    "a token without a user": (("token", "create"), 2, "--user"),
    "one word too many": (("user", "add", "one", "two"), 2, "two"),
    "two passwords": (
        ("user", "add", "hugo", "--password", "x", "--password-stdin"), 2, "--password",
    ),
    "an empty password": (("user", "add", "hugo", "--password", ""), 2, "password"),
}  # fmt: skip


@pytest.mark.parametrize("words, code, names", table(REFUSED))
def test_the_command_line_says_what_it_does_not_do(server, words, code, names):
    outcome = gantry(*words, "--data", server.folder)
    assert outcome.code == code
    assert outcome.err.startswith("gantry: ")
    assert names in outcome.err
    assert outcome.out == ""


def test_the_control_socket_is_only_its_owners(server):
    assert (server.folder / "gantry.sock").stat().st_mode & 0o777 == 0o600


# Folders


def test_a_second_server_on_the_same_folder_is_refused_and_the_first_goes_on(server):
    outcome = gantry("serve", "--data", server.folder, "--listen", "127.0.0.1:0")
    assert outcome.code == 1
    assert str(server.folder) in outcome.err
    assert server.client().get("/health").said == (200, b'{"status":"ok"}')


def test_a_second_server_on_the_same_address_is_refused(server, folder):
    address = "{}:{}".format(*server.address)
    outcome = gantry("serve", "--data", folder / "data", "--listen", address)
    assert outcome.code == 1
    assert address.split(":")[1] in outcome.err
    assert "--listen" in outcome.err


def test_a_folder_is_made_when_it_is_not_there(new_server, folder):
    server = new_server(folder / "data")
    server.start()
    assert (folder / "data" / "gantry.db").is_file()


def test_a_database_of_a_newer_program_is_refused_and_left_alone(new_server):
    server = new_server().start()
    server.stop()
    with closing(sqlite3.connect(server.folder / "gantry.db")) as db, db:
        (known,) = db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
        db.execute("UPDATE meta SET value = '9999' WHERE key = 'schema'")
    outcome = gantry("serve", "--data", server.folder, "--listen", "127.0.0.1:0")
    assert outcome.code == 1
    assert "9999" in outcome.err and known in outcome.err
    with closing(sqlite3.connect(server.folder / "gantry.db")) as db, db:
        assert db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone() == ("9999",)
        db.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (known,))
    server.start().admin()


def test_what_is_no_database_is_refused_and_left_alone(folder):
    (folder / "gantry.db").write_bytes(b"no database" * 1000)
    outcome = gantry("serve", "--data", folder, "--listen", "127.0.0.1:0")
    assert outcome.code == 1
    assert "gantry.db" in outcome.err
    assert (folder / "gantry.db").read_bytes() == b"no database" * 1000


# Help


def test_help_names_every_command():
    outcome = gantry("--help")
    assert (outcome.code, outcome.err) == (0, "")
    for command in COMMANDS:
        assert f"\n  {command} " in outcome.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_own_help(command):
    outcome = gantry(*command.split(), "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"Usage: gantry {command}")


def test_no_command_at_all_shows_the_commands_and_fails():
    outcome = gantry()
    assert (outcome.code, outcome.out) == (2, "")
    assert "Usage: gantry" in outcome.err


@pytest.mark.parametrize(
    "words, hint",
    table(
        {
            "a command": (["sreve"], "serve"),
            "two words": (["user", "lst"], "user list"),
            "an option": (["serve", "--lisen", "x"], "--listen"),
            "an option of its own": (["user", "add", "x", "--rol", "y"], "--role"),
            "a setting": (["serve", "--http.idle_timout", "1s"], "--http.idle_timeout"),
        }
    ),
)
def test_a_mistyped_word_is_answered_with_the_nearest(words, hint):
    outcome = gantry(*words)
    assert outcome.code == 2
    assert f'did you mean "{hint}"?' in outcome.err


def test_version_is_that_of_the_sources():
    version = (ROOT / "VERSION").read_text().strip()
    outcome = gantry("version")
    assert (outcome.code, version in outcome.out) == (0, True)
    assert gantry("--version").out == outcome.out


# Settings of the process


def test_check_config_shows_what_is_in_force_and_where_it_comes_from(folder):
    file = folder / "gantry.ini"
    file.write_text("[server]\nlisten = 127.0.0.1:1\nloops = 1\n[http]\nbody_bytes = 10m\n")
    outcome = gantry(
        "check-config", "--config", file, "--server.loops", "2",
        env={"GANTRY_HTTP_BODY_BYTES": "5m", "ROOT_URL": "https://chat.example"},
    )  # fmt: skip
    assert outcome.code == 0
    shown = {line.split("=")[0].strip(): line for line in outcome.out.splitlines() if "=" in line}
    assert "127.0.0.1:1" in shown["listen"] and "gantry.ini" in shown["listen"]
    assert "2" in shown["loops"]
    assert "5m" in shown["body_bytes"] and "GANTRY_HTTP_BODY_BYTES" in shown["body_bytes"]
    assert "https://chat.example" in shown["root_url"] and "ROOT_URL" in shown["root_url"]


def test_check_config_shows_no_secrets():
    env = {"ADMIN_PASS": "very-s3cret", "CREATE_TOKENS_FOR_USERS_SECRET": "other-s3cret"}
    outcome = gantry("check-config", env=env)
    assert outcome.code == 0
    assert "s3cret" not in outcome.out + outcome.err


def test_the_configuration_page_is_that_of_the_program():
    page = (ROOT / "docs" / "configuration.md").read_text()
    assert gantry("check-config", "--markdown").out == page


@pytest.mark.parametrize(
    "text, place, complaint",
    table(
        {
            "an unknown section": ("[nowhere]\nx = 1\n", ":2", "nowhere"),
            "an unknown key": ("[http]\nbody_size = 1\n", ":2", "body_size"),
            "a word for a number": ("\n[server]\nloops = many\n", ":3", "many"),
            "a size that is none": ("[http]\nbody_bytes = 5x\n", ":2", "5x"),
            "a time that is none": ("[http]\nidle_timeout = soon\n", ":2", "soon"),
            "too much": ("[server]\nloops = 1000\n", ":2", "1000"),
            "an address that is none": ("[server]\nlisten = nowhere\n", ":2", "nowhere"),
            "a url that is none": ("[server]\nroot_url = ftp://x\n", ":2", "ftp://x"),
            "a choice that is none": ("[log]\nlevel = loud\n", ":2", "loud"),
            "a line that is none": ("[http]\nwhat is this\n", ":2", "gantry.ini"),
        }
    ),
)
def test_a_mistake_in_the_file_ends_the_start_and_says_where_it_stands(
    folder, text, place, complaint
):
    file = folder / "gantry.ini"
    file.write_text(text)
    for command in "check-config", "serve":
        outcome = gantry(command, "--config", file, "--data.dir", folder / "data")
        assert outcome.code in (1, 2)
        assert f"{file}{place}" in outcome.err
        assert complaint in outcome.err
    assert not (folder / "data").exists()


@pytest.mark.parametrize(
    "arguments, env, names",
    table(
        {
            "a variable": ((), {"GANTRY_HTTP_IDLE_TIMEOUT": "x"}, "GANTRY_HTTP_IDLE_TIMEOUT"),
            "a variable nobody knows": ((), {"GANTRY_HTTP_IDEL": "1s"}, "GANTRY_HTTP_IDEL"),
            "a flag": (("--http.idle_timeout", "x"), {}, "--http.idle_timeout"),
            "a flag without a value": (("--listen",), {}, "--listen"),
            "a file that is not there": (("--config", "/nowhere/x.ini"), {}, "/nowhere/x.ini"),
        }
    ),
)  # fmt: skip
def test_a_mistake_elsewhere_names_its_place(arguments, env, names):
    outcome = gantry("check-config", *arguments, env=env)
    assert outcome.code in (1, 2)
    assert names in outcome.err


# Signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_server_in_good_order(new_server, number):
    server = new_server().start()
    server.process.send_signal(number)
    assert server.wait() == 0
    assert not (server.folder / "gantry.sock").exists()


def test_health_is_for_everybody_and_says_ok(nobody):
    answer = nobody.get("/health")
    assert answer.said == (200, b'{"status":"ok"}')
    assert answer.headers["Content-Type"] == "application/json"
