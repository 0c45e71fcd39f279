"""Files: forms as clients write them, and what is on the disk."""



from .client import Answer
from .waiting import PATIENCE, eventually

BOUNDARY = "a-boundary-of-nobody"


def part(name, content, filename=None, content_type=None):
    disposition = f'form-data; name="{name}"'
    if filename is not None:
        disposition += f'; filename="{filename}"'
    lines = [f"Content-Disposition: {disposition}"]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def form(*parts):
    dashes = b"--" + BOUNDARY.encode()
    return b"".join(dashes + b"\r\n" + p + b"\r\n" for p in parts) + dashes + b"--\r\n"


def send(client, path, *parts):
    """A form, byte for byte."""
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return client.call("POST", path, form(*parts), headers=headers)


def send_as_library(client, path, name, content, content_type=None, **fields):
    """As the Python client's library writes it: with `requests`, its data beside its files."""
    url = "http://{}:{}/api/v1/{}".format(*client.address, path)
    files = {"file": (name, content, content_type)}
    return Answer(client.session.post(url, data=fields, files=files, timeout=PATIENCE))


def upload(client, room, content, name="a.txt", content_type="text/plain"):
    """rooms.media; the file as it was answered."""
    answer = send(client, f"rooms.media/{room['_id']}", part("file", content, name, content_type))
    return answer.ok()["file"]


def confirm(client, room, file, **body):
    return client.post(f"rooms.mediaConfirm/{room['_id']}/{file['_id']}", body)


def post_file(client, room, content, name="a.txt", content_type="text/plain", **body):
    """Both; the message that carries it."""
    file = upload(client, room, content, name, content_type)
    return confirm(client, room, file, **body).ok()["message"]


def fetch(client, url, query="", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.call("GET", url, query=query, headers=named)


def listed(client, room, family="channels", **more):
    query = {"roomId": room["_id"], **more}
    return client.get(f"{family}.files", query).ok()["files"]


def stored(server):
    """Names of the whole files on the disk, and of those on their way."""
    folder = server.folder / "files"
    whole = sorted(p.name for p in folder.iterdir() if p.is_file())
    return whole, sorted(p.name for p in (folder / "incoming").iterdir())


def eventually_gone(server, ids):
    eventually(lambda: not set(ids) & set(stored(server)[0]), f"{ids} to be gone")


def eventually_nothing_new(server, before):
    """`before`: what stored() said; some of that may go meanwhile."""

    def is_so():
        whole, incoming = stored(server)
        return set(whole) <= set(before[0]) and not incoming

    eventually(is_so, "nothing new to be stored")
