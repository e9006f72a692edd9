"""settle_batch: the golden batches, as bytes that were written by none of our code."""

from __future__ import annotations

from typing import Any

import pytest
from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.failures import describe

from .golden_market import cases, planted
from .market import Market, Trader, batch_address

SETTLED = [*cases("batch_v1"), *cases("batch_v2"), *cases("batch_ids")]
REFUSED = cases("batch_refused")


@pytest.mark.parametrize("case", SETTLED, ids=lambda case: f"v{case['version']}-{case['sequence']}")
def test_settles_under_the_golden_id(
    market: Market, alice: Trader, chain: Chain, case: dict[str, Any]
) -> None:
    chain.send(planted(market, alice, case))
    batch_id = bytes.fromhex(case["batch_id"])
    record = chain.read(batch_address(batch_id))
    assert (record.batch_id, record.sequence) == (batch_id, int(case["sequence"]))
    assert record.trade_count == len(case["trades"])
    sizes = [chain.read(Pubkey.from_bytes(bytes.fromhex(key))).size for key in case["positions"]]
    assert sum(sizes) == 0


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["why"])
def test_refuses_what_every_decoder_refuses(
    market: Market, alice: Trader, chain: Chain, case: dict[str, Any]
) -> None:
    failure, _ = chain.attempt(planted(market, alice, case))
    assert failure is not None
    assert describe(failure).removeprefix("position_mgmt.") in {
        "InvalidBatchVersion",
        "BatchMalformed",
        "BadPositionAccounts",
        "BatchNotBalanced",
        # An entry that makes the sums wrong is wrong by itself first.
        "PriceOutOfBand",
        "TurnoverTooSmall",
    }
