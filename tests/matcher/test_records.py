"""Commands survive the trip through records, and what does not fit is refused before it is written."""

from __future__ import annotations

import pytest
from gdx_matcher import commands as c
from gdx_matcher import records

from gdx_sdk.errors import CodecError, InputError
from gdx_sdk.units import Side
from tests.matcher.matcher_flows import Flow, funding

MAX = 2**64 - 1
EVERY_KIND: list[c.Command] = [
    c.PlaceOrder(MAX, 2**32 - 2, 2**16 - 1, Side.SELL, MAX, MAX, client_order_id=MAX),
    c.CancelOrder(MAX),
    c.ReduceOrder(1, MAX, 7),
    c.CancelAll(5),
    c.Tick(),
    c.Pause(),
    c.Resume(),
    c.SetMarketStatus(1, c.MarketStatus.HALTED),
    c.SetMarketLimits(1, MAX, MAX, 10_000, 10_000, MAX),
    c.UpdatePrices(1, MAX, MAX),
    c.RegisterAccount(1, 2, bytes(range(32)), 100),
    c.ChangeCollateral(1, 2, -(2**63), MAX),
    c.RequestRelease(1, 2, MAX),
    c.SetIndices(1, -(2**63), MAX, MAX),
    c.LiquidatePosition(1, 2, 3, -(2**63), MAX, MAX, MAX, MAX),
    c.SetPosition(1, 2, -(2**63), 2**63 - 1, MAX, -1, MAX, -5, -6),
    c.BustTrade(1, MAX, 6_400),
    c.SetBatchVersion(1, 2, MAX),
    c.CutBatch(1, True),
    c.ConfirmBatch(1, MAX, 2, MAX, MAX, MAX),
    c.SetLeverage(1, 2, 100),
]


def decoded(data: bytes) -> c.Command:
    parts = [
        data[start : start + records.RECORD_BYTES] for start in range(0, len(data), records.RECORD_BYTES)
    ]
    kind, extensions, _, _ = records.head_of(parts[0])
    assert extensions == len(parts) - 1
    return records.decode(kind, b"".join(part[records.BODY_OFFSET :] for part in parts))


def test_every_kind_of_command_is_covered() -> None:
    assert {type(command) for command in EVERY_KIND} == set(c.Command.__args__)


@pytest.mark.parametrize("command", EVERY_KIND, ids=lambda command: type(command).__name__)
def test_a_command_comes_back_as_it_went(command: c.Command) -> None:
    data = records.encode(command, 1_700_000_000_000, 5, 2)
    assert len(data) % records.RECORD_BYTES == 0
    for n in range(len(data) // records.RECORD_BYTES):
        assert records.is_intact(data[n * 64 : n * 64 + 64], 5 + n)
    assert decoded(data) == command


@pytest.mark.parametrize("seed", range(4))
def test_random_orders_come_back(seed: int) -> None:
    for command, now_ms in [*Flow(seed, reduce_only=True).take(500), *funding()]:
        try:
            data = records.encode(command, now_ms, 0, 0)
        except InputError:
            assert isinstance(command, c.PlaceOrder)
            assert command.expiry_ms > MAX or command.price_e6 > MAX
            continue
        assert decoded(data) == command, f"seed {seed}"


def test_a_plain_order_is_one_record_and_a_rare_one_two() -> None:
    plain = c.PlaceOrder(1, 1, 1, Side.BUY, 1, 1, post_only=True, client_order_id=9)
    rare = c.PlaceOrder(1, 1, 1, Side.BUY, 1, 1, min_quantity_e8=1)
    assert len(records.encode(plain, 0, 0, 0)) == records.RECORD_BYTES
    assert len(records.encode(rare, 0, 0, 0)) == 2 * records.RECORD_BYTES


@pytest.mark.parametrize(
    "command",
    [
        c.CancelOrder(-1),
        c.CancelOrder(2**64),
        c.PlaceOrder(1, 2**32, 1, Side.BUY, 1, 1),
        c.PlaceOrder(1, 1, 1, 0, 1, 1),  # type: ignore[arg-type]
        c.PlaceOrder(1, 1, 1, Side.BUY, 1, 1, self_trade=4),  # type: ignore[arg-type]
        c.RegisterAccount(1, 1, b"short"),
        c.RegisterAccount(1, 1, bytes(33)),
        c.SetMarketStatus(1, 9),  # type: ignore[arg-type]
        c.SetMarketLimits(1, price_band_bps=2**32),
    ],
    ids=str,
)
def test_a_value_that_does_not_fit_is_refused(command: c.Command) -> None:
    with pytest.raises(InputError, match="command"):
        records.encode(command, 0, 0, 0)


def test_a_plain_number_becomes_the_member_that_replay_will_see() -> None:
    command = records.normalized(c.SetMarketStatus(1, 2))  # type: ignore[arg-type]
    assert isinstance(command, c.SetMarketStatus)
    assert command.status is c.MarketStatus.HALTED


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(CodecError, match="99"):
        records.decode(99, bytes(40))
