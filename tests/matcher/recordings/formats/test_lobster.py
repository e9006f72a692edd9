"""LOBSTER messages."""

from __future__ import annotations

import pytest
from gdx_matcher.recordings.actions import Execution, OrderAdded, OrderCanceled, OrderReduced, TradeOffBook
from gdx_matcher.recordings.errors import BadLine
from gdx_matcher.recordings.formats.lobster import LobsterParser

from gdx_sdk.units import Side

E8 = 10**8


@pytest.mark.parametrize(
    ("line", "action"),
    [
        (
            "34200.004241176,1,16113575,18,5853300,1",
            OrderAdded(34_200_004, "16113575", Side.BUY, 585_330_000, 18 * E8),
        ),
        ("34200,1,7,1,5853300,-1", OrderAdded(34_200_000, "7", Side.SELL, 585_330_000, E8)),
        ("34200.5,2,7,5,5853300,1", OrderReduced(34_200_500, "7", 5 * E8)),
        ("34200.5,3,7,5,5853300,1", OrderCanceled(34_200_500, "7")),
        ("34200.5,4,7,5,5853300,1", Execution(34_200_500, "7", Side.SELL, 585_330_000, 5 * E8)),
        ("34200.5,5,0,5,5853350,-1", TradeOffBook(34_200_500, 585_335_000, 5 * E8, "hidden order")),
        ("34200.5,6,-1,5,5853300,1", TradeOffBook(34_200_500, 585_330_000, 5 * E8, "auction")),
        ("34200.5,4,7,5,5853300,-1,null", Execution(34_200_500, "7", Side.BUY, 585_330_000, 5 * E8)),
    ],
)
def test_one_action_per_row(line, action) -> None:
    assert list(LobsterParser().feed(line)) == [action]


def test_a_trading_halt_is_no_action() -> None:
    assert list(LobsterParser().feed("34200.5,7,0,0,-1,-1")) == []


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("34200.5,1,7,5,5853300", "columns"),
        ("noon,1,7,5,5853300,1", "time"),
        ("34200.5,8,7,5,5853300,1", "type"),
        ("34200.5,1,7,0,5853300,1", "shares"),
        ("34200.5,1,7,5.5,5853300,1", "shares"),
        ("34200.5,1,7,5,-5853300,1", "price"),
        ("34200.5,1,7,5,5853300,2", "direction"),
    ],
)
def test_the_broken_field_is_named(line, field) -> None:
    with pytest.raises(BadLine) as caught:
        LobsterParser().feed(line)
    assert caught.value.field == field
