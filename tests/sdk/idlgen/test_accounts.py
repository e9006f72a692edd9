"""Generated accounts: what they refuse, fetching, filters, and that they behave as frozen dataclasses."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.errors import CodecError


@pytest.fixture
def market(features: ModuleType) -> Any:
    return features.accounts.Market(
        admin=Pubkey.from_bytes(bytes([9] * 32)),
        fee_bps=30,
        symbol=b"SOL-PERP",
        side=features.types.Side.SELL,
        is_open=True,
        point=features.types.Point(-1, 2),
        levels=(1, 2, 3),
        supply=2**100,
    )


class FakeClient:
    """Answers as ``AsyncClient`` does, from a dict."""

    def __init__(self, accounts: dict[Pubkey, Any]) -> None:
        self.accounts = accounts
        self.calls: list[int] = []

    async def get_account_info(self, pubkey: Pubkey, commitment: Any = None) -> Any:
        self.calls.append(1)
        return SimpleNamespace(value=self.accounts.get(pubkey))

    async def get_multiple_accounts(self, pubkeys: list[Pubkey], commitment: Any = None) -> Any:
        self.calls.append(len(pubkeys))
        return SimpleNamespace(value=[self.accounts.get(key) for key in pubkeys])


def test_a_decoded_account_is_a_frozen_dataclass(market: Any) -> None:
    decoded = type(market).decode(market.encode())
    assert repr(decoded) == repr(market)
    assert (decoded, hash(decoded)) == (market, hash(market))
    assert dataclasses.replace(decoded, fee_bps=31).fee_bps == 31
    assert dataclasses.asdict(decoded)["point"] == {"x": -1, "y": 2}
    assert pickle.loads(pickle.dumps(type(market).decode(market.encode()))) == market
    assert copy.copy(type(market).decode(market.encode())) == market
    with pytest.raises(dataclasses.FrozenInstanceError):
        decoded.fee_bps = 1
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = decoded.nothing


def test_keys_are_made_when_looked_at(market: Any) -> None:
    """The slot holds bytes until then; after that, the same object each time."""
    decoded = type(market).decode(market.encode())
    assert decoded.admin == market.admin
    assert decoded.admin is decoded.admin
    assert market.admin is market.admin
    assert type(decoded.admin) is Pubkey
    assert dataclasses.replace(decoded, fee_bps=1).admin is decoded.admin


def test_refusals(market: Any, features: ModuleType) -> None:
    cls, data = type(market), market.encode()
    cases = [
        (b"\0" * len(data), r"Market.discriminator = '0000000000000000': must be .*another type"),
        (b"\xff" * 8 + data[8:], "has been closed"),
        (data[:5], "must be .* but the data has 5 bytes"),
        (data[:-1], f"'{len(data) - 1} bytes': must be {len(data)} bytes"),
        (data + b"\x01", "other data follows"),
    ]
    for wrong, message in cases:
        with pytest.raises(CodecError, match=message):
            cls.decode(wrong)
    assert cls.decode(data + bytes(100)) == market  # space kept for growth
    for name, value, message in [
        ("side", 9, "Market.side = 9: must be a Side"),
        ("is_open", 2, "Market.is_open = 2"),
    ]:
        wrong = bytearray(data)
        wrong[cls.OFFSETS[name]] = value
        with pytest.raises(CodecError, match=message):
            cls.decode(bytes(wrong))
    everything = features.accounts.Everything
    with pytest.raises(CodecError, match="ends too early"):
        everything.decode(everything.DISCRIMINATOR + bytes(33))


def test_encoding_names_the_field_that_does_not_fit(market: Any, features: ModuleType) -> None:
    point = features.types.Point(2**31, 0)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"fee_bps": 65536}, "Market.fee_bps = 65536"),
        ({"fee_bps": "30"}, "Market.fee_bps = '30'"),
        ({"symbol": b"short"}, "must be exactly 8 bytes"),
        ({"admin": "key"}, "Market.admin = 'key': must be a solders Pubkey"),
        ({"levels": (1, 2)}, "Market.levels = '2 items': must have exactly 3"),
        ({"levels": (1, 2, -3)}, "Market.levels"),
        ({"supply": 2**128}, "Market.supply"),
        ({"is_open": "yes"}, "Market.is_open = 'yes': must be 0 or 1"),
        ({"point": (1, 2)}, "Market.point = .*must be a Point"),
        ({"point": point}, "Market.point.x = 2147483648"),
    ]
    for change, message in cases:
        with pytest.raises(CodecError, match=message):
            dataclasses.replace(market, **change).encode()


def test_filters(market: Any) -> None:
    cls, data = type(market), market.encode()
    for path, value in [("admin", market.admin), ("fee_bps", 30), ("point.y", 2), ("point", market.point)]:
        found = cls.memcmp(path, value)
        assert data[found.offset : found.offset + len(found.data)] == found.data, path
    assert cls.memcmp("admin", market.admin).bytes == str(market.admin)
    assert cls.memcmp("fee_bps", 0).bytes == "11"
    assert cls.discriminator_filter().data == cls.DISCRIMINATOR
    rpc = cls.memcmp("fee_bps", 30).to_rpc()
    assert rpc["memcmp"]["offset"] == cls.OFFSETS["fee_bps"]
    with pytest.raises(KeyError):
        cls.memcmp("nothing", 1)
    with pytest.raises(CodecError):
        cls.memcmp("fee_bps", -1)


def test_a_filter_goes_into_a_solana_client(market: Any) -> None:
    from solana.rpc.core import _ClientCore

    body = _ClientCore()._get_program_accounts_body(
        market.PROGRAM_ID, None, "base64", None, [type(market).memcmp("fee_bps", 30)]
    )
    assert "memcmp" in body.to_json()
    assert type(market).memcmp("fee_bps", 30).to_solana().offset == type(market).OFFSETS["fee_bps"]


async def test_fetch(market: Any, features: ModuleType) -> None:
    cls, owner = type(market), features.PROGRAM_ID
    here, foreign, other = (Pubkey.new_unique() for _ in range(3))
    client = FakeClient(
        {
            here: SimpleNamespace(data=market.encode(), owner=owner),
            foreign: SimpleNamespace(data=market.encode(), owner=Pubkey.default()),
            other: SimpleNamespace(data=bytes(200), owner=owner),
        }
    )
    assert await cls.fetch(client, here) == market
    assert await cls.fetch(client, Pubkey.new_unique()) is None
    with pytest.raises(CodecError, match=f"account {foreign}: owner .* must be the program {owner}"):
        await cls.fetch(client, foreign)
    with pytest.raises(CodecError, match=f"account {other}: Market.discriminator"):
        await cls.fetch(client, other)
    assert await cls.fetch(client, foreign, program_id=Pubkey.default()) == market


async def test_fetch_multiple_asks_for_a_hundred_at_a_time(market: Any, features: ModuleType) -> None:
    keys = [Pubkey.new_unique() for _ in range(250)]
    account = SimpleNamespace(data=market.encode(), owner=features.PROGRAM_ID)
    client = FakeClient(dict.fromkeys(keys[::2], account))
    found = await type(market).fetch_multiple(client, keys)
    assert [value is None for value in found] == [index % 2 == 1 for index in range(250)]
    assert client.calls == [100, 100, 50]


def test_decode_many(market: Any) -> None:
    assert type(market).decode_many([market.encode()] * 3) == [market] * 3
    with pytest.raises(CodecError):
        type(market).decode_many([market.encode(), b"no"])
