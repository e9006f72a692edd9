"""What a demo run may be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gdx_sdk.errors import InputError

MIN_TOTAL_TRADES = 500
DEFAULT_SOURCE_TRADES = 3_000
"""Enough to see both batch versions at work, few enough for a minute on two cores."""

VALIDATOR_SOURCE_TRADES = 600
"""The same for a validator, which confirms a few transactions a second."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """Options of `gdx demo`.

    `trades` caps the trades taken from the source (a recording, or the synthetic market). When it is None,
    the cap is `DEFAULT_SOURCE_TRADES` (`VALIDATOR_SOURCE_TRADES`) and a short source is filled up to
    `MIN_TOTAL_TRADES` in all.
    """

    recording: Path | None = None
    symbol: str | None = None
    trades: int | None = None
    seed: int = 7
    engine: str = "embedded"
    validator: Path | None = None
    keep: bool = False

    def __post_init__(self) -> None:
        if self.trades is not None and self.trades < 1:
            raise InputError("trades", self.trades, "must be at least 1")
        if self.validator is not None and not self.is_validator:
            raise InputError("validator", self.validator, "goes with engine validator only")

    @property
    def is_validator(self) -> bool:
        """Whether a real validator runs the chain."""
        return self.engine == "validator"

    @property
    def source_trades(self) -> int:
        """The most trades taken from the source."""
        if self.trades is not None:
            return self.trades
        return VALIDATOR_SOURCE_TRADES if self.is_validator else DEFAULT_SOURCE_TRADES

    @property
    def total_trades(self) -> int:
        """How many trades there are to be at least, the epilogue's included."""
        return MIN_TOTAL_TRADES if self.trades is None else min(self.trades, MIN_TOTAL_TRADES)
