"""The compiled decoders of accounts against the layout's own reading, on random bytes."""

from __future__ import annotations

import importlib.util
import random
import sys
from dataclasses import fields
from typing import Any, cast

import pytest

from gdx_sdk import accounts
from gdx_sdk._generated.position_mgmt.accounts import user_position
from gdx_sdk.errors import CodecError
from gdx_sdk.runtime import FixedAccount

KINDS = [
    kind
    for name in accounts.__all__
    if isinstance(kind := getattr(accounts, name), type) and issubclass(kind, FixedAccount)
]
SEED = random.randrange(2**32)


def slowly(kind: type[FixedAccount], data: bytes) -> Any:
    """The account by way of its layout and its own `__init__`."""
    values, _ = kind.LAYOUT.read(data, len(kind.DISCRIMINATOR))
    return cast(Any, kind)(*values)


def plausible(kind: type[FixedAccount], rng: random.Random) -> bytes:
    """Random bytes that the layout can read: now and then small numbers, so that flags and enums come up."""
    while True:
        body = bytes(
            rng.choice((0, 1, rng.randrange(256))) for _ in range(kind.SIZE - len(kind.DISCRIMINATOR))
        )
        data = kind.DISCRIMINATOR + body
        try:
            slowly(kind, data)
        except CodecError:
            continue
        return data


def outcome(read: Any, data: bytes) -> tuple[str, Any]:
    try:
        return "value", read(data)
    except CodecError as error:
        return "error", str(error)


def test_there_are_accounts() -> None:
    assert len(KINDS) > 5


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_fast_equals_slow(kind: type[FixedAccount]) -> None:
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    datas = [plausible(kind, rng) for _ in range(8)]
    expected = [slowly(kind, data) for data in datas]
    assert [kind.decode(data) for data in datas] == expected
    assert kind.decode_many(datas) == expected
    assert kind.decode_many(data + bytes(3) for data in datas) == expected  # zeros may follow
    assert [found.encode() for found in kind.decode_many(datas)] == datas
    for found, wanted in zip(kind.decode_many(datas), expected, strict=True):
        assert type(found) is kind
        assert {f.name: getattr(found, f.name) for f in fields(cast(Any, found))} == {
            f.name: getattr(wanted, f.name) for f in fields(cast(Any, wanted))
        }
        with pytest.raises(AttributeError):
            cast(Any, found).bump = 1


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_bad_data_is_refused_alike_alone_and_among_many(kind: type[FixedAccount]) -> None:
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    good = plausible(kind, rng)
    for bad in (
        good[:-1],
        good[:5],
        b"",
        b"\xff" * 8 + good[8:],
        bytes(8) + good[8:],
        good + b"\1",
        kind.DISCRIMINATOR + b"\xee" * (kind.SIZE - 8),  # where a flag is neither 0 nor 1
    ):
        alone = outcome(kind.decode, bad)
        assert outcome(lambda data: kind.decode_many([good, data, good])[1], bad) == alone
        if bad[:8] != kind.DISCRIMINATOR or len(bad) != kind.SIZE:
            assert alone[0] == "error"
        else:
            assert alone == outcome(lambda data: slowly(kind, data), bad)


def test_many_decode_at_the_first_call_of_a_class() -> None:
    """A bound method taken before the first call compiles once, not once per account."""
    path = user_position.__file__
    spec = importlib.util.spec_from_file_location(f"{user_position.__package__}.unused_yet", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[spec.name]
    fresh = module.UserPosition
    datas = [plausible(fresh, random.Random(SEED))] * 600
    early = fresh.decode
    assert fresh.decode_many(datas) == [early(data) for data in datas]
    assert {found.owner for found in fresh.decode_many(datas)} == {early(datas[0]).owner}
