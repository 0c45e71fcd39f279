"""Signatures of calls through HTTP: each scheme good, wrong, missing, stale, rotated and truncated;
and the endpoint where they are set, whose secrets never come back."""

import base64
import hashlib
import hmac
import re
import time

import pytest

from harness.bodies import CLOSED, NOBODY, failure, invalid, required, thrown
from harness.hooks import (
    DISABLED,
    UNKNOWN,
    UNSIGNED,
    call,
    get_options,
    history,
    hook_in_room,
    path,
    recorded,
    set_options,
    texts,
)
from harness.integrations import ANY, INCOMING, MOMENT, OUTGOING, OWN, create, update
from harness.people import add_client, permissions
from harness.table import table
from harness.waiting import let_pass

BODY = b'{"text":"signed"}'
OTHER_BODY = b'{"text":"forged"}'
WHSEC = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OLD_WHSEC = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()


def mac(secret, *parts, digest="sha256"):
    key = secret if isinstance(secret, bytes) else secret.encode()
    return hmac.new(key, b"".join(parts), digest)


def standard(prefix, secret, body, at):
    call_id = "msg_" + hashlib.sha256(body).hexdigest()[:8]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = mac(key, f"{call_id}.{at}.".encode(), body).digest()
    return {
        f"{prefix}-id": call_id,
        f"{prefix}-timestamp": str(at),
        f"{prefix}-signature": "v1,AAAA v1," + base64.b64encode(signed).decode(),
    }


def github(secret, body, at):
    return {"X-Hub-Signature-256": "sha256=" + mac(secret, body).hexdigest()}


def gitlab_token(secret, body, at):
    return {"X-Gitlab-Token": secret}


def slack(secret, body, at):
    signed = mac(secret, f"v0:{at}:".encode(), body).hexdigest()
    return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": "v0=" + signed}


def stripe(secret, body, at):
    signed = mac(secret, f"{at}.".encode(), body).hexdigest()
    return {"Stripe-Signature": f"t={at},v0=00,v1={'0' * 64},v1={signed}"}


def shopify(secret, body, at):
    return {"X-Shopify-Hmac-Sha256": base64.b64encode(mac(secret, body).digest()).decode()}


def own(secret, body, at):
    signed = mac(secret, f"{at}|".encode(), body, digest="sha512").hexdigest().upper()
    return {"X-My-Signature": "hash " + signed, "X-My-Time": str(at)}


OWN_SCHEME = {
    "header": "X-My-Signature", "algorithm": "sha512", "encoding": "hex", "prefix": "hash ",
    "template": "{timestamp}|{body}", "timestampHeader": "X-My-Time",
}  # fmt: skip
TEXT, OLD_TEXT = "a-secret-of-some-length", "an-older-secret-of-some-length"

# scheme, how it signs, a secret and an older one, more members, whether there is a timestamp
SCHEMES = {
    "standard-webhooks": (
        "standard-webhooks", lambda s, b, t: standard("webhook", s, b, t), WHSEC, OLD_WHSEC, {}, True,
    ),
    "svix": ("standard-webhooks", lambda s, b, t: standard("svix", s, b, t), WHSEC, OLD_WHSEC, {}, True),
    "gitlab": ("gitlab", lambda s, b, t: standard("webhook", s, b, t), WHSEC, OLD_WHSEC, {}, True),
    "gitlab-token": ("gitlab-token", gitlab_token, TEXT, OLD_TEXT, {}, False),
    "github": ("github", github, TEXT, OLD_TEXT, {}, False),
    "slack": ("slack", slack, TEXT, OLD_TEXT, {}, True),
    "stripe": ("stripe", stripe, "whsec_test_secret", "whsec_older_secret", {}, True),
    "shopify": ("shopify", shopify, TEXT, OLD_TEXT, {}, False),
    "hmac": ("hmac", own, TEXT, OLD_TEXT, OWN_SCHEME, True),
}  # fmt: skip
every_scheme = pytest.mark.parametrize("scheme, sign, secret, old, more, timed", table(SCHEMES))


def signed_hook(admin, scheme, secrets, more=None):
    hook, room = hook_in_room(admin)
    verify = {"scheme": scheme, "secrets": secrets, **(more or {})}
    set_options(admin, hook, verify=verify).ok()
    return hook, room


def send(client, hook, body, headers):
    return client.call(
        "POST", path(hook), body, headers={"Content-Type": "application/json", **headers}
    )


def now():
    return int(time.time())


@every_scheme
def test_a_good_signature_is_taken_and_all_others_are_refused(
    admin, nobody, scheme, sign, secret, old, more, timed
):
    hook, room = signed_hook(admin, scheme, [secret], more)
    good = sign(secret, BODY, now())
    assert send(nobody, hook, BODY, good).ok()
    assert texts(admin, room) == ["signed"]

    wrong = {"another secret": (BODY, sign(old, BODY, now())), "no header": (BODY, {})}
    if scheme != "gitlab-token":
        wrong["another body"] = (OTHER_BODY, good)
    for name, value in good.items():
        wrong[f"no {name}"] = (BODY, {n: v for n, v in good.items() if n != name})
        wrong[f"empty {name}"] = (BODY, {**good, name: ""})
        wrong[f"short {name}"] = (BODY, {**good, name: value[:-1]})
    if timed:
        wrong["too old"] = (BODY, sign(secret, BODY, now() - 310))
        wrong["from the future"] = (BODY, sign(secret, BODY, now() + 310))
    for what, (body, headers) in wrong.items():
        assert send(nobody, hook, body, headers).said == UNSIGNED, what
    assert texts(admin, room) == ["signed"]
    calls = recorded(admin, hook, 1 + len(wrong))
    assert {c["outcome"] for c in calls[1:]} == {"invalid-signature"}
    assert all(c["reason"] for c in calls[1:])


@every_scheme
def test_while_a_secret_is_replaced_both_are_taken(
    admin, nobody, scheme, sign, secret, old, more, timed
):
    hook, room = signed_hook(admin, scheme, [secret, old], more)
    for body, key in (b'{"text":"new"}', secret), (b'{"text":"old"}', old):
        assert send(nobody, hook, body, sign(key, body, now())).ok()
    set_options(admin, hook, verify={"scheme": scheme, "secrets": [secret], **more}).ok()
    assert send(nobody, hook, BODY, sign(old, BODY, now())).said == UNSIGNED
    assert texts(admin, room) == ["new", "old"]


def test_the_raw_bytes_are_signed_also_of_forms(admin, nobody):
    hook, room = signed_hook(admin, "slack", [TEXT])
    body = b"token=x&text=a%20form+in+bytes"
    headers = {**slack(TEXT, body, now()), "Content-Type": "application/x-www-form-urlencoded"}
    assert nobody.call("POST", path(hook), body, headers=headers).ok()
    assert texts(admin, room) == ["a form in bytes"]


def test_the_tolerance_can_be_set(admin, nobody):
    hook, _ = signed_hook(admin, "slack", [TEXT], {"toleranceSeconds": 3600})
    assert send(nobody, hook, BODY, slack(TEXT, BODY, now() - 3000)).ok()
    assert send(nobody, hook, BODY, slack(TEXT, BODY, now() - 4000)).said == UNSIGNED


def test_the_signature_comes_after_the_address_and_before_all_else(admin, nobody):
    hook, _ = signed_hook(admin, "github", [TEXT])
    update(admin, hook, enabled=False)
    assert send(nobody, hook, BODY, {}).said == UNSIGNED
    assert send(nobody, hook, BODY, github(TEXT, BODY, 0)).said == DISABLED
    assert nobody.post(path(hook, "wrong"), BODY, headers=github(TEXT, BODY, 0)).said == UNKNOWN
    for kind in "info", "sample":
        assert nobody.get(path(hook, kind=kind)).said == UNSIGNED
        assert nobody.get(path(hook, kind=kind), headers=github(TEXT, b"", 0)).status == 200
    for kind in "add", "remove":
        assert call(nobody, hook, {}, kind=kind).said == UNSIGNED


def test_a_signature_is_asked_for_until_it_is_removed_also_after_a_restart(new_server):
    server = new_server().start()
    admin = server.admin()
    hook, _ = signed_hook(admin, "github", [TEXT])
    server.restart()
    admin, client = admin.at(server.address), server.client()
    assert send(client, hook, BODY, {}).said == UNSIGNED
    assert send(client, hook, BODY, github(TEXT, BODY, 0)).ok()
    set_options(admin, hook, verify=None).ok()
    assert send(client, hook, BODY, {}).ok()


def test_with_another_key_of_the_server_every_call_is_refused(new_server):
    server = new_server().start()
    admin = server.admin()
    hook, _ = signed_hook(admin, "github", [TEXT])
    server.stop()
    (server.folder / "secret.key").unlink()
    server.start()
    admin, client = admin.at(server.address), server.client()
    assert send(client, hook, BODY, github(TEXT, BODY, 0)).said == UNSIGNED
    assert "set it again" in recorded(admin, hook, 1)[0]["reason"]
    assert get_options(admin, hook).ok()["verify"] == {"unreadable": True}
    set_options(admin, hook, verify={"scheme": "github", "secrets": [TEXT]}).ok()
    assert send(client, hook, BODY, github(TEXT, BODY, 0)).ok()


def test_the_key_of_the_server_is_for_its_user_alone_and_must_be_whole(new_server):
    server = new_server().start()
    server.stop()
    key = server.folder / "secret.key"
    assert (key.stat().st_mode & 0o777, key.stat().st_size) == (0o600, 32)
    key.write_bytes(b"short")
    server.launch()
    assert server.wait() != 0
    assert "secret.key" in server.said()


def test_secrets_are_nowhere_in_the_files_and_in_no_answer(new_server):
    server = new_server().start()
    admin = server.admin()
    hook, _ = signed_hook(admin, "github", [TEXT, OLD_TEXT])
    send(server.client(), hook, BODY, github(TEXT, BODY, 0)).ok()
    answers = [
        get_options(admin, hook),
        set_options(admin, hook, history={"headers": True}),
        history(admin, hook),
        admin.get("integrations.get", {"integrationId": hook["_id"]}),
        admin.get("integrations.list"),
    ]
    server.stop()
    files = b"".join(f.read_bytes() for f in server.folder.iterdir() if f.is_file())
    for secret in TEXT, OLD_TEXT:
        assert secret.encode() not in files
        assert all(secret.encode() not in answer.body for answer in answers)
        assert secret not in server.said()


# The endpoint


def test_options_are_shown_without_the_secrets(admin):
    hook, _ = hook_in_room(admin)
    assert get_options(admin, hook).ok() == {"integrationId": hook["_id"], "success": True}
    verify = {"scheme": "github", "secrets": [TEXT, OLD_TEXT], "toleranceSeconds": 60}
    limits = {"ratePerSecond": 2.5, "burst": 10}
    kept = {"headers": True, "body": False}
    answer = set_options(admin, hook, verify=verify, limits=limits, history=kept)
    shown = answer.ok()["verify"]
    assert shown["scheme"] == "github"
    assert [s["last4"] for s in shown["secrets"]] == [TEXT[-4:], OLD_TEXT[-4:]]
    assert all(list(s) == ["last4", "createdAt"] for s in shown["secrets"])
    assert (answer.ok()["limits"], answer.ok()["history"]) == (limits, kept)
    assert get_options(admin, hook).said == answer.said
    assert list(answer.ok()) == ["integrationId", "verify", "limits", "history", "success"]


def test_an_absent_member_stays_and_null_removes(admin):
    hook, _ = hook_in_room(admin)
    limits = {"ratePerSecond": 1, "burst": 1}
    verify = {"scheme": "github", "secrets": [TEXT]}
    set_options(admin, hook, verify=verify, limits=limits, history={"body": True}).ok()
    assert set_options(admin, hook, limits=None).ok()["history"]["body"] is True
    assert "limits" not in get_options(admin, hook).ok()
    assert "history" not in set_options(admin, hook, history=None).ok()
    assert "verify" in get_options(admin, hook).ok()
    assert set_options(admin, hook, verify=None).ok() == {
        "integrationId": hook["_id"], "success": True,
    }  # fmt: skip


def test_a_secret_that_stays_is_as_old_as_it_was(admin):
    hook, _ = hook_in_room(admin)
    set_options(admin, hook, verify={"scheme": "github", "secrets": [OLD_TEXT]}).ok()
    (old,) = get_options(admin, hook).ok()["verify"]["secrets"]
    let_pass(0.002)
    both = {"scheme": "github", "secrets": [TEXT, OLD_TEXT]}
    new, still = set_options(admin, hook, verify=both).ok()["verify"]["secrets"]
    assert still == old and new["createdAt"] > old["createdAt"]


def test_documents_stay_as_they_were(admin):
    hook, _ = hook_in_room(admin)
    before = admin.get("integrations.get", {"integrationId": hook["_id"]}).body
    set_options(admin, hook, verify={"scheme": "github", "secrets": [TEXT]}).ok()
    assert admin.get("integrations.get", {"integrationId": hook["_id"]}).body == before


METHOD = {"method": "integrationOptions"}
BAD_OPTIONS = {
    "no id": ({}, invalid(required("integrationId"))),
    "an unknown member": ({"integrationId": "x", "y": 1}, invalid(CLOSED + " ('y')")),
    "an unknown id": (
        {"integrationId": "x"},
        thrown("error-invalid-integration", "Invalid integration", **METHOD),
    ),
    "half a limit": ({"integrationId": "x", "limits": {"burst": 1}}, invalid("limits " + required("ratePerSecond"))),
    "no calls at all": (
        {"integrationId": "x", "limits": {"ratePerSecond": 0, "burst": 1}},
        invalid("limits.ratePerSecond must be >= 0.01"),
    ),
    "half a call": (
        {"integrationId": "x", "limits": {"ratePerSecond": 1, "burst": 1.5}},
        invalid("limits.burst must be integer"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("body, refusal", table(BAD_OPTIONS))
def test_options_are_refused_with(admin, body, refusal):
    assert admin.put("/ext/v1/integrations.options", body).said == refusal


BAD_RULES = {
    "no scheme": {"secrets": [TEXT]},
    "an unknown scheme": {"scheme": "md5", "secrets": [TEXT]},
    "no secrets": {"scheme": "github", "secrets": []},
    "too many secrets": {"scheme": "github", "secrets": [TEXT + str(n) for n in range(6)]},
    "a secret that cannot be decoded": {"scheme": "standard-webhooks", "secrets": ["whsec_!"]},
    "an own scheme without a header": {"scheme": "hmac", "secrets": [TEXT]},
}


@pytest.mark.parametrize("verify", table(BAD_RULES))
def test_a_rule_that_cannot_work_is_refused_and_the_old_one_stays(admin, verify):
    hook, _ = signed_hook(admin, "github", [TEXT])
    before = get_options(admin, hook)
    answer = set_options(admin, hook, verify=verify, limits={"ratePerSecond": 1, "burst": 1})
    assert answer.status == 400 and "verify." in answer.json()["error"]
    assert get_options(admin, hook).said == before.said


def test_options_are_for_whoever_may_change_the_integration(admin, nobody):
    somebody = add_client(admin)
    theirs, _ = hook_in_room(admin)
    outgoing = create(admin, OUTGOING)
    invalid_one = thrown("error-invalid-integration", "Invalid integration", **METHOD)
    assert set_options(nobody, theirs).said == NOBODY
    assert get_options(nobody, theirs).said == NOBODY
    refused = thrown("not_authorized", "Unauthorized", **METHOD)
    assert set_options(somebody, theirs, history=None).said == refused
    assert get_options(somebody, theirs).said == refused
    with permissions(admin, {OWN["incoming"]: ["user"]}):
        mine = create(somebody, INCOMING)
        assert set_options(somebody, mine, history={"body": True}).ok()
        assert get_options(somebody, mine).ok()
        assert set_options(somebody, theirs, history=None).said == invalid_one
    with permissions(admin, {ANY["incoming"]: ["user"]}):
        assert get_options(somebody, theirs).ok()
        assert set_options(somebody, outgoing, history=None).said == invalid_one


def test_changes_are_in_the_audit_log_without_secrets(new_server):
    server = new_server().start()
    hook, _ = signed_hook(server.admin(), "github", [TEXT])
    server.stop()
    assert "action=/ext/v1/integrations.options" in server.said()
    assert f"target={hook['_id']}" in server.said()
    assert TEXT not in server.said()


def test_moments_are_written_as_everywhere(admin):
    hook, _ = signed_hook(admin, "github", [TEXT])
    (secret,) = get_options(admin, hook).ok()["verify"]["secrets"]
    assert re.fullmatch(MOMENT, secret["createdAt"])


def test_an_overheard_call_cannot_be_made_a_new_one(admin, nobody):
    hook, room = signed_hook(admin, "standard-webhooks", [WHSEC])
    headers = standard("webhook", WHSEC, BODY, now())
    assert send(nobody, hook, BODY, headers).ok()
    again = send(nobody, hook, BODY, {**headers, "Idempotency-Key": "another"})
    assert (again.ok(), again.headers["Idempotency-Replayed"]) == ({"success": True}, "true")
    assert texts(admin, room) == ["signed"]


def test_the_digest_is_the_usual_one():
    """The helper of this file against a vector, so that both sides cannot be wrong alike."""
    signed = github("It's a Secret to Everybody", b"Hello, World!", 0)["X-Hub-Signature-256"]
    assert signed == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")


def test_failure_texts_name_what_to_change(admin):
    hook, _ = hook_in_room(admin)
    answer = set_options(admin, hook, verify={"scheme": "md5", "secrets": [TEXT]})
    assert answer.said == failure(
        "verify.scheme must be one of standard-webhooks, github, gitlab-token, gitlab, slack,"
        " stripe, shopify, hmac."
    )
