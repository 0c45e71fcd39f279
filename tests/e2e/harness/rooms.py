"""Rooms and what is in them."""

from .people import new_name

KINDS = {"channels": "channel", "groups": "group"}


def make(client, family, **more):
    """A new channel or group."""
    body = {"name": new_name("room"), **more}
    return client.post(f"{family}.create", body).ok()[KINDS[family]]


def invite(client, family, room, guest):
    client.post(f"{family}.invite", {"roomId": room["_id"], "userId": guest.user_id}).ok()


def members(client, family, room):
    answer = client.get(f"{family}.members", {"roomId": room["_id"], "count": "0"}).ok()
    return sorted(member["username"] for member in answer["members"])


def messages(client, family, room, **more):
    """All that fit on a page, the oldest first."""
    answer = client.get(f"{family}.messages", {"roomId": room["_id"], "count": "100", **more})
    return answer.ok()["messages"][::-1]


def texts(client, family, room):
    """What was written there; not what the server noted."""
    return [m["msg"] for m in messages(client, family, room) if "t" not in m]


def types(client, family, room):
    return [m.get("t") for m in messages(client, family, room)]
