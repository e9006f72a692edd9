"""What a shard is told about each of its markets before the first command."""

from __future__ import annotations

import msgspec

from gdx_sdk.errors import InputError
from gdx_sdk.units import BPS, I64_MAX, PPM

U16_MAX = 2**16 - 1


class MarketConfig(msgspec.Struct, frozen=True, gc=False):
    """Fixed properties of a market, equal to the PerpMarket account's where both have them."""

    market_index: int
    symbol: str
    address: bytes = bytes(32)  # of the PerpMarket account
    tick_size_e6: int = 1
    lot_size_e8: int = 1
    min_size_e8: int = 1
    maker_fee_ppm: int = 0  # signed: < 0 is a rebate
    taker_fee_ppm: int = 0
    initial_margin_bps: int = 1_000
    maintenance_margin_bps: int = 500
    net_band_bps: int = 0  # the program's price band, used for V2 net fills
    batch_version: int = 1
    batch_max_age_ms: int = 400
    batch_max_trades: int = 0  # cut after so many trades; 0 = when a transaction is full
    batch_min_trades: int = 0  # the chain's min_batch_size: smaller batches carry the flush flag
    has_closed_markets: bool = (
        False  # the chain's configuration when the market was created: see `chain_start`
    )

    def __post_init__(self) -> None:
        """Refuse what no market can have."""
        for field, low, high in (
            ("market_index", 0, U16_MAX),
            ("tick_size_e6", 1, I64_MAX),
            ("lot_size_e8", 1, I64_MAX),
            ("min_size_e8", 1, I64_MAX),
            ("maker_fee_ppm", -PPM, PPM),
            ("taker_fee_ppm", 0, PPM),
            ("initial_margin_bps", 1, BPS),
            ("maintenance_margin_bps", 1, BPS),
            ("net_band_bps", 0, BPS),
            ("batch_version", 1, 2),
            ("batch_max_age_ms", 1, 2**32 - 1),
            ("batch_max_trades", 0, U16_MAX),
            ("batch_min_trades", 0, U16_MAX),
        ):
            value = getattr(self, field)
            if not low <= value <= high:
                raise InputError(f"{self.symbol}: {field}", value, f"must be from {low} to {high}")
        if len(self.address) != 32:
            raise InputError(f"{self.symbol}: address", self.address.hex(), "must be 32 bytes")
        if self.maker_fee_ppm + self.taker_fee_ppm < 0:
            total = self.maker_fee_ppm + self.taker_fee_ppm
            raise InputError(f"{self.symbol}: maker + taker fee", total, "must not be below zero")

    def identity(self) -> dict[str, object]:
        """What a log is bound to: all properties, but those younger than the first logs only where set."""
        fields = msgspec.structs.asdict(self)
        if not self.has_closed_markets:
            del fields["has_closed_markets"]
        return fields
