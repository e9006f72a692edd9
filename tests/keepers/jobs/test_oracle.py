"""The price publisher."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from gdx_keepers.core.clock import Now
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.core.sender import Sent
from gdx_keepers.errors import Fatal
from gdx_keepers.feeds import CallableSource, Quote
from gdx_keepers.jobs.oracle import FeedView, Oracle, Published, PublishPrice
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from gdx_sdk.errors import ProgramError
from tests.keepers.keeper_fakes import PROGRAM, RELAYER, RecordingSender, silent_log

NOW = Now(1_000, 5_000, 5_000_000)


class OracleFake:
    """One feed that remembers what was published."""

    def __init__(self, published: Published | None) -> None:
        self.published = published

    async def read_published(self, symbols: Sequence[str], publisher: Pubkey) -> list[Published | None]:
        return [self.published for _ in symbols]

    def publish_price(self, symbol: str, publisher: Pubkey, quote: Quote) -> Instruction:
        self.published = Published(quote.price_e6, quote.ts, NOW.slot)
        return Instruction(PROGRAM, b"", [AccountMeta(publisher, True, False)])


def make(chain: OracleFake, quote: Quote | None, sender: RecordingSender | None = None) -> Oracle:
    return Oracle(
        "oracle",
        Metrics(),
        silent_log(),
        symbols=["SOL-PERP"],
        source=CallableSource(lambda symbol, now: quote),
        chain=chain,
        sender=sender or RecordingSender(),
        min_change_bps=10,
        max_age_slots=20,
    )


@pytest.mark.parametrize(
    ("last", "quote", "is_published"),
    [
        (Published(), Quote(100_000_000, 50_000, 5_000), True),
        (Published(100_000_000, 4_990, 995), Quote(100_099_999, 1, 5_000), False),
        (Published(100_000_000, 4_990, 995), Quote(100_100_000, 1, 5_000), True),
        (Published(100_000_000, 4_990, 995), Quote(99_900_000, 1, 5_000), True),
        (Published(100_000_000, 4_990, 980), Quote(100_000_000, 1, 5_000), True),
        (Published(100_000_000, 4_990, 981), Quote(100_000_000, 1, 5_000), False),
        (Published(100_000_000, 5_000, 900), Quote(200_000_000, 1, 5_000), False),
        (Published(100_000_000, 4_990, 900), Quote(0, 1, 5_000), False),
        (Published(100_000_000, 4_990, 900), Quote(200_000_000, 1, 5_001), False),
    ],
    ids=["first", "small move", "up", "down", "old", "not old", "same time", "zero", "from the future"],
)
def test_a_price_is_published_when_it_is_news(last: Published, quote: Quote, is_published: bool) -> None:
    job = make(OracleFake(last), quote)
    planned = job.plan((FeedView("SOL-PERP", last, quote),), NOW)
    assert planned == ([PublishPrice("SOL-PERP", quote)] if is_published else [])


def test_without_a_quote_nothing_is_due() -> None:
    job = make(OracleFake(Published()), None)
    assert not job.is_due((FeedView("SOL-PERP", Published(), None),), NOW)


async def test_a_key_the_feed_does_not_list_stops_the_job_and_shows_in_readiness() -> None:
    job = make(OracleFake(None), Quote(1, 1, 5_000))
    with pytest.raises(Fatal, match=f"{RELAYER} is not a publisher"):
        await job.run(NOW)
    with pytest.raises(Fatal, match="SOL-PERP: not a publisher"):
        await job.readiness()["feeds"]()


async def test_a_quote_is_published_once() -> None:
    job = make(OracleFake(Published()), Quote(100_000_000, 1, 5_000))
    assert (await job.run(NOW)).actions == ("PublishPrice",)
    assert (await job.run(NOW)).is_idle


class SaidBefore(RecordingSender):
    """Another process with the same key has published in between."""

    async def send(self, instructions: Sequence[Instruction], tables: Any = ()) -> Sent | None:
        raise ProgramError("oracle", 6203, "PublishTimeNotLater", "not later than the last one")


async def test_a_second_process_with_the_same_key_stops_neither() -> None:
    job = make(OracleFake(Published()), Quote(100_000_000, 1, 5_000), SaidBefore())
    assert (await job.run(NOW)).is_idle
