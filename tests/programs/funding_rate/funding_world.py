"""The funding account of a real market, and the rate computed the simple way."""

from __future__ import annotations

from types import SimpleNamespace

from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS
from tests.programs.harness.chain import Receipt
from tests.programs.harness.codec import Call, event_authority, pda
from tests.programs.harness.oracle_world import FeedWorld
from tests.programs.position_mgmt.exchange import CONFIG
from tests.programs.position_mgmt.market import Market

HOUR = 3_600
INDEX_E6 = 50_000 * 10**6
MAX_RATE_E9 = 1_000_000
_PROGRAM = "funding_rate"


class FundingWorld:
    """A call for each instruction of one market's funding; `create` makes the funding account itself."""

    def __init__(self, market: Market) -> None:
        self.market, self.chain = market, market.chain
        self.feed: FeedWorld = market.publishing
        self.admin = market.exchange.admin
        self.address = pda(_PROGRAM, b"funding", market.key)

    def create(self, max_rate_e9: int = MAX_RATE_E9) -> FundingWorld:
        self.chain.send(self.create_funding(max_rate_e9))
        return self

    def create_funding(self, max_rate_e9: int = MAX_RATE_E9) -> Call:
        accounts = {
            "admin": self.admin,
            "config": CONFIG,
            "market": self.market.key,
            "funding": self.address,
        }
        return Call(_PROGRAM, "create_funding", accounts, {"max_rate_e9": max_rate_e9})

    def close_funding(self) -> Call:
        accounts = {
            "config": CONFIG,
            "admin": self.admin,
            "market": self.market.key,
            "funding": self.address,
        }
        return Call(_PROGRAM, "close_funding", accounts)

    def sample_premium(self, fallback: Pubkey | None = None) -> Call:
        accounts = {
            "funding": self.address,
            "market": self.market.key,
            "feed": self.feed.address,
            "fallback": fallback,
        }
        return Call(_PROGRAM, "sample_premium", accounts)

    def update_funding(self, fallback: Pubkey | None = None) -> Call:
        accounts = {
            "funding": self.address,
            "market": self.market.key,
            "feed": self.feed.address,
            "fallback": fallback,
            "position_mgmt": PROGRAM_IDS["position_mgmt"],
            "position_mgmt_event_authority": event_authority("position_mgmt"),
        }
        return Call(_PROGRAM, "update_funding", accounts)

    def set_max_rate(self, max_rate_e9: int) -> Call:
        accounts = {"admin": self.admin, "config": CONFIG, "funding": self.address}
        return Call(_PROGRAM, "set_max_rate", accounts, {"max_rate_e9": max_rate_e9})

    def read(self) -> SimpleNamespace:
        return self.chain.read(self.address)

    def advance_to(self, ts: int) -> None:
        """Let time pass until `ts`, and have the price published again, so that it is valid."""
        self.chain.advance(ts - self.chain.now_ts)
        self.feed.publish(INDEX_E6, confidence_e6=0)

    def go_without_prices(self, seconds: int) -> None:
        """Let time pass without a price of the feed, while the market goes on trading."""
        self.chain.advance(seconds)
        self.chain.rewrite(self.market.key, mark_ts=self.chain.now_ts)

    def mark(self, premium_e9: int) -> None:
        """A mark price `premium_e9` above the index, as if settled now."""
        mark_e6 = INDEX_E6 * (10**9 + premium_e9) // 10**9
        self.chain.rewrite(self.market.key, mark_price_e6=mark_e6, mark_ts=self.chain.now_ts)

    def sample(self, premium_e9: int) -> Receipt:
        """Sample that premium now."""
        self.mark(premium_e9)
        return self.chain.send(self.sample_premium())

    def next_hour(self) -> None:
        """Go to five seconds into the next hour."""
        self.advance_to((self.chain.now_ts // HOUR + 1) * HOUR + 5)


def naive_rate_e9(premium_e9: int, max_rate_e9: int = MAX_RATE_E9) -> int:
    """(premium + clamp(interest − premium, ±5 bps)) / 8, toward zero, within the clamp; interest 1 bp."""
    total = premium_e9 + max(-500_000, min(500_000, 100_000 - premium_e9))
    return max(-max_rate_e9, min(max_rate_e9, toward_zero(total, 8)))


def naive_step(rate_e9: int, index_e6: int = INDEX_E6) -> int:
    """Rate times index price, in 1e-4 atom per base unit."""
    return toward_zero(rate_e9 * index_e6, 100_000)


def toward_zero(value: int, divisor: int) -> int:
    """Integer division toward zero."""
    return abs(value) // divisor * (1 if value >= 0 else -1)
