"""Generated builders: metas, what is filled in, what is derived, what is read from the chain."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from gdx_sdk.errors import CodecError

SYSTEM = Pubkey.default()


@pytest.fixture
def keys() -> list[Pubkey]:
    return [Pubkey.new_unique() for _ in range(6)]


def metas(instruction: Any) -> list[tuple[Pubkey, bool, bool]]:
    return [(meta.pubkey, meta.is_signer, meta.is_writable) for meta in instruction.accounts]


def create_args(features: ModuleType) -> dict[str, Any]:
    return {"symbol": b"SOL-PERP", "fee_bps": 30, "point": features.types.Point(1, 2)}


def test_addresses_are_filled_in(features: ModuleType, keys: list[Pubkey]) -> None:
    program = features.PROGRAM_ID
    built = features.instructions.create_market(create_args(features), {"payer": keys[0]})
    market = Pubkey.find_program_address([b"market", b"SOL-PERP"], program)[0]
    assert metas(built) == [
        (keys[0], True, True),
        (market, False, True),
        (Pubkey.find_program_address([b"vault", bytes(market)], program)[0], False, True),
        (program, False, False),  # the optional account that was not given
        (SYSTEM, False, False),
        (Pubkey.find_program_address([b"__event_authority"], program)[0], False, False),
        (program, False, False),
    ]
    assert built.program_id == program
    assert bytes(built.data)[8:] == b"SOL-PERP" + bytes([30, 0, 1, 0, 0, 0, 2, 0, 0, 0])


def test_what_is_given_stays(features: ModuleType, keys: list[Pubkey]) -> None:
    given = dict(zip(["payer", "market", "vault", "referrer", "system_program"], keys, strict=False))
    extra = AccountMeta(keys[5], is_signer=True, is_writable=False)
    program = Pubkey.new_unique()
    built = features.instructions.create_market(create_args(features), given, program, [extra])
    assert [meta.pubkey for meta in built.accounts[:5]] == keys[:5]
    assert (built.accounts[3].is_writable, built.accounts[-1], built.program_id) == (True, extra, program)
    assert built.accounts[-2].pubkey == program
    assert built.accounts[-3].pubkey == Pubkey.find_program_address([b"__event_authority"], program)[0]
    without = features.instructions.create_market(create_args(features), given | {"referrer": None})
    assert without.accounts[3] == AccountMeta(features.PROGRAM_ID, is_signer=False, is_writable=False)


def test_seeds_of_arguments_and_foreign_programs(features: ModuleType, keys: list[Pubkey]) -> None:
    owner, market, other_program = keys[:3]
    args = {
        "args": features.types.PlaceArgs(index=258, side=features.types.Side.SELL),
        "shape": features.types.ShapeCircle(radius=1, center=features.types.Point(2, 3)),
        "amounts": [4, 5],
        "note": None,
    }
    accounts = {"owner": owner, "market": market, "other_program": other_program}
    built = features.instructions.place(args, accounts)
    foreign = features.pdas.find_token_account.__defaults__[0]
    derived = [
        Pubkey.find_program_address([b"order", bytes(market), b"\x02\x01\0\0", b"\x01"], features.PROGRAM_ID)[
            0
        ],
        Pubkey.find_program_address([bytes(owner), bytes(market)], foreign)[0],
        Pubkey.find_program_address([b"other"], other_program)[0],
    ]
    assert [meta.pubkey for meta in built.accounts] == [owner, market, *derived, other_program]
    with pytest.raises(CodecError, match=r"args.amounts.*-1"):
        features.instructions.place(args | {"amounts": [-1]}, accounts)


def test_groups_of_one_name_with_different_members(features: ModuleType, keys: list[Pubkey]) -> None:
    owner, other, market = keys[:3]
    built = features.instructions.with_groups(
        {"first": {"owner": owner}, "third": {"first": {"owner": other}, "market": market}}
    )
    derived = Pubkey.find_program_address([b"market", bytes(owner)], features.PROGRAM_ID)[0]
    assert metas(built) == [
        (owner, True, False),
        (derived, False, True),
        (features.PROGRAM_ID, False, False),
        (other, True, True),
        (features.PROGRAM_ID, False, False),
        (market, False, False),
    ]
    assert metas(features.instructions.with_other_group({"first": {"market": market}})) == [
        (market, False, False)
    ]


def test_names_that_python_keeps_for_itself(features: ModuleType, keys: list[Pubkey]) -> None:
    args = {"from_": 1, "program_id": keys[3], "l_": b"\x07"}
    accounts = {"class_": keys[0], "args": keys[1], "program_id": keys[2]}
    built = features.instructions.yield_(args, accounts)
    assert [meta.pubkey for meta in built.accounts] == [keys[0], keys[1], features.PROGRAM_ID, keys[2]]
    assert bytes(built.data)[8:] == b"\x01" + bytes(keys[3]) + b"\x01\0\0\0\x07"


def test_short_discriminators_and_no_accounts(features: ModuleType) -> None:
    built = features.instructions.bare()
    assert (bytes(built.data), list(built.accounts)) == (b"\x07", [])
    assert features.instructions.NAMES[b"\x07"] == "bare"


def test_addresses_in_a_circle_are_given(features: ModuleType, keys: list[Pubkey]) -> None:
    given = dict(zip("abcd", keys, strict=False))
    assert [meta.pubkey for meta in features.instructions.circle(given).accounts] == keys[:4]
    with pytest.raises(KeyError):
        features.instructions.circle({"a": keys[0], "c": keys[2], "d": keys[3]})


def test_returns(features: ModuleType) -> None:
    points = features.instructions.decode_change_return(b"\x01\0\0\0" + b"\x01\0\0\0\x02\0\0\0")
    assert points == (features.types.Point(1, 2),)
    assert features.instructions.decode_with_other_group_return(b"\x01") is True
    shape = features.instructions.decode_use_everything_return(b"\x01\x02\x05\x01\0\0\0x")
    assert shape == features.types.ShapePair(5, "x")
    with pytest.raises(CodecError):
        features.instructions.decode_with_other_group_return(b"")


class Chain:
    """One account of the program."""

    def __init__(self, address: Pubkey, data: bytes, owner: Pubkey) -> None:
        self.address, self.account, self.calls = address, SimpleNamespace(data=data, owner=owner), 0

    async def get_account_info(self, pubkey: Pubkey, commitment: Any = None) -> Any:
        self.calls += 1
        return SimpleNamespace(value=self.account if pubkey == self.address else None)

    async def get_multiple_accounts(self, pubkeys: list[Pubkey], commitment: Any = None) -> Any:
        raise AssertionError(f"not asked for: {pubkeys}")


async def test_relations_and_data_seeds_are_read_from_the_chain(
    features: ModuleType, keys: list[Pubkey]
) -> None:
    admin, market, other = keys[:3]
    account = features.accounts.Market(
        admin, 30, b"SOL-PERP", features.types.Side.BUY, True, features.types.Point(0, 0), (0, 0, 0), 1
    )
    chain = Chain(market, account.encode(), features.PROGRAM_ID)
    found = await features.instructions.resolve_change(chain, {"market": market})
    seeds = [b"treasury", bytes(admin), b"\x1e\0"]
    treasury = Pubkey.find_program_address(seeds, features.PROGRAM_ID)[0]
    assert found == {"market": market, "admin": admin, "treasury": treasury}
    assert chain.calls == 1
    assert (await features.instructions.resolve_change(chain, {"market": market, "admin": other}))[
        "admin"
    ] == other
    with pytest.raises(CodecError, match="does not exist"):
        await features.instructions.resolve_change(chain, {"market": other})
    foreign = Chain(market, account.encode(), Pubkey.default())
    with pytest.raises(CodecError, match="must be one of Market"):
        await features.instructions.resolve_change(foreign, {"market": market})


def test_legacy_names_discriminators_and_seeds(legacy: ModuleType, keys: list[Pubkey]) -> None:
    program, group, user, inner = keys[:4]
    args = {"market_index": 3, "order_type": legacy.types.OrderType.IMMEDIATE_OR_CANCEL, "amount": 5}
    built = legacy.instructions.place_order_v2(
        args, {"group": group, "user_account": user, "nested_group": {"inner_key": inner}}, program
    )
    book = Pubkey.find_program_address([b"Book", bytes(group), b"\x03\0", b"\x07\0\0\0"], program)[0]
    assert metas(built) == [
        (group, False, False),
        (user, True, True),
        (book, False, True),
        (program, False, False),
        (inner, False, False),
    ]
    from hashlib import sha256

    assert bytes(built.data)[:8] == sha256(b"global:place_order_v2").digest()[:8]
    assert sha256(b"account:BookState").digest()[:8] == legacy.accounts.BookState.DISCRIMINATOR
    assert sha256(b"event:OrderPlaced").digest()[:8] == legacy.events.OrderPlaced.DISCRIMINATOR
    assert not hasattr(legacy, "PROGRAM_ID")
