"""Accounts: who one is, making, finding, changing and removing them, and their tokens."""

import re

import pytest

from harness.bodies import (
    ANY_OF,
    BARE,
    CLOSED,
    FORBIDDEN,
    NO_PERMISSION,
    NOBODY,
    NOT_EMPTY,
    SUCCESS,
    failure,
    invalid,
    required,
    thrown,
)
from harness.integrations import MOMENT, RANDOM_LETTER
from harness.people import PASSWORD, add_client, add_user, new_name, permissions, settings
from harness.table import table

SETTINGS = {"CREATE_TOKENS_FOR_USERS_SECRET": "a secret"}

SECRETS = re.compile(rb"bcrypt|\$2[aby]\$|hashedToken|loginTokens|inviteToken")


# me


def test_me_says_who_one_is_and_no_secrets(admin):
    answer = admin.get("me")
    me = answer.ok()
    assert list(me)[-1] == "success"
    assert (me["_id"], me["username"], me["roles"]) == (admin.user_id, "admin", ["admin"])
    assert me["emails"] == [{"address": "admin@example.com", "verified": False}]
    assert "email" not in me  # which is the first address that was verified
    assert me["settings"]["profile"] == {}
    assert me["isOAuthUser"] is False
    assert me["services"] == {"password": {"exists": True}}
    assert me["avatarUrl"].endswith("/avatar/admin")
    assert not SECRETS.search(answer.body)


PREFERENCES = {
    "enableAutoAway", "idleTimeLimit", "desktopNotificationRequireInteraction",
    "desktopNotifications", "pushNotifications", "unreadAlert", "useEmojis", "convertAsciiEmoji",
    "autoImageLoad", "saveMobileBandwidth", "collapseMediaByDefault", "hideUsernames", "hideRoles",
    "hideFlexTab", "displayAvatars", "sidebarGroupByType", "themeAppearence", "sidebarViewMode",
    "sidebarDisplayAvatar", "sidebarShowUnread", "sidebarSortby", "showThreadsInMainChannel",
    "alsoSendThreadToChannel", "sidebarShowFavorites", "sendOnEnter", "emailNotificationMode",
    "newRoomNotification", "newMessageNotification", "muteFocusedConversations",
    "notificationsSoundVolume", "omnichannelTranscriptEmail", "notifyCalendarEvents",
    "enableMobileRinging",
}  # fmt: skip


def test_me_has_every_preference(user):
    preferences = user.get("me").ok()["settings"]["preferences"]
    assert PREFERENCES <= preferences.keys()
    assert preferences["idleTimeLimit"] == 300
    assert preferences["sidebarShowFavorites"] is True


# users.register

REGISTRATION = {"username": "", "email": "", "pass": PASSWORD, "name": "Some Body"}


def registration(**more):
    name = new_name("registered")
    return {**REGISTRATION, "username": name, "email": f"{name}@example.com", **more}


def test_the_first_who_registers_on_an_empty_server_is_its_administrator(new_server):
    server = new_server(ADMIN_PASS=None, ADMIN_USERNAME=None, ADMIN_EMAIL=None).start()
    first, second = registration(), registration()
    for body in first, second:
        assert server.client().post("users.register", body).status == 200
    by_name = server.login(first["username"], PASSWORD)
    by_email = server.login(first["email"], PASSWORD)
    assert by_name.user_id == by_email.user_id
    assert sorted(by_name.get("me").ok()["roles"]) == ["admin", "user"]
    assert server.login(second["username"], PASSWORD).get("me").ok()["roles"] == ["user"]
    assert by_name.get("settings/Show_Setup_Wizard").ok()["value"] == "in_progress"


def test_who_registers_sees_little_of_himself_yet(nobody):
    body = registration()
    answer = nobody.post("users.register", body)
    user = answer.ok()["user"]
    assert user.keys() >= {"_id", "type", "status", "active", "name", "username"}
    assert not user.keys() & {"emails", "roles", "services", "createdAt", "settings"}
    assert re.fullmatch(RANDOM_LETTER + "{17}", user["_id"])
    assert (user["type"], user["status"], user["active"]) == ("user", "offline", True)
    assert (user["name"], user["username"]) == ("Some Body", body["username"])


def test_who_registers_is_in_general(nobody, admin):
    body = registration()
    user_id = nobody.post("users.register", body).ok()["user"]["_id"]
    members = admin.get("channels.members", "roomId=GENERAL&count=0").ok()["members"]
    assert user_id in [member["_id"] for member in members]


REGISTER_REFUSED = {
    "password instead of pass": (
        {"pass": ..., "password": PASSWORD}, invalid(required("pass")),
    ),
    "without username": ({"username": ...}, invalid(required("username"))),
    "without email": ({"email": ...}, invalid(required("email"))),
    "an unknown key": ({"unknown": 1}, invalid(CLOSED)),
    "a username with a space": (
        {"username": "no spaces"}, failure("The username provided is not valid"),
    ),
    "an empty username": ({"username": ""}, failure("The username provided is not valid")),
    "a username that is taken": ({"username": "Admin2"}, failure("Username is already in use")),
    "a reserved username": (
        {"username": "system"},
        thrown("error-blocked-username", "system is blocked and can't be used!",
               method="checkUsernameAvailability", field="system"),
    ),
    "an address that is taken": (
        {"email": "ADMIN2@example.com"}, failure("Email already exists"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("changes, said", table(REGISTER_REFUSED))
def test_a_registration_is_refused(nobody, taken, changes, said):
    body = {k: v for k, v in registration(**changes).items() if v is not ...}
    assert nobody.post("users.register", body).said == said


@pytest.fixture(scope="module")
def taken(admin):
    return add_user(admin, "admin2", email="admin2@example.com")


def test_who_is_logged_in_cannot_register_again(user):
    answer = user.post("users.register", registration())
    assert answer.said == failure("Logged in users can not register again.")


def test_headers_that_say_nothing_do_not_keep_one_from_registering(nobody):
    stranger = nobody.with_token("nobody", "nothing")
    assert stranger.post("users.register", registration()).status == 200


@pytest.mark.parametrize(
    "form, code, reason",
    [
        ("Disabled", "error-user-registration-disabled", "User registration is disabled"),
        (
            "Secret URL",
            "error-user-registration-secret",
            "User registration is only allowed via Secret URL",
        ),
    ],
)
def test_registration_can_be_closed(admin, nobody, form, code, reason):
    with settings(admin, {"Accounts_RegistrationForm": form}):
        answer = nobody.post("users.register", registration(secret="wrong"))
        assert answer.said == thrown(code, reason, method="registerUser")


def test_registration_can_ask_for_a_secret(admin, nobody):
    secret = admin.get("settings/Accounts_RegistrationForm_SecretURL").ok()["value"]
    with settings(admin, {"Accounts_RegistrationForm": "Secret URL"}):
        assert nobody.post("users.register", registration(secret=secret)).status == 200


# users.create


def creation(**more):
    name = new_name("created")
    fields = {"username": name, "name": name, "email": f"{name}@example.com", "password": PASSWORD}
    return {k: v for k, v in {**fields, **more}.items() if v is not ...}


def test_a_created_user_is_shown_whole_but_for_his_secrets(admin):
    body = creation()
    answer = admin.post("users.create", body)
    user = answer.ok()["user"]
    assert user["username"] == user["name"] == body["username"]
    assert user["emails"] == [{"address": body["email"], "verified": False}]
    assert (user["type"], user["status"], user["active"]) == ("user", "offline", True)
    assert (user["roles"], user["settings"]) == (["user"], {})
    assert re.fullmatch(MOMENT, user["createdAt"]) and re.fullmatch(MOMENT, user["_updatedAt"])
    assert not SECRETS.search(answer.body) and "services" not in user


def test_a_created_user_has_what_his_maker_says(admin):
    body = creation(roles=["bot", "user"], verified=True, active=False, bio="b", nickname="n",
                    statusText="s", requirePasswordChange=True)  # fmt: skip
    user = admin.post("users.create", body).ok()["user"]
    assert user["emails"][0]["verified"] is True
    for name in "roles", "active", "bio", "nickname", "statusText", "requirePasswordChange":
        assert user[name] == body[name]


def not_allowed(reason, action):
    details = {"method": "insertOrUpdateUser", "action": action}
    return thrown("error-action-not-allowed", reason, **details)


def required_field(name):
    details = {"method": "insertOrUpdateUser", "field": name}
    return thrown("error-the-field-is-required", f"The field {name} is required", **details)


def unavailable(value, shown=None):
    details = {"method": "insertOrUpdateUser", "field": value}
    return thrown("error-field-unavailable", f"{shown or value} is already in use :(", **details)


CREATE_REFUSED = {
    "nothing at all": (
        dict.fromkeys(("username", "name", "email", "password"), ...), invalid(required("email")),
    ),
    "roles is no list": ({"roles": "user"}, invalid("must be array")),
    "an unknown key": ({"xx": 1}, invalid(CLOSED)),
    "a role that does not exist": (
        {"roles": ["boss"], "name": " "},
        not_allowed("The field Roles consist invalid role id", "Assign_role"),
    ),
    "a blank name": ({"name": " ", "username": " "}, required_field("Name")),
    "a blank username": ({"username": " ", "password": " "}, required_field("Username")),
    "a blank password": ({"password": " ", "email": "admin2@example.com"},
                         required_field("Password")),
    "a username with markup": (
        {"username": "<b>", "email": "admin2@example.com"},
        thrown("error-input-is-not-a-valid-field", "&lt;b&gt; is not a valid username",
               method="insertOrUpdateUser", input="<b>", field="Username"),
    ),
    "a reserved username": (
        {"username": "admin"},
        thrown("error-blocked-username", "admin is blocked and can't be used!",
               method="checkUsernameAvailability", field="admin"),
    ),
    "a username that is taken": ({"username": "ADMIN2"}, unavailable("ADMIN2")),
    "an address that is taken": (
        {"email": "Admin2@example.com"}, unavailable("Admin2@example.com"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("changes, said", table(CREATE_REFUSED))
def test_a_user_is_not_created(admin, taken, changes, said):
    assert admin.post("users.create", creation(**changes)).said == said


def test_creating_users_is_not_for_everybody(user):
    answer = user.post("users.create", creation())
    assert answer.said == not_allowed("Adding user is not allowed", "Adding_user")


def test_making_administrators_is_not_for_everybody_who_makes_users(admin, user):
    with permissions(admin, {"create-user": ["user"]}):
        answer = user.post("users.create", creation(roles=["admin"]))
        assert answer.said == not_allowed("Assigning admin is not allowed", "Assign_admin")


# users.info and users.list


def test_info_finds_a_user_by_either_name(admin, taken):
    for query in {"userId": taken["_id"]}, {"username": "admin2"}:
        answer = admin.get("users.info", query)
        assert answer.ok()["user"]["_id"] == taken["_id"]
        assert answer.ok()["user"]["emails"] == taken["emails"]
        assert not SECRETS.search(answer.body)


def test_info_shows_less_to_others(user, taken):
    shown = user.get("users.info", {"username": "admin2"}).ok()["user"]
    assert shown["username"] == "admin2"
    assert not shown.keys() & {"emails", "roles", "createdAt", "lastLogin", "services"}
    own = user.get("users.info", {"userId": user.user_id}).ok()["user"]
    assert own.keys() >= {"emails", "roles", "createdAt", "lastLogin"}


NOBODY_NAMED = invalid(
    *map(required, ("userId", "username", "importId", "email", "freeSwitchExtension")), ANY_OF
)
INFO_REFUSED = {
    "nobody named": ("", NOBODY_NAMED),
    "an unknown name": ("username=nobody", failure("User not found.")),
    "an unknown id": ("userId=nobody", failure("User not found.")),
    "an empty name": ("username=", failure("Invalid search query.")),
}


@pytest.mark.parametrize("query, said", table(INFO_REFUSED))
def test_info_is_refused(admin, query, said):
    assert admin.get("users.info", query).said == said


def test_the_list_of_users_is_by_name_and_in_pages(admin, taken):
    document = admin.get("users.list", "count=0").ok()
    assert list(document) == ["users", "count", "offset", "total", "success"]
    names = [u["username"] for u in document["users"]]
    assert names == sorted(names, key=str.lower)
    assert {"admin", "admin2", "rocket.cat"} <= set(names)
    assert document["count"] == document["total"] == len(names)
    page = admin.get("users.list", "count=2&offset=1").ok()
    assert [u["username"] for u in page["users"]] == names[1:3]
    assert (page["count"], page["offset"], page["total"]) == (2, 1, len(names))


def test_the_list_of_users_shows_less_to_others(admin, user):
    for client, sees in (admin, True), (user, False):
        shown = client.get("users.list", "count=0").ok()["users"]
        assert any("roles" in u for u in shown) == sees
        assert any("emails" in u for u in shown) == sees


def test_the_list_of_users_is_for_who_may_write_to_them(admin, user):
    with permissions(admin, {"view-d-room": ["admin"]}):
        assert user.get("users.list").said == NO_PERMISSION


LIST_REFUSED = {
    "an unknown key": ("foo=1", invalid(CLOSED)),
    "a sort that is none": (
        'sort=%7B"x":2%7D',
        thrown("error-invalid-sort", 'Invalid sort parameter provided: "{"x":2}"',
               helperMethod="parseJsonQuery"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("query, said", table(LIST_REFUSED))
def test_the_list_of_users_is_refused(admin, query, said):
    assert admin.get("users.list", query.replace('"', "%22")).said == said


# users.update


def change(client, user_id, **data):
    return client.post("users.update", {"userId": user_id, "data": data})


def test_an_administrator_may_change_a_user(admin):
    user = add_user(admin)
    name = new_name("renamed")
    after = change(admin, user["_id"], username=name, name="New", email=f"{name}@example.com",
                   roles=["bot"], bio="b").ok()["user"]  # fmt: skip
    assert (after["username"], after["name"], after["roles"]) == (name, "New", ["bot"])
    assert after["emails"][0]["address"] == f"{name}@example.com"
    assert admin.get("users.info", {"username": name}).ok()["user"]["bio"] == "b"


def test_a_new_password_counts_and_the_old_one_does_not(server, admin):
    user = add_client(admin)
    change(admin, user.user_id, password="another-one").ok()
    assert server.login(user.username, "another-one").user_id == user.user_id
    body = {"user": user.username, "password": PASSWORD}
    assert server.client().post("login", body).status == 401


UPDATE_REFUSED = {
    "an empty id": ({"userId": "", "data": {}}, invalid(NOT_EMPTY)),
    "no data": ({"userId": "x"}, invalid(required("data"))),
    "an unknown key": ({"userId": "x", "data": {"unknown": 1}}, invalid(CLOSED)),
    "an unknown user": (
        {"userId": "nobody", "data": {"name": "x"}}, thrown("error-invalid-user", "Invalid user"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("body, said", table(UPDATE_REFUSED))
def test_an_update_of_a_user_is_refused(admin, body, said):
    status, text = admin.post("users.update", body).said
    assert (status, text.split(b',"details"')[0].rstrip(b"}")) == (said[0], said[1].rstrip(b"}"))


def test_users_do_not_change_each_other(admin, user, taken):
    assert change(user, taken["_id"], name="x").said == not_allowed(
        "Editing user is not allowed", "Editing_user"
    )
    assert admin.get("users.info", {"userId": taken["_id"]}).ok()["user"]["name"] == "admin2"


# users.delete, users.setActiveStatus


def test_a_deleted_user_is_gone_at_once(server, admin):
    user = add_client(admin)
    answer = admin.post("users.delete", {"userId": user.user_id})
    assert answer.said == (200, b'{"deletedRooms":[],"success":true}')
    assert user.get("me").said == NOBODY
    body = {"user": user.username, "password": PASSWORD}
    assert server.client().post("login", body).status == 401
    found = admin.get("users.info", {"userId": user.user_id})
    assert found.said == failure("User not found.")


def test_a_user_may_be_deleted_by_name(admin):
    for key in "username", "user":
        name = add_user(admin)["username"]
        admin.post("users.delete", {key: name}).ok()


def test_deleting_users_is_refused(admin, user):
    assert user.post("users.delete", {"userId": admin.user_id}).said == NO_PERMISSION
    assert admin.post("users.delete", {}).said == invalid(
        required("userId"), required("username"), required("user"), ANY_OF
    )
    cat = admin.post("users.delete", {"userId": "rocket.cat"}).json()
    assert cat["error"] == (
        "Deleting the rocket.cat user is not allowed [error-action-not-allowed]"
    )


def test_who_owns_a_room_alone_is_deleted_only_with_confirmation(admin):
    owner = add_client(admin)
    owner.post("channels.create", {"name": new_name("owned")}).ok()
    refused = admin.post("users.delete", {"userId": owner.user_id})
    assert refused.status == 400
    assert refused.json()["error"] == "[user-last-owner]"
    assert refused.json()["errorType"] == "user-last-owner"
    body = {"userId": owner.user_id, "confirmRelinquish": True}
    assert admin.post("users.delete", body).status == 200


def test_a_user_of_more_rooms_than_one_command_takes_is_deleted_by_one_call(admin):
    owner = add_client(admin)
    rooms = [new_name("owned") for _ in range(210)]
    for room in rooms:
        owner.post("channels.create", {"name": room}).ok()
    body = {"userId": owner.user_id, "confirmRelinquish": True}
    answer = admin.post("users.delete", body)
    assert answer.said == (200, b'{"deletedRooms":[],"success":true}')
    assert admin.get("users.info", {"userId": owner.user_id}).said == failure("User not found.")
    for room in rooms[0], rooms[-1]:
        assert admin.get("channels.info", {"roomName": room}).status == 400


def test_a_deactivated_user_is_out_at_once_and_may_come_back(server, admin):
    user = add_client(admin)

    def set_active(value):
        body = {"userId": user.user_id, "activeStatus": value}
        return admin.post("users.setActiveStatus", body).ok()["user"]

    assert set_active(False) == {"_id": user.user_id, "active": False}
    assert user.get("me").said == NOBODY
    assert set_active(True) == {"_id": user.user_id, "active": True}
    assert user.get("me").said == NOBODY  # its tokens are gone
    assert server.login(user.username, PASSWORD).user_id == user.user_id


def test_the_last_administrator_stays(admin, user):
    body = {"userId": admin.user_id, "activeStatus": False}
    refused = admin.post("users.setActiveStatus", body).json()
    assert refused["errorType"] == "error-action-not-allowed"
    assert refused["error"].startswith("Leaving the app without an active admin is not allowed")
    assert user.post("users.setActiveStatus", body).said == NO_PERMISSION


# Personal access tokens

GENERATE = {"method": "personalAccessTokens:generateToken"}
REGENERATE = {"method": "personalAccessTokens:regenerateToken"}
REMOVE = {"method": "personalAccessTokens:removeToken"}
UNKNOWN = ("error-token-does-not-exists", "Token does not exist")


def generate(client, name):
    return client.post("users.generatePersonalAccessToken", {"tokenName": name})


def test_a_personal_token_works_is_listed_and_survives_logging_out(server, admin):
    user = add_client(admin)
    token = generate(user, "mine").ok()["token"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    personal = user.with_token(user.user_id, token)
    listed = personal.get("users.getPersonalAccessTokens").ok()["tokens"]
    assert [(t["name"], t["lastTokenPart"]) for t in listed] == [("mine", token[-6:])]
    assert re.fullmatch(MOMENT, listed[0]["createdAt"])
    assert listed[0]["bypassTwoFactor"] is False
    user.post("logout")
    assert user.get("me").said == NOBODY
    assert personal.get("me").status == 200


def test_a_personal_token_is_exchanged_or_removed(admin):
    user = add_client(admin)
    old = generate(user, "mine").ok()["token"]
    body = {"tokenName": "mine"}
    new = user.post("users.regeneratePersonalAccessToken", body).ok()["token"]
    assert user.with_token(user.user_id, old).get("me").said == NOBODY
    assert user.with_token(user.user_id, new).get("me").status == 200
    assert user.post("users.removePersonalAccessToken", body).said == SUCCESS
    assert user.with_token(user.user_id, new).get("me").said == NOBODY
    assert user.post("users.removePersonalAccessToken", body).said == thrown(*UNKNOWN, **REMOVE)
    assert user.post("users.regeneratePersonalAccessToken", body).said == thrown(
        *UNKNOWN, **REGENERATE
    )


def test_a_personal_token_needs_a_new_name_and_a_permission(admin):
    user = add_client(admin)
    generate(user, "mine").ok()
    assert generate(user, "mine").said == thrown(
        "error-token-already-exists", "A token with this name already exists", **GENERATE
    )
    assert user.post("users.generatePersonalAccessToken", {}).said == failure(
        "The 'tokenName' param is required"
    )
    with permissions(admin, {"create-personal-access-tokens": ["admin"]}):
        refused = generate(user, "other")
        assert refused.said == thrown("not-authorized", "Not Authorized", **GENERATE)


def test_logging_out_everywhere_ends_all_tokens(admin):
    user = add_client(admin)
    personal = user.with_token(user.user_id, generate(user, "mine").ok()["token"])
    assert add_client(admin).post("users.logout", {"userId": user.user_id}).said == FORBIDDEN
    answer = admin.post("users.logout", {"userId": user.user_id})
    message = f'{{"message":"User {user.user_id} has been logged out!","success":true}}'
    assert answer.said == (200, message.encode())
    assert (user.get("me").said, personal.get("me").said) == (NOBODY, NOBODY)


# users.createToken


def test_a_token_for_another_needs_the_secret_and_the_permission(admin, user, taken):
    not_authorized = thrown("error-not-authorized", "Not authorized")
    body = {"userId": taken["_id"], "secret": "a secret"}
    data = admin.post("users.createToken", body).ok()["data"]
    assert data["userId"] == taken["_id"]
    other = admin.with_token(data["userId"], data["authToken"])
    assert other.get("me").ok()["username"] == "admin2"
    for client, wrong in (admin, {**body, "secret": "wrong"}), (user, body):
        status, text = client.post("users.createToken", wrong).said
        assert (status, text[: len(not_authorized[1]) - 1]) == (400, not_authorized[1][:-1])


def test_without_a_configured_secret_nobody_gets_a_token(new_server):
    admin = new_server().start().admin()
    for secret in "a secret", "undefined":
        answer = admin.post("users.createToken", {"userId": admin.user_id, "secret": secret})
        assert answer.status == 400
        assert answer.json()["error"] == "Not authorized [error-not-authorized]"


# Presence, preferences, avatars


def test_status_and_presence(user, taken):
    assert user.post("users.setStatus", {"status": "busy", "message": "here"}).said == SUCCESS
    mine = user.get("users.getPresence").ok()
    assert mine["presence"] == "busy" and mine.keys() >= {"connectionStatus", "lastLogin"}
    assert user.get("users.getPresence", {"userId": taken["_id"]}).said == (
        200,
        b'{"presence":"offline","success":true}',
    )
    status = user.get("users.getStatus").ok()
    assert (status["_id"], status["status"]) == (user.user_id, "busy")
    seen = user.get("users.presence", {"ids": user.user_id}).ok()
    assert [u["_id"] for u in seen["users"]] == [user.user_id] and seen["full"] is False


def test_preferences_are_kept(user):
    answer = user.post("users.setPreferences", {"data": {"sendOnEnter": "alternative"}}).ok()
    assert answer["user"]["_id"] == user.user_id
    assert user.get("users.getPreferences").ok()["preferences"]["sendOnEnter"] == "alternative"
    assert user.get("me").ok()["settings"]["preferences"]["sendOnEnter"] == "alternative"
    wrong = user.post("users.setPreferences", {"data": {"unknown": 1}})
    assert wrong.said == invalid(CLOSED)


def test_a_forgotten_password_tells_strangers_nothing(nobody):
    for address in "admin@example.com", "nobody@example.com":
        assert nobody.post("users.forgotPassword", {"email": address}).said == SUCCESS


def test_an_avatar_is_found_where_it_says(nobody):
    moved = nobody.get("users.getAvatar", {"username": "admin"})
    assert moved.status == 307
    path = "/" + moved.headers["Location"].split("/", 3)[3]
    assert path == "/avatar/admin"
    picture = nobody.get(path)
    assert picture.status == 200
    assert picture.headers["Content-Type"].startswith("image/svg+xml")
    assert picture.body.startswith(b"<svg") or picture.body.startswith(b"<?xml")


def test_nobody_in_particular_has_no_presence(nobody):
    assert nobody.get("users.getPresence").said == NOBODY
    assert nobody.get("users.getAvatar").json()["errorType"] == "error-user-param-not-provided"


# Test mode


def test_in_test_mode_there_is_a_known_administrator_and_no_limiter(new_server):
    name = "rocketchat.internal.admin.test"
    server = new_server(TEST_MODE="true", OVERWRITE_SETTING_API_Enable_Rate_Limiter=None).start()
    tester = server.login(name, name)
    assert (tester.user_id, tester.get("me").ok()["roles"]) == (name, ["admin"])
    assert [server.client().get("me").status for _ in range(12)] == [401] * 12
    assert "X-RateLimit-Limit" not in server.client().get("me").headers
    server.settings.pop("TEST_MODE")
    server.restart()
    body = {"user": name, "password": name}
    assert server.client().post("login", body).status == 401


def test_a_hidden_setting_is_bare(admin):
    assert admin.get("settings/Accounts_SystemBlockedUsernameList").said == BARE
