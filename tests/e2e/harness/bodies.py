"""The bodies the API refuses with, each a pair of status and exact bytes, like Answer.said."""

import json


def text(document):
    """JSON as the API writes it: compact, in the order given, everything but control characters
    unescaped."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def failure(error, **more):
    """A refusal by a bare text."""
    return 400, text({"success": False, "error": error, **more})


def thrown(code, reason="", **details):
    """A coded error: the code stands behind the reason, and again as errorType. Details are given
    as method="..." or function="..."."""
    error = f"{reason} [{code}]" if reason else f"[{code}]"
    document = {"success": False, "error": error, "errorType": code}
    if details:
        document["details"] = details
    return 400, text(document)


def invalid(*messages):
    """The parameters do not fit the schema."""
    error = "\n ".join(messages) + " [invalid-params]"
    return 400, text({"success": False, "error": error, "errorType": "invalid-params"})


def required(name):
    return f"must have required property '{name}'"


ONE_OF = "must match exactly one schema in oneOf"
ANY_OF = "must match a schema in anyOf"
CLOSED = "must NOT have additional properties"
NOT_EMPTY = "must NOT have fewer than 1 characters"

NOBODY = (401, b'{"status":"error","message":"You must be logged in to do this."}')
NO_PERMISSION = (
    403,
    b'{"success":false,"error":"User does not have the permissions required for this action'
    b' [error-unauthorized]"}',
)
FORBIDDEN = (403, b'{"success":false,"error":"unauthorized"}')
BARE = (400, b'{"success":false}')
SUCCESS = (200, b'{"success":true}')
NOT_FOUND = (404, b'{"success":false,"error":"Resource not found"}')
