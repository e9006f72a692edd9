"""A batch is cut exactly when its transaction is full."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.batch import ZERO_ID, BatchBuilder, BatchLimits, Trade
from gdx_sdk.errors import InputError

MakeTrades = Callable[..., list[Trade]]


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("players", [2, 12, 300])
def test_the_measured_size_is_the_size_of_the_bytes(
    make_trades: MakeTrades, market: Pubkey, version: int, players: int
) -> None:
    builder = BatchBuilder(market, version)
    added = 0
    for trade in make_trades(500, players=players, seed=players):
        if not builder.try_add(trade):
            break
        added += 1
    usage = builder.usage
    assert usage.trades == len(builder) == added
    batch = builder.seal(1, ZERO_ID)
    assert usage.entry_bytes == len(batch.encode(1)) - 92 + 2 * len(batch.positions)
    assert usage.entry_bytes <= builder.limits.entry_bytes
    assert usage.positions == len(batch.positions) <= builder.limits.positions
    assert len(builder) == 0
    assert builder.usage.entry_bytes == 0


def test_one_more_trade_would_not_have_fit(make_trades: MakeTrades, market: Pubkey) -> None:
    trades = make_trades(200, players=60)
    for version in (1, 2):
        builder = BatchBuilder(market, version)
        refused = next(trade for trade in trades if not builder.try_add(trade))
        before = builder.usage
        assert not builder.try_add(refused)
        assert builder.usage == before
        roomy = BatchBuilder(market, version, replace(builder.limits, entry_bytes=10**6, positions=10**6))
        for trade in builder.trades:
            assert roomy.try_add(trade)
        assert roomy.try_add(refused)
        over = roomy.usage
        assert over.entry_bytes > builder.limits.entry_bytes or over.positions > builder.limits.positions


def test_trades_positions_and_compute_bind_too(make_trades: MakeTrades, market: Pubkey) -> None:
    wide = BatchLimits(entry_bytes=10**6, positions=10**6)
    for version in (1, 2):
        for limits, expected in (
            (replace(wide, trades=3), 3),
            (replace(wide, compute_units=20_000 + 4 * 6_000), 4 if version == 1 else None),
        ):
            builder = BatchBuilder(market, version, limits)
            count = sum(builder.try_add(trade) for trade in make_trades(10))
            assert expected is None or count == expected
    assert BatchBuilder(market, 1, replace(wide, positions=2)).try_add(make_trades(1)[0])


def test_a_trade_that_never_fits_is_refused(make_trades: MakeTrades, market: Pubkey) -> None:
    with pytest.raises(InputError, match="does not fit a batch of its own"):
        BatchBuilder(market, 2, BatchLimits(entry_bytes=10, positions=64)).try_add(make_trades(1)[0])
    with pytest.raises(InputError, match="1 or 2"):
        BatchBuilder(market, 3)


def test_each_table_and_signer_costs_its_bytes() -> None:
    one = BatchLimits.of_transaction()
    assert one.entry_bytes - BatchLimits.of_transaction(lookup_tables=2).entry_bytes == 34
    assert one.entry_bytes - BatchLimits.of_transaction(extra_signers=1).entry_bytes == 96
