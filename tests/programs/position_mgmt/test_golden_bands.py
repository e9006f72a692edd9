"""The golden bands on the compiled program: each entry in a V2 batch with its exact opposite."""

from __future__ import annotations

from solders.pubkey import Pubkey

from tests.golden import naive_batch, naive_money
from tests.programs.harness.failures import describe
from tests.programs.harness.golden import cases, numbers

from .batch_bytes import ENTRIES, raw
from .golden_market import planted
from .market import Market, Trader
from .test_golden_money import put_back, set_price

KEYS = [bytes([1]) * 32, bytes([2]) * 32]
AT_MS = 1_767_225_600_000
I64_MAX = 2**63 - 1


def entry(size: int, quote: int, turnover: int) -> bytes:
    """One fill without a fee."""
    signed = b"".join(naive_batch.varint(naive_batch.zigzag(amount)) for amount in (size, quote, 0))
    return signed + naive_batch.varint(turnover) + naive_batch.varint(1)


def test_golden_bands(market: Market, alice: Trader) -> None:
    """Within the band or refused; what strays counts for the market, what opens is the cost."""
    chain, own, seen = market.chain, market.key, 0
    positions = [Pubkey.from_bytes(key) for key in KEYS]
    trade = naive_batch.NaiveTrade(1, *KEYS, False, 1, 1, 0, 0, AT_MS)
    head = naive_batch.encode(2, bytes(own), 1, bytes(32), [trade], epoch=1, flags=1)[0].data[:ENTRIES]
    for case in cases("band"):
        c = numbers(case)
        size, quote, low, high = c["size_delta_e8"], c["quote_delta_atoms"], c["low_e6"], c["high_e6"]
        strayed = [naive_money.deviation(*one, low, high) for one in ((size, quote), (-size, -quote))]
        # So much turnover that the opposite is within the band, where any is enough.
        room = min(max(abs(quote), strayed[1] * 10**4 // max(c["band_bps"], 1) + 1), I64_MAX)
        is_opposite_within = naive_money.is_within_band(strayed[1], room, c["band_bps"])
        data = head + entry(size, quote, c["turnover_atoms"]) + entry(-size, -quote, room)
        golden = {"data": data.hex(), "market": bytes(own).hex(), "positions": [key.hex() for key in KEYS]}
        with put_back(chain, own, market.feed, alice.position):
            planted(market, alice, golden | {"taker_fee_ppm": "0", "maker_fee_ppm": "0"})
            set_price(market, low)
            feed = chain.read(market.feed)
            for minute in feed.minutes.ranges:
                minute.low_e6, minute.high_e6 = low, high
            chain.rewrite(market.feed, minutes=feed.minutes)
            chain.rewrite(own, price_band_bps=c["band_bps"], mark_price_e6=0, slippage_used_atoms=0)
            failure, _ = chain.attempt(raw(market, data, positions))
            if not (case["is_within_band"] and is_opposite_within):
                assert failure is not None, case
                assert describe(failure) == "position_mgmt.PriceOutOfBand", case
                continue
            if failure is not None:
                # Within the band; what so large a position requires, or its price, may not fit in its type.
                assert abs(size) >= 2**60, (case, describe(failure))
                assert describe(failure) == "position_mgmt.MathOverflow", case
                continue
            seen += 1
            found = chain.read(positions[0])
            assert (found.size, found.cost_atoms) == (size, c["net_fill_quote_atoms"]), case
            assert 2**60 - found.collateral == quote - c["net_fill_quote_atoms"], case
            assert found.slippage_used_atoms == naive_money.slippage_loss(size, quote, low, low), case
            assert market.read().slippage_used_atoms == c["deviation_atoms"] + strayed[1], case
    assert seen >= 20, seen
