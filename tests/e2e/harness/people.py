"""Accounts for a test, and permissions that are as before when it is over."""

import itertools
from contextlib import contextmanager

_numbers = itertools.count(1)

PASSWORD = "a-pass-word"


def new_name(kind="someone"):
    """A name nobody has yet, in this run of the tests."""
    return f"{kind}-{next(_numbers)}"


def add_user(admin, name=None, **more):
    """Makes an account and returns its document."""
    name = name or new_name()
    fields = {"username": name, "name": name, "email": f"{name}@example.com", "password": PASSWORD}
    return admin.post("users.create", {**fields, **more}).ok()["user"]


def add_client(admin, name=None, **more):
    """Makes an account and logs it in."""
    user = add_user(admin, name, **more)
    return admin.login(user["username"], more.get("password", PASSWORD))


def roles_of(admin, permissions):
    listed = admin.get("permissions.listAll").ok()["update"]
    return {p["_id"]: p["roles"] for p in listed if p["_id"] in permissions}


def set_permissions(admin, roles):
    """Replaces the roles of each permission."""
    body = {"permissions": [{"_id": p, "roles": list(r)} for p, r in roles.items()]}
    admin.post("permissions.update", body).ok()


@contextmanager
def permissions(admin, roles):
    """with permissions(admin, {"manage-incoming-integrations": []}): ..."""
    before = roles_of(admin, roles)
    assert before.keys() == roles.keys(), "a permission that does not exist"
    set_permissions(admin, roles)
    try:
        yield
    finally:
        set_permissions(admin, before)


def set_setting(admin, name, value):
    admin.post(f"settings/{name}", {"value": value}).ok()


@contextmanager
def settings(admin, values):
    """The same for settings."""
    before = {name: admin.get(f"settings/{name}").ok()["value"] for name in values}
    for name, value in values.items():
        set_setting(admin, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            set_setting(admin, name, value)
