"""Clients that make, change and remove integrations as fast as they can, and remember what they
were told, so that it can be compared with what is there after a crash."""

import threading

import requests

from .integrations import INCOMING, create, remove, update
from .waiting import PATIENCE

GONE = None  # what is there after a removal


class Writer:
    """One client on one thread. `told` is what the server acknowledged: {id: name or GONE}.
    `unknown` is the change whose answer never came: it may have happened or not."""

    def __init__(self, client, label):
        self.client = client
        self.label = label
        self.told = {}
        self.unknown = None
        self.acknowledged = 0
        self.end = None  # what ended it

    def run(self):
        try:
            while True:
                self._round()
        except (requests.RequestException, AssertionError) as end:
            self.end = end

    def _round(self):
        """Two are made, one of them is changed, the other removed."""
        kept, lost = self._make(), self._make()
        self._change(kept)
        self._remove(lost)

    def _name(self):
        return f"{self.label}-{self.acknowledged}"

    def _make(self):
        name = self._name()
        self.unknown = ("make", name)
        document = create(self.client, INCOMING, name=name)
        self._know(document["_id"], name)
        return document

    def _change(self, document):
        name = self._name()
        self.unknown = ("change", document["_id"], name)
        update(self.client, document, name=name)
        self._know(document["_id"], name)

    def _remove(self, document):
        self.unknown = ("remove", document["_id"])
        remove(self.client, document).ok()
        self._know(document["_id"], GONE)

    def _know(self, document_id, name):
        self.told[document_id] = name
        self.unknown = None
        self.acknowledged += 1

    def compare(self, there):
        """`there`: {id: name} of everything in the store now."""
        mine = {i: name for i, name in there.items() if name.startswith(self.label + "-")}
        expected = {i: name for i, name in self.told.items() if name is not GONE}
        allowed = [expected]
        if self.unknown is not None:
            allowed.append(self._with_unknown(expected, mine))
        assert mine in allowed, f"{self.label} was told otherwise; unknown: {self.unknown}"
        self.told, self.unknown = dict(mine), None

    def _with_unknown(self, expected, mine):
        kind, *what = self.unknown
        if kind == "make":
            new = [i for i in mine if i not in expected]
            return {**expected, **{i: what[0] for i in new[:1]}}
        if kind == "change":
            return {**expected, what[0]: what[1]}
        return {i: name for i, name in expected.items() if i != what[0]}


class Load:
    def __init__(self, client, count):
        self.writers = [Writer(client.another(), f"writer{n}") for n in range(count)]
        self.threads = []

    def start(self, address):
        for writer in self.writers:
            writer.client = writer.client.at(address)
        self.threads = [threading.Thread(target=w.run, daemon=True) for w in self.writers]
        for thread in self.threads:
            thread.start()

    def acknowledged(self):
        return sum(writer.acknowledged for writer in self.writers)

    def join(self):
        """After the server is gone every client has noticed, and none was answered wrongly."""
        for thread in self.threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a client still waits for an answer"
        for writer in self.writers:
            assert isinstance(writer.end, requests.RequestException), writer.end

    def compare(self, client):
        there = everything(client)
        for writer in self.writers:
            writer.compare(there)


def everything(client):
    """{id: name} of all integrations."""
    listed = client.get("integrations.list", "count=0").ok()["integrations"]
    return {document["_id"]: document["name"] for document in listed}
