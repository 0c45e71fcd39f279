"""A client of the API. Every answer is kept as it came, so that a test can compare bytes."""

import json
from urllib.parse import quote

import requests

from .waiting import PATIENCE


class Answer:
    def __init__(self, response):
        self.status = response.status_code
        self.headers = response.headers
        self.body = response.content

    @property
    def said(self):
        """Status and exact body, to be compared with those of harness.bodies."""
        return self.status, self.body

    def json(self):
        return json.loads(self.body)

    def ok(self):
        """The document of a success."""
        assert self.status == 200, f"{self.status} {self.body.decode(errors='replace')}"
        document = self.json()
        assert document["success"] is True, self.body
        return document

    def __repr__(self):
        return f"<{self.status} {self.body.decode(errors='replace')}>"


class Client:
    """Paths are those under /api/v1/; one that begins with a slash is taken as it is."""

    def __init__(self, address, user_id=None, token=None, username=None):
        self.address = address
        self.user_id = user_id
        self.token = token
        self.username = username
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers = {}
        if user_id is not None:
            self.session.headers["X-User-Id"] = user_id
        if token is not None:
            self.session.headers["X-Auth-Token"] = token

    def login(self, name, password):
        """The same server, as somebody."""
        answer = self.post("login", {"user": name, "password": password})
        assert answer.status == 200, f"login of {name}: {answer}"
        data = answer.json()["data"]
        return Client(self.address, data["userId"], data["authToken"], data["me"]["username"])

    def with_token(self, user_id, token):
        return Client(self.address, user_id, token)

    def another(self):
        """The same person over a connection of his own: for threads."""
        return Client(self.address, self.user_id, self.token, self.username)

    def at(self, address):
        """The same person at another server on the same data."""
        return Client(address, self.user_id, self.token, self.username)

    def get(self, path, query="", **more):
        return self.call("GET", path, query=query, **more)

    def post(self, path, body=None, **more):
        return self.call("POST", path, body, **more)

    def put(self, path, body=None, **more):
        return self.call("PUT", path, body, **more)

    def call(self, method, path, body=None, query="", headers=None):
        """`body`: bytes are sent as they are, anything else but None as JSON. `query`: text as it
        is written in a URL, or a mapping of texts that are encoded here."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        if not isinstance(query, str):
            query = "&".join(f"{quote(k)}={quote(v)}" for k, v in query.items())
        path = path if path.startswith("/") else "/api/v1/" + path
        url = "http://{}:{}{}{}".format(*self.address, path, "?" + query if query else "")
        request = requests.Request(method, url, headers=headers, data=body)
        prepared = self.session.prepare_request(request)
        prepared.url = url  # requests would rewrite what it thinks is not well-formed
        return Answer(self.session.send(prepared, timeout=PATIENCE, allow_redirects=False))

    def close(self):
        self.session.close()
