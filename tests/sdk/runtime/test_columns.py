"""Many accounts as numpy columns, from bytes and from base64, with and without the fast decoder."""

from __future__ import annotations

import base64
import random
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from gdx_sdk.accounts import POSITION_FIELDS, PriceFeed, UserPosition, position_columns, position_state
from gdx_sdk.errors import CodecError, InputError
from gdx_sdk.runtime import columns, encoding
from tests.sdk.runtime.test_fast_decode import SEED, plausible


@pytest.fixture(params=["pybase64", "standard library"], autouse=True)
def decoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test runs with the decoder of the extra `fast` and without it."""
    encoding._decoder.cache_clear()
    if request.param == "standard library":
        monkeypatch.setitem(sys.modules, "pybase64", None)
    yield
    encoding._decoder.cache_clear()


@pytest.fixture
def datas() -> list[bytes]:
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    return [plausible(UserPosition, rng) for _ in range(20)]


def rows_of(table: Any, names: tuple[str, ...]) -> list[list[int]]:
    return [[int(table[name][row]) for name in names] for row in range(len(table))]


def expected(datas: list[bytes], names: tuple[str, ...]) -> list[list[int]]:
    return [[getattr(account, name) for name in names] for account in UserPosition.decode_many(datas)]


def base64_of(datas: list[bytes]) -> list[str]:
    return [base64.b64encode(data).decode() for data in datas]


NUMBERS = tuple(
    name for name in UserPosition.LAYOUT.names if name not in {"owner", "parent_wallet", "market", "reserved"}
)


def test_one_piece_and_pieces_are_the_same(datas: list[bytes]) -> None:
    for given in (
        datas,
        iter(datas),
        b"".join(datas),
        bytearray(b"".join(datas)),
        [d + bytes(9) for d in datas],
    ):
        assert rows_of(UserPosition.columns(given), NUMBERS) == expected(datas, NUMBERS)
    assert len(UserPosition.columns(b"")) == 0


def test_whole_accounts_from_base64(datas: list[bytes]) -> None:
    """256 bytes: two characters of padding in each text, in one call all the same."""
    table = columns.table_from_base64(columns.whole(UserPosition), base64_of(datas))
    assert rows_of(table, NUMBERS) == expected(datas, NUMBERS)
    assert [row["owner"].tobytes() for row in table] == [d[8:40] for d in datas]


@pytest.mark.parametrize(
    "fields", [POSITION_FIELDS, ("bump",), ("size", "reserved"), ("owner",), ("leverage", "size")]
)
def test_windows_hold_their_fields(datas: list[bytes], fields: tuple[str, ...]) -> None:
    part = UserPosition.window(*fields)
    assert part.length % 3 == 0
    assert part.offset >= 0
    assert part.offset + part.length <= UserPosition.SIZE
    table = columns.table_from_base64(
        part, base64_of([d[part.offset : part.offset + part.length] for d in datas])
    )
    numbers = tuple(name for name in fields if name in NUMBERS)
    assert rows_of(table, numbers) == expected(datas, numbers)


def test_a_window_of_everything_is_padded() -> None:
    part = UserPosition.window(*UserPosition.LAYOUT.names)
    assert (part.offset, part.length) == (7, 249)
    every = columns.window(PriceFeed, PriceFeed.LAYOUT.names)
    assert every.offset + every.length <= PriceFeed.SIZE


def test_unknown_fields_and_none_are_refused() -> None:
    for fields in ((), ("size", "nothing")):
        with pytest.raises(InputError, match="must be among owner, parent_wallet"):
            UserPosition.window(*fields)


def test_positions_as_the_maths_sees_them(datas: list[bytes]) -> None:
    found = position_columns(UserPosition.columns(datas))
    assert [found.row(i) for i in range(len(found))] == [
        position_state(p) for p in UserPosition.decode_many(datas)
    ]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text[:-1], "343 characters"),
        (lambda text: "", "0 characters"),
        (lambda text: "=" + text[1:], "must be 256 bytes in base64"),
        (lambda text: text[:-2] + "AA", "no padding at an end"),
        (lambda text: "!" + text[1:], "must be 256 bytes in base64"),
        (lambda text: "é" + text[1:], "must be 256 bytes in base64"),
        (lambda text: "AAAA" + text[4:], r"UserPosition\[3\].discriminator = '000000"),
    ],
)
def test_bad_texts_are_refused(datas: list[bytes], spoil: Any, said: str) -> None:
    texts = base64_of(datas)
    texts[3] = spoil(texts[3])
    with pytest.raises(CodecError, match=said):
        columns.table_from_base64(columns.whole(UserPosition), texts)


def test_bad_accounts_are_refused(datas: list[bytes]) -> None:
    other = PriceFeed.DISCRIMINATOR + datas[3][8:]
    for given in ([*datas[:3], other], b"".join([*datas[:3], other])):
        with pytest.raises(CodecError, match=PriceFeed.DISCRIMINATOR.hex()):
            UserPosition.columns(given)
    for given in ([*datas, datas[0][:-1]], b"".join(datas)[:-1], [*datas, datas[0] + b"\1"]):
        with pytest.raises(CodecError, match="256 bytes"):
            UserPosition.columns(given)


def test_base64_is_strict() -> None:
    assert encoding.decode_base64(b"AAEC") == bytes(range(3))
    for text in (b"AAE", b"AA==AAEC", b"A", b"AA EC", b"AAEC\n", b"====", b"*AAA"):
        with pytest.raises(ValueError, match=r"."):
            encoding.decode_base64(text)
