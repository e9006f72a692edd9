"""IDLs that programs publish: both conventions, and everything that can be wrong with an account."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.client import Client
from gdx_sdk.client.replies import AccountInfo
from gdx_sdk.errors import AccountNotFound, CodecError
from gdx_sdk.idlgen import PublishedIdl, fetch_idl
from gdx_sdk.testing import FakeRpc

from .published import (
    DIRECT,
    EXTERNAL,
    GZIP,
    IDL,
    METADATA_PROGRAM,
    NONE,
    PROGRAM,
    TEXT,
    URL,
    YAML,
    ZLIB,
    anchor_account,
    anchor_place,
    external,
    metadata_account,
    metadata_place,
    pack,
)

ELSEWHERE = Pubkey.from_bytes(bytes([5] * 32))


async def fetch(*accounts: tuple[Pubkey, bytes, Pubkey]) -> PublishedIdl:
    rpc = FakeRpc({address: AccountInfo(data, owner, 1) for address, data, owner in accounts})
    async with Client(rpc) as client:
        return await fetch_idl(client, PROGRAM)


def anchor(data: bytes, owner: Pubkey = PROGRAM) -> tuple[Pubkey, bytes, Pubkey]:
    return anchor_place(), data, owner


def metadata(data: bytes, owner: Pubkey = METADATA_PROGRAM) -> tuple[Pubkey, bytes, Pubkey]:
    return metadata_place(), data, owner


async def test_anchors_account() -> None:
    found = await fetch(anchor(anchor_account()))
    assert found == PublishedIdl(PROGRAM, anchor_place(), "anchor", TEXT)
    assert found.document == IDL


@pytest.mark.parametrize("compression", [NONE, GZIP, ZLIB])
@pytest.mark.parametrize("encoding", range(4))
async def test_the_metadata_programs_account(compression: int, encoding: int) -> None:
    found = await fetch(metadata(metadata_account(compression=compression, encoding=encoding) + bytes(9)))
    assert found == PublishedIdl(PROGRAM, metadata_place(), "program-metadata", TEXT)


async def test_data_in_another_account() -> None:
    stored = pack(TEXT, GZIP)
    other = (ELSEWHERE, b"head" + stored + b"tail", ELSEWHERE)
    account = metadata_account(external(ELSEWHERE, 4, len(stored)), compression=GZIP, source=EXTERNAL)
    assert (await fetch(metadata(account), other)).text == TEXT
    to_the_end = metadata_account(external(ELSEWHERE, 4), compression=GZIP, source=EXTERNAL)
    assert (await fetch(metadata(to_the_end), (ELSEWHERE, b"head" + stored, ELSEWHERE))).text == TEXT
    with pytest.raises(AccountNotFound, match=str(ELSEWHERE)):
        await fetch(metadata(account))
    with pytest.raises(CodecError, match=r"external account = .*truncated"):
        await fetch(metadata(account), (ELSEWHERE, b"head", ELSEWHERE))


async def test_metadata_come_first_and_lamports_alone_hide_nothing() -> None:
    newer = metadata_account(pack('{"newer": true}', ZLIB))
    assert (await fetch(anchor(anchor_account()), metadata(newer))).origin == "program-metadata"
    sent = metadata(b"", Pubkey.default())
    assert (await fetch(anchor(anchor_account()), sent)).origin == "anchor"


async def test_no_idl_names_both_places() -> None:
    with pytest.raises(AccountNotFound) as caught:
        await fetch()
    assert str(anchor_place()) in str(caught.value)
    assert str(metadata_place()) in str(caught.value)


BOMB = zlib.compress(bytes(11 * 2**20), 9)
ANCHOR_FAULTS = [
    ("other owner", anchor(anchor_account(), ELSEWHERE), f"owner = '{ELSEWHERE}': must be {PROGRAM}"),
    ("other type", anchor(b"\0" * 8 + anchor_account()[8:]), "discriminator = '0000000000000000'"),
    ("only a head", anchor(anchor_account()[:43]), "must have at least 44 bytes"),
    ("data cut off", anchor(anchor_account(spare_bytes=0)[:-1]), "is truncated: must have at least"),
    ("length too large", anchor(anchor_account()[:40] + b"\xff" * 4), "is truncated"),
    ("stream cut off", anchor(anchor_account()[:40] + b"\x10\0\0\0" + anchor_account()[44:]), "has no end"),
    ("not zlib", anchor(anchor_account()[:44] + b"x" * 400), "is not zlib"),
    ("not text", anchor(anchor_account(b"\xff\xfe")), "is not JSON"),
    ("not JSON", anchor(anchor_account("{")), "is not JSON"),
    ("deep", anchor(anchor_account("[" * 10**6)), "is not JSON"),
    ("no object", anchor(anchor_account("[]")), "must be a JSON object"),
    ("a bomb", anchor(anchor_account(bytes(11 * 2**20))), "inflates to more than 10485760 bytes"),
]
METADATA_FAULTS = [
    ("other owner", metadata(metadata_account(), PROGRAM), f"must be {METADATA_PROGRAM}"),
    ("a buffer", metadata(metadata_account(kind=1)), "discriminator = 1: must be 2"),
    ("other program", metadata(metadata_account(program=ELSEWHERE)), f"program = '{ELSEWHERE}'"),
    ("only a head", metadata(metadata_account()[:95]), "must have at least 96 bytes"),
    ("data cut off", metadata(metadata_account()[:-1]), "is truncated"),
    ("unknown encoding", metadata(metadata_account(encoding=4)), "encoding = 4"),
    ("unknown compression", metadata(metadata_account(pack(TEXT, NONE), compression=3)), "compression = 3"),
    ("YAML", metadata(metadata_account(format=YAML)), "format = 'YAML': must be JSON"),
    ("unknown source", metadata(metadata_account(source=3)), "data_source = 3"),
    (
        "a URL",
        metadata(metadata_account(pack("https://example.com/idl.json", ZLIB), source=URL)),
        "'https://example.com/idl.json': is a URL",
    ),
    (
        "no place",
        metadata(metadata_account(b"short", compression=NONE, source=EXTERNAL)),
        "'5 bytes': must be 40 bytes",
    ),
    ("not gzip", metadata(metadata_account(pack(TEXT, ZLIB), compression=GZIP)), "is not gzip"),
    ("gzip cut off", metadata(metadata_account(pack(TEXT, GZIP)[:-9], compression=GZIP)), "has no end"),
    ("a bomb", metadata(metadata_account(BOMB, source=DIRECT)), "inflates to more than"),
]
FAULTS = ANCHOR_FAULTS + METADATA_FAULTS


@pytest.mark.parametrize(("account", "said"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
async def test_what_is_wrong_is_said(account: tuple[Pubkey, bytes, Pubkey], said: str) -> None:
    with pytest.raises(CodecError) as caught:
        await fetch(account)
    assert said in str(caught.value)


def test_it_is_saved_as_published(tmp_path: Path) -> None:
    found = PublishedIdl(PROGRAM, anchor_place(), "anchor", TEXT)
    found.save(tmp_path / "idl.json")
    assert (tmp_path / "idl.json").read_text(encoding="utf-8") == TEXT
    assert [path.name for path in tmp_path.iterdir()] == ["idl.json"]
    with pytest.raises(OSError, match="nowhere"):
        found.save(tmp_path / "nowhere" / "idl.json")
