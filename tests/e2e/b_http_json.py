"""How values are read and written: the JSON that goes in is the JSON that comes out, byte for byte
as JavaScript would write it."""

import json

import pytest

from harness.bodies import CLOSED, ONE_OF, SUCCESS, invalid, required
from harness.integrations import INCOMING
from harness.table import table

JSON_TYPE = {"Content-Type": "application/json"}


def post(client, path, body):
    return client.post(path, body, headers=JSON_TYPE)


# As they are sent, and as they come back.
VALUES = {
    "an integer": (b"7", b"7"),
    "an integer with a point": (b"1.0", b"1"),
    "a negative zero": (b"-0", b"0"),
    "a fraction": (b"0.1", b"0.1"),
    "a fraction with zeros": (b"2.50", b"2.5"),
    "a large integer": (b"9007199254740993", b"9007199254740992"),
    "an exponent that is not needed": (b"1e3", b"1000"),
    "the last without an exponent": (b"100000000000000000000", b"100000000000000000000"),
    "the first with an exponent": (b"1e21", b"1e+21"),
    "something small": (b"0.000001", b"0.000001"),
    "something smaller": (b"0.0000001", b"1e-7"),
    "the shortest of many": (b"0.1000000000000000055", b"0.1"),
    "true": (b"true", b"true"),
    "null": (b"null", b"null"),
    "nothing": (b'""', b'""'),
    "escapes": (rb'"\"\\\/\b\f\n\r\t"', rb'"\"\\/\b\f\n\r\t"'),
    "control characters": (rb'"\u0000\u001F\u007f"', b'"\\u0000\\u001f\x7f"'),
    "letters": ('"é\u2028😀"'.encode(), '"é\u2028😀"'.encode()),
    "escaped letters": (rb'"\u00e9\ud83d\ude00\u0041"', '"é😀A"'.encode()),
    "a list": (b'[ 1 , "a" , [ ] ]', b'[1,"a",[]]'),
    "an object in its order": (b'{"b":1,"a":{"c":[{}]}}', b'{"b":1,"a":{"c":[{}]}}'),
}


@pytest.mark.parametrize("sent, kept", table(VALUES))
def test_a_value_comes_back_as_javascript_would_write_it(admin, sent, kept):
    assert post(admin, "settings/Site_Name", b'{"value":' + sent + b"}").said == SUCCESS
    answer = admin.get("settings/Site_Name")
    assert answer.body == b'{"_id":"Site_Name","value":' + kept + b',"success":true}'


BROKEN = {
    "cut off": b'{"value":1',
    "with a comma too many": b'{"value":1,}',
    "with a comment": b'{"value":1} // one',
    "in single quotes": b"{'value':1}",
    "not a number": b'{"value":NaN}',
    "a number with zeros before it": b'{"value":01}',
    "a number that ends with a point": b'{"value":1.}',
    "a line end inside a text": b'{"value":"a\nb"}',
    "broken UTF-8": b'{"value":"\xff"}',
    "an unknown escape": rb'{"value":"\x41"}',
}


@pytest.mark.parametrize("body", table(BROKEN))
def test_json_that_is_broken_counts_as_an_empty_object(admin, body):
    post(admin, "settings/Site_Name", b'{"value":"before"}')
    assert post(admin, "settings/Site_Name", body).said == (400, b'{"success":false}')
    assert admin.get("settings/Site_Name").ok()["value"] == "before"


def test_of_a_parameter_that_is_sent_twice_the_last_counts(admin):
    body = json.dumps(INCOMING).encode()[:-1] + b',"name":"the last"}'
    answer = post(admin, "integrations.create", body)
    assert answer.ok()["integration"]["name"] == "the last"


@pytest.mark.parametrize("key", ["__proto__", "constructor", "toString", ""])
def test_no_key_is_special(admin, key):
    body = json.dumps({**INCOMING, key: {"enabled": False}}).encode()
    answer = post(admin, "integrations.create", body)
    assert answer.said == invalid(CLOSED, required("event"), ONE_OF)


def test_names_are_written_as_they_were_sent(admin):
    name = 'quote " slash / back \\ tab \t bell \x07 é \u2028 😀'
    document = admin.post("integrations.create", {**INCOMING, "name": name}).ok()["integration"]
    body = admin.get("integrations.get", {"integrationId": document["_id"]}).body
    written = 'quote \\" slash / back \\\\ tab \\t bell \\u0007 é \u2028 😀'
    assert f'"name":"{written}"'.encode() in body
    found = admin.get("integrations.list", {"name": "bell \x07 é"}).ok()["integrations"]
    assert [integration["name"] for integration in found] == [name]
