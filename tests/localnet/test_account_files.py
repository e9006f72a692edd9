"""The validator's JSON dumps of accounts."""

from __future__ import annotations

import base64
import json

import pytest
import zstandard
from gdx_localnet import FixtureError, account_files, base58
from solders.account import Account
from solders.pubkey import Pubkey

ADDRESS, OWNER = Pubkey(bytes([4] * 32)), Pubkey(bytes([3] * 32))
ACCOUNT = Account(77, b"data", OWNER, False, 2**64 - 1)
GOOD = {"lamports": 77, "data": ["ZGF0YQ==", "base64"], "owner": str(OWNER), "executable": False}


def dump(tmp_path, **changes):
    path = tmp_path / "a.json"
    body = {"pubkey": str(ADDRESS), "account": {**GOOD, "rentEpoch": 2**64 - 1, "space": 4, **changes}}
    path.write_text(json.dumps(body))
    return path


def test_what_is_written_is_read(tmp_path):
    path = account_files.write(tmp_path, ADDRESS, ACCOUNT)
    assert path.name == f"{ADDRESS}.json"
    assert account_files.read(path, None) == (ADDRESS, ACCOUNT)


def test_a_given_address_wins(tmp_path):
    assert account_files.read(dump(tmp_path), OWNER) == (OWNER, ACCOUNT)


@pytest.mark.parametrize(
    "data",
    [
        [base64.b64encode(zstandard.ZstdCompressor().compress(b"data")).decode(), "base64+zstd"],
        [base58.encode(b"data"), "base58"],
    ],
)
def test_the_other_encodings(tmp_path, data):
    assert account_files.read(dump(tmp_path, data=data), None)[1].data == b"data"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lamports": -1}, "lamports = -1: must be an integer from 0"),
        ({"lamports": "77"}, "lamports = '77'"),
        ({"owner": "x"}, "owner = 'x': must be a base58 address"),
        ({"executable": 1}, "executable = 1: must be true or false"),
        ({"rentEpoch": 2**64}, "rentEpoch = 18446744073709551616"),
        ({"data": "ZGF0YQ=="}, r"data = 'ZGF0YQ==': must be \[text"),
        ({"data": ["!", "base64"]}, "data = '!': is not base64"),
        ({"data": ["0", "base58"]}, "data = '0': is not base58"),
        ({"data": ["", "rot13"]}, r"data\[1\] = 'rot13': must be base64"),
        ({"data": ["AAAA", "base64+zstd"]}, "is not base64\\+zstd"),
    ],
)
def test_bad_members_are_named(tmp_path, changes, message):
    with pytest.raises(FixtureError, match=message) as caught:
        account_files.read(dump(tmp_path, **changes), None)
    assert "a.json" in str(caught.value)


def test_a_bomb_does_not_fill_memory(tmp_path):
    packed = zstandard.ZstdCompressor().compress(bytes(account_files.MAX_ACCOUNT_BYTES + 1))
    path = dump(tmp_path, data=[base64.b64encode(packed).decode(), "base64+zstd"])
    with pytest.raises(FixtureError, match="more than 10485760 bytes"):
        account_files.read(path, None)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"account": 3}', '{"pubkey": "x"}'])
def test_what_is_no_dump_is_named(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(FixtureError, match=r"a\.json"):
        account_files.read(path, None)


def test_folders_and_places(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests/fixtures").mkdir(parents=True)
    account_files.write(tmp_path / "tests/fixtures", ADDRESS, ACCOUNT)
    account_files.write(tmp_path / "tests/fixtures", OWNER, ACCOUNT)
    assert account_files.find(f"{ADDRESS}.json").parent.name == "fixtures"
    assert sorted(
        account_files.read_folder(tmp_path / "tests/fixtures"), key=lambda item: bytes(item[0])
    ) == [
        (OWNER, ACCOUNT),
        (ADDRESS, ACCOUNT),
    ]
    with pytest.raises(FixtureError, match=r"nope\.json: no such file, here or in tests/fixtures"):
        account_files.find("nope.json")
    with pytest.raises(FixtureError, match="no such folder"):
        account_files.read_folder(tmp_path / "none")
