"""Permissions, roles and settings: what there is at the beginning, who may change it, and that a
change counts for the next request."""

import re

import pytest

from harness.bodies import (
    BARE,
    CLOSED,
    NO_PERMISSION,
    NOBODY,
    SUCCESS,
    failure,
    invalid,
    required,
    thrown,
)
from harness.integrations import HEX_ID, INCOMING, MOMENT
from harness.people import add_client, add_user, new_name, permissions, roles_of, set_setting
from harness.table import table

SETTINGS = {"ROOT_URL": "https://chat.example/"}


# Permissions

DEFAULTS = {
    "access-permissions": ["admin"],
    "add-user-to-any-p-room": [],
    "manage-incoming-integrations": ["admin"],
    "manage-outgoing-integrations": ["admin"],
    "manage-own-incoming-integrations": ["admin"],
    "manage-own-outgoing-integrations": ["admin"],
    "message-impersonate": ["bot", "app"],
    "api-bypass-rate-limit": ["admin", "bot", "app"],
    "create-personal-access-tokens": ["admin", "user"],
    "create-c": ["admin", "user", "federated-external", "bot", "app"],
    "delete-c": ["admin", "owner"],
    "add-user-to-joined-room": ["admin", "owner", "moderator"],
    "view-c-room": ["admin", "user", "federated-external", "bot", "app", "anonymous"],
    "view-d-room": ["admin", "user", "federated-external", "bot", "app", "guest"],
    "view-p-room": ["admin", "user", "federated-external", "anonymous", "guest"],
    "view-joined-room": ["guest", "bot", "app", "anonymous"],
    "mark-message-as-important": ["admin", "owner", "important-message-marker"],
    "view-outside-room": ["admin", "owner", "moderator", "user", "federated-external"],
}


def test_permissions_are_listed_with_their_default_roles(user):
    answer = user.get("permissions.listAll").ok()
    assert list(answer) == ["update", "remove", "success"]
    assert answer["remove"] == []
    listed = {p["_id"]: p for p in answer["update"]}
    assert {name: listed[name]["roles"] for name in DEFAULTS} == DEFAULTS
    assert len(listed) > 130
    assert all(re.fullmatch(MOMENT, p["_updatedAt"]) for p in listed.values())


def test_permissions_are_listed_by_the_time_of_their_change(admin):
    changed = {"mail-messages": ["admin", "user"]}
    before = admin.get("permissions.listAll").ok()["update"]
    latest = max(p["_updatedAt"] for p in before)
    with permissions(admin, changed):
        query = {"updatedSince": latest}
        names = [p["_id"] for p in admin.get("permissions.listAll", query).ok()["update"]]
        assert "mail-messages" in names and len(names) < len(before)


LIST_REFUSED = {
    "a date that is none": (
        "updatedSince=soon",
        thrown("error-roomId-param-invalid",
               'The "updatedSince" query parameter must be a valid date.'),
    ),
    "an unknown key": ("foo=1", invalid(CLOSED)),
}  # fmt: skip


@pytest.mark.parametrize("query, said", table(LIST_REFUSED))
def test_the_list_of_permissions_is_refused(user, query, said):
    assert user.get("permissions.listAll", query).said == said


def test_an_update_of_permissions_answers_all_of_them(admin):
    body = {"permissions": [{"_id": "send-mail", "roles": ["admin"]}]}
    answer = admin.post("permissions.update", body).ok()
    assert {"_id", "roles", "_updatedAt"} <= answer["permissions"][0].keys()
    assert len(answer["permissions"]) == len(admin.get("permissions.listAll").ok()["update"])


def test_roles_of_a_permission_are_replaced_and_keep_their_order(admin):
    for roles in ["user", "admin", "bot"], [], ["admin"]:
        body = {"permissions": [{"_id": "send-mail", "roles": roles}]}
        admin.post("permissions.update", body).ok()
        assert roles_of(admin, ["send-mail"])["send-mail"] == roles


SEND_MAIL = {"_id": "send-mail", "roles": ["user"]}
TWINS = "must NOT have duplicate items (items ## 1 and 0 are identical)"
NO_SUCH_PERMISSION = failure("Invalid permission", errorType="error-invalid-permission")
UPDATE_REFUSED = {
    "nothing": ({}, invalid(required("permissions"))),
    "text for the list": ({"permissions": ""}, invalid("must be array")),
    "a permission without roles": ({"permissions": [{"_id": "x"}]}, invalid(required("roles"))),
    "the same role twice": (
        {"permissions": [{"_id": "x", "roles": ["a", "a"]}]}, invalid(TWINS),
    ),
    "an unknown permission": (
        {"permissions": [SEND_MAIL, {"_id": "nothing", "roles": ["nobody"]}]}, NO_SUCH_PERMISSION,
    ),
    "the same permission twice": ({"permissions": [SEND_MAIL, SEND_MAIL]}, NO_SUCH_PERMISSION),
    "an unknown role": (
        {"permissions": [SEND_MAIL, {"_id": "mail-messages", "roles": ["nobody"]}]},
        failure("Invalid role", errorType="error-invalid-role"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("body, said", table(UPDATE_REFUSED))
def test_an_update_of_permissions_is_refused_as_a_whole(admin, body, said):
    assert admin.post("permissions.update", body).said == said
    assert roles_of(admin, ["send-mail", "mail-messages"]) == {
        "send-mail": ["admin"], "mail-messages": ["admin"],
    }  # fmt: skip


def test_permissions_are_changed_by_whoever_may(admin, user):
    body = {"permissions": [SEND_MAIL]}
    assert user.post("permissions.update", body).said == NO_PERMISSION
    assert user.post("permissions.update", {}).said == NO_PERMISSION
    with permissions(admin, {"access-permissions": ["admin", "user"]}):
        user.post("permissions.update", {"permissions": [{**SEND_MAIL, "roles": ["admin"]}]}).ok()


def test_everybody_can_be_locked_out_of_the_permissions(new_server):
    admin = new_server().start().admin()
    body = {"permissions": [{"_id": "access-permissions", "roles": []}]}
    admin.post("permissions.update", body).ok()
    assert admin.post("permissions.update", body).said == NO_PERMISSION


def test_a_change_of_permissions_counts_for_the_next_request(admin):
    user = add_client(admin)
    refused = thrown("not_authorized", "Unauthorized", method="addIncomingIntegration")
    for _ in range(3):
        with permissions(admin, {"manage-own-incoming-integrations": ["user"]}):
            assert user.post("integrations.create", INCOMING).status == 200
        assert user.post("integrations.create", INCOMING).said == refused


def test_a_changed_permission_is_as_it_was_after_a_restart(new_server):
    server = new_server().start()
    admin = server.admin()
    body = {"permissions": [{"_id": "send-mail", "roles": ["bot", "admin"]}]}
    admin.post("permissions.update", body).ok()
    server.restart()
    assert roles_of(admin.at(server.address), ["send-mail"]) == {"send-mail": ["bot", "admin"]}


# Roles

DEFAULT_ROLES = {
    "admin", "user", "bot", "app", "guest", "anonymous", "livechat-agent", "livechat-manager",
    "livechat-monitor", "federated-external", "owner", "moderator", "leader",
}  # fmt: skip


def test_the_default_roles_are_there(user):
    roles = {role["_id"]: role for role in user.get("roles.list").ok()["roles"]}
    assert DEFAULT_ROLES <= roles.keys()
    for name in DEFAULT_ROLES:
        role = roles[name]
        assert role.keys() == {"_id", "description", "mandatory2fa", "name", "protected", "scope"}
        assert (role["name"], role["protected"], role["mandatory2fa"]) == (name, True, False)
    assert (roles["admin"]["description"], roles["admin"]["scope"]) == ("Admin", "Users")
    assert (roles["owner"]["description"], roles["owner"]["scope"]) == ("Owner", "Subscriptions")


def test_a_role_of_ones_own_is_made_given_asked_for_taken_and_removed(admin):
    name = new_name("role")
    role = admin.post("roles.create", {"name": name, "description": "d"}).ok()["role"]
    assert re.fullmatch(HEX_ID, role["_id"]) and re.fullmatch(MOMENT, role["_updatedAt"])
    assert (role["name"], role["scope"], role["protected"]) == (name, "Users", False)
    user = add_user(admin)
    given = {"username": user["username"], "roleId": role["_id"]}
    assert admin.post("roles.addUserToRole", given).ok()["role"]["_id"] == role["_id"]
    assert admin.post("roles.addUserToRole", given).said == thrown(
        "error-user-already-in-role", "User already in role"
    )
    holders = admin.get("roles.getUsersInRole", {"role": role["_id"]}).ok()
    assert ([u["_id"] for u in holders["users"]], holders["total"]) == ([user["_id"]], 1)
    in_use = thrown("error-role-in-use", "Cannot delete role because it's in use")
    assert admin.post("roles.delete", {"roleId": role["_id"]}).said == in_use
    assert admin.post("roles.removeUserFromRole", given).ok()["role"]["_id"] == role["_id"]
    assert admin.post("roles.delete", {"roleId": role["_id"]}).said == SUCCESS
    assert role["_id"] not in [r["_id"] for r in admin.get("roles.list").ok()["roles"]]


def test_a_role_brings_its_permissions_with_the_next_request(admin):
    role = admin.post("roles.create", {"name": new_name("role")}).ok()["role"]["_id"]
    user = add_client(admin)
    given = {"username": user.username, "roleId": role}
    with permissions(admin, {"manage-incoming-integrations": ["admin", role]}):
        assert user.get("integrations.list").said == NO_PERMISSION
        admin.post("roles.addUserToRole", given).ok()
        assert user.get("integrations.list").status == 200
        admin.post("roles.removeUserFromRole", given).ok()
        assert user.get("integrations.list").said == NO_PERMISSION


ROLE_REFUSED = {
    "a name that is taken": (
        "roles.create", {"name": "admin"},
        thrown("error-duplicate-role-names-not-allowed", "Role name already exists"),
    ),
    "no name": (
        "roles.create", {},
        thrown("error-invalid-role-properties", "The role properties are invalid."),
    ),
    "an unknown role to remove": (
        "roles.delete", {"roleId": "nothing"},
        thrown("error-invalid-roleId", "This role does not exist"),
    ),
    "a protected role": (
        "roles.delete", {"roleId": "bot"},
        thrown("error-role-protected", "Cannot delete a protected role"),
    ),
    "no role to give": (
        "roles.addUserToRole", {"username": "admin"}, failure("error-invalid-role-properties"),
    ),
    "an unknown role to give": (
        "roles.addUserToRole", {"username": "admin", "roleId": "nothing"},
        failure("error-role-not-found", errorType="Role not found"),
    ),
    "nobody to take it from": (
        "roles.removeUserFromRole", {"username": "nobody", "roleId": "bot"},
        thrown("error-invalid-user", "There is no user with this username"),
    ),
    "an unknown role to take": (
        "roles.removeUserFromRole", {"username": "admin", "roleId": "nothing"},
        thrown("error-invalid-roleId", "This role does not exist"),
    ),
    "a role he does not have": (
        "roles.removeUserFromRole", {"username": "admin", "roleId": "bot"},
        thrown("error-user-not-in-role", "User is not in this role"),
    ),
    "the last administrator": (
        "roles.removeUserFromRole", {"username": "admin", "roleId": "admin"},
        thrown("error-admin-required", "You need to have at least one admin"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("endpoint, body, said", table(ROLE_REFUSED))
def test_a_change_of_roles_is_refused(admin, endpoint, body, said):
    status, text = admin.post(endpoint, body).said
    assert (status, text.split(b',"details"')[0].rstrip(b"}")) == (said[0], said[1].rstrip(b"}"))


def test_roles_are_changed_by_whoever_may(user):
    for endpoint in "roles.delete", "roles.removeUserFromRole":
        assert user.post(endpoint, {}).said == NO_PERMISSION
    assert user.get("roles.getUsersInRole", {"role": "admin"}).said == NO_PERMISSION
    for endpoint, body in (
        ("roles.create", {"name": "mine"}),
        ("roles.addUserToRole", {"username": user.username, "roleId": "bot"}),
    ):
        refused = user.post(endpoint, body)
        assert refused.status == 400
        assert refused.json()["error"] == (
            "Accessing permissions is not allowed [error-action-not-allowed]"
        )


def test_roles_change_since_a_moment(admin):
    def changes(since):
        roles = admin.get("roles.sync", {"updatedSince": since}).ok()["roles"]
        return [[role["_id"] for role in roles[kind]] for kind in ("update", "remove")]

    role = admin.post("roles.create", {"name": new_name("role")}).ok()["role"]
    updated, removed = changes("2020-01-01T00:00:00.000Z")
    assert role["_id"] in updated and role["_id"] not in removed
    admin.post("roles.delete", {"roleId": role["_id"]}).ok()
    updated, removed = changes("2020-01-01T00:00:00.000Z")
    assert role["_id"] not in updated and role["_id"] in removed
    assert changes("2090-01-01T00:00:00.000Z") == [[], []]
    wrong = admin.get("roles.sync", {"updatedSince": "soon"}).json()
    assert wrong["error"] == "updatedSince must be a valid date string [error-invalid-param]"


# Settings


def test_a_setting_is_read_and_changed_by_whoever_may(admin, user):
    path = "settings/Site_Name"
    assert admin.get(path).said == (
        200,
        b'{"_id":"Site_Name","value":"Rocket.Chat","success":true}',
    )
    assert admin.post(path, {"value": "Ours"}).said == SUCCESS
    assert admin.get(path).ok()["value"] == "Ours"
    assert user.get(path).said == NO_PERMISSION
    assert user.post(path, {"value": "Theirs"}).said == NO_PERMISSION
    assert admin.get(path).ok()["value"] == "Ours"


@pytest.mark.parametrize("value", ["text", 5, 1.5, True, None, [], ["a"], {"a": 1}],
                         ids=repr)  # fmt: skip
def test_a_setting_keeps_the_type_that_was_sent(admin, value):
    set_setting(admin, "Site_Name", value)
    assert admin.get("settings/Site_Name").ok()["value"] == value


SETTING_REFUSED = {
    "an unknown one": ("settings/Nothing", {"value": 1}),
    "a hidden one": ("settings/Accounts_SystemBlockedUsernameList", {"value": ""}),
    "no value": ("settings/Site_Name", {}),
}


@pytest.mark.parametrize("path, body", table(SETTING_REFUSED))
def test_a_change_of_a_setting_is_refused(admin, path, body):
    assert admin.post(path, body).said == BARE


@pytest.mark.parametrize("name", ["Nothing", "Livechat_Routing_Method", "site_name"])
def test_a_setting_that_does_not_exist_is_bare(admin, name):
    assert admin.get(f"settings/{name}").said == BARE


def test_public_settings_are_for_everybody_and_no_others_are(nobody):
    listed = nobody.get("settings.public", "count=0").ok()
    names = [setting["_id"] for setting in listed["settings"]]
    assert {"Site_Url", "LDAP_Enable", "Site_Name"} <= set(names)
    assert not {"API_Enable_CORS", "Integrations_Post_As_Policy", "API_Default_Count"} & set(names)
    assert names == sorted(names)
    assert listed["total"] == listed["count"] == len(names) >= 5


def test_public_settings_are_found_by_their_names(nobody):
    two = nobody.get("settings.public", "_id=Site_Url,LDAP_Enable").ok()
    assert {s["_id"]: s["value"] for s in two["settings"]} == {
        "LDAP_Enable": False, "Site_Url": "https://chat.example",
    }  # fmt: skip
    assert nobody.get("settings.public", "_id=Nothing").said == (
        200,
        b'{"settings":[],"count":0,"offset":0,"total":0,"success":true}',
    )


def test_settings_come_in_pages(admin):
    everything = admin.get("settings", "count=0").ok()
    assert everything["total"] == everything["count"] > 100
    assert admin.get("settings", "count=1000").ok()["count"] == 100
    assert admin.get("settings").ok()["count"] == 50
    page = admin.get("settings", "count=3&offset=2").ok()
    assert page["settings"] == everything["settings"][2:5]


def test_settings_are_shown_by_who_asks(admin, user, nobody):
    def names(client):
        return {s["_id"] for s in client.get("settings", "count=0").ok()["settings"]}

    public = {s["_id"] for s in nobody.get("settings.public", "count=0").ok()["settings"]}
    assert names(user) == public
    assert names(admin) > public
    assert "Accounts_SystemBlockedUsernameList" not in names(admin)
    assert nobody.get("settings").said == NOBODY


@pytest.mark.parametrize(
    "name, variable, value",
    [
        ("Site_Name", "Forced", "Forced"),
        ("UI_Use_Real_Name", "true", True),
        ("Store_Last_Message", "false", False),
        ("API_Default_Count", "7", 7),
        ("Site_Name", "42", "42"),
    ],
)
def test_a_variable_of_the_environment_wins_over_the_stored(new_server, name, variable, value):
    server = new_server().start()
    set_setting(server.admin(), name, "stored")
    server.restart(**{f"OVERWRITE_SETTING_{name}": variable})
    shown = server.admin().get(f"settings/{name}").ok()["value"]
    assert (shown, type(shown)) == (value, type(value))


def test_a_changed_setting_survives_a_restart(new_server):
    server = new_server().start()
    admin = server.admin()
    set_setting(admin, "API_Default_Count", 7)
    server.restart()
    admin = admin.at(server.address)
    assert admin.get("settings/API_Default_Count").ok()["value"] == 7
    assert admin.get("settings").ok()["count"] == 7


# Info


def test_info_tells_strangers_the_version_and_no_more(nobody, user, admin):
    for path in "/api/info", "info":
        stranger = nobody.get(path).ok()
        assert stranger.keys() == {"version", "minimumClientVersions", "success"}
        assert stranger["minimumClientVersions"].keys() == {"desktop", "mobile"}
        assert nobody.get(path).headers["Content-Type"] == "application/json"
        assert "info" not in user.get(path).ok()
        assert nobody.with_token("nobody", "nothing").get(path).ok() == stranger
        full = admin.get(path).ok()
        assert full["version"] == full["info"]["version"] == "8.8.1"
        assert full["version"].rsplit(".", 1)[0] == stranger["version"]


def test_licences_need_none(user, nobody):
    answer = user.get("licenses.info").ok()
    assert isinstance(answer["license"]["activeModules"], list)


@pytest.mark.parametrize(
    "path, body",
    [
        ("service.configurations", b'{"configurations":[],"success":true}'),
        ("settings.oauth", b'{"services":[],"success":true}'),
    ],
)
def test_ways_to_log_in_by_others_are_none(nobody, path, body):
    assert nobody.get(path).said == (200, body)
