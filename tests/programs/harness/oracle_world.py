"""A price feed with its publishers, authority and fallback."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

from solders.pubkey import Pubkey

from .chain import Chain, program_data
from .codec import Call, pda

PRICE_E6 = 60_000 * 10**6
CONFIDENCE_E6 = 10**6
LIMITS = {"max_confidence_bps": 100, "max_deviation_bps": 1_000, "stale_seconds": 10, "too_old_seconds": 60}
PYTH_RECEIVER = Pubkey.from_string("rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ")
PYTH_DISCRIMINATOR = bytes.fromhex("22f123639d7ef4cd")
_PROGRAM = "oracle"


def feed_of(symbol_hash: bytes) -> Pubkey:
    return pda(_PROGRAM, b"feed", symbol_hash)


class FeedWorld:
    """One feed, its people, and a call for each instruction; `create` makes the feed itself."""

    def __init__(self, chain: Chain, symbol: str = "BTC-PERP", publisher_count: int = 3) -> None:
        self.chain = chain
        self.symbol_hash = sha256(symbol.encode()).digest()
        self.address = feed_of(self.symbol_hash)
        self.authority = chain.person()
        self.publishers = [chain.person() for _ in range(publisher_count)]

    def create(self, **changes: Any) -> FeedWorld:
        self.chain.send(self.create_feed(**changes))
        return self

    def create_feed(self, **changes: Any) -> Call:
        args = {
            "symbol_hash": self.symbol_hash,
            "authority": self.authority,
            "publishers": self.publishers,
            "min_publishers": 3,
            "limits": LIMITS,
            "delay_seconds": 0,
        }
        assert set(changes) <= set(args)
        args |= changes
        accounts = {
            "upgrade_authority": self.chain.upgrade_authority,
            "feed": feed_of(args["symbol_hash"]),
            "program_data": program_data(_PROGRAM),
        }
        return Call(_PROGRAM, "create_feed", accounts, {"args": args})

    def publish_price(
        self,
        publisher: Pubkey,
        price_e6: int = PRICE_E6,
        confidence_e6: int = CONFIDENCE_E6,
        publish_ts: int | None = None,
    ) -> Call:
        args = {
            "price_e6": price_e6,
            "confidence_e6": confidence_e6,
            "publish_ts": self.chain.now_ts if publish_ts is None else publish_ts,
        }
        return Call(_PROGRAM, "publish_price", {"feed": self.address, "publisher": publisher}, args)

    def publish(self, *prices_e6: int, confidence_e6: int = CONFIDENCE_E6) -> SimpleNamespace:
        """One price per publisher, the first for the rest, at the chain's time; returns the feed after."""
        for index, publisher in enumerate(self.publishers):
            price = prices_e6[index] if index < len(prices_e6) else (prices_e6 or (PRICE_E6,))[0]
            self.chain.send(self.publish_price(publisher, price, confidence_e6))
        return self.read()

    def set_publishers(self, publishers: Sequence[Pubkey], min_publishers: int = 3) -> Call:
        return self._authority("set_publishers", publishers=publishers, min_publishers=min_publishers)

    def set_limits(self, **changes: int) -> Call:
        assert set(changes) <= set(LIMITS)
        return self._authority("set_limits", limits=LIMITS | changes)

    def set_fallback(self, account: Pubkey, feed_id: bytes) -> Call:
        return self._authority("set_fallback", fallback={"account": account, "feed_id": feed_id})

    def raise_delay(self, delay_seconds: int) -> Call:
        return self._authority("raise_delay", delay_seconds=delay_seconds)

    def propose_feed_authority(self, new_authority: Pubkey) -> Call:
        return self._authority("propose_feed_authority", new_authority=new_authority)

    def accept_feed_authority(self, new_authority: Pubkey) -> Call:
        accounts = {"feed": self.address, "new_authority": new_authority}
        return Call(_PROGRAM, "accept_feed_authority", accounts)

    def read(self) -> SimpleNamespace:
        return self.chain.read(self.address)

    def publisher_keys(self) -> list[Pubkey]:
        """The publishers in force."""
        feed = self.read()
        return [publisher.key for publisher in feed.publishers[: feed.publisher_count]]

    def _authority(self, name: str, **args: Any) -> Call:
        return Call(_PROGRAM, name, {"feed": self.address, "authority": self.authority}, args)


def put_pyth(
    chain: Chain,
    feed_id: bytes,
    *,
    price: int = 6_000_000_000_000,
    confidence: int = 150,
    exponent: int = -8,
    publish_ts: int | None = None,
    ema: int | None = None,
    level: int = 1,
    owner: Pubkey = PYTH_RECEIVER,
    key: Pubkey | None = None,
) -> Pubkey:
    """A Pyth `PriceUpdateV2` account; level 1 is fully verified."""
    ts = chain.now_ts if publish_ts is None else publish_ts
    message = feed_id + struct.pack("<qQiqq", price, confidence, exponent, ts, ts - 1)
    message += struct.pack("<qQ", price if ema is None else ema, confidence)
    data = PYTH_DISCRIMINATOR + bytes(32) + bytes([level]) + message + struct.pack("<Q", chain.slot)
    return chain.put(key or chain.new_key(), data, owner)
