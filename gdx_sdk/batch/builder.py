"""Filling a batch trade by trade until the transaction that will settle it is full.

Bytes bind long before compute or locks, so every addition is measured exactly: the entry itself and, for
each position that is new to the batch, its index in the lookup table and in the instruction's account list.
"""

from __future__ import annotations

from dataclasses import dataclass

from solders.pubkey import Pubkey

from gdx_sdk.batch.header import ENTRIES_OFFSET, MAX_TRADES, V1, VERSIONS
from gdx_sdk.batch.sealed import SealedBatch, seal_batch
from gdx_sdk.batch.trade import Trade
from gdx_sdk.batch.v1 import MAX_POSITIONS, fill_length
from gdx_sdk.batch.v2 import Sums, add_trade, sums_length
from gdx_sdk.errors import InputError

PACKET_BYTES = 1_232
MAX_LOCKS = 64
MAX_COMPUTE_UNITS = 1_400_000
BYTES_PER_POSITION = 2  # one in the lookup table's index list, one in the instruction's account list
BYTES_PER_TABLE = 34  # address and the two lengths of its index lists

# Upper estimates from measurements; the real need is found by a trial run.
FIXED_COMPUTE_UNITS = 20_000
COMPUTE_UNITS_PER_TRADE = 6_000  # V1
COMPUTE_UNITS_PER_POSITION = 4_000  # V2

# What a settling v0 transaction holds besides entries and positions: signature count and one signature
# (65), version and header (4), key count and static keys relayer, program, compute budget, batch (129),
# blockhash (32), instruction count (1), the compute limit (8), settle_batch's program, account count, eight
# fixed accounts and data length (1 + 1 + 8 + 2), discriminator and vector length (8 + 4), table count (1) and
# the indices of config, market, feed, system program and event authority in the table (5).
FIXED_TRANSACTION_BYTES = 269
PRIORITY_FEE_BYTES = 12
SIGNER_BYTES = 64 + 32
FIXED_LOCKS = 9


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """What one settling transaction can hold besides its fixed part."""

    entry_bytes: int  # for entries and position indices together
    positions: int
    compute_units: int = MAX_COMPUTE_UNITS
    trades: int = MAX_TRADES

    @classmethod
    def of_transaction(
        cls,
        *,
        lookup_tables: int = 1,
        extra_signers: int = 0,
        has_priority_fee: bool = True,
        compute_units: int = MAX_COMPUTE_UNITS,
    ) -> BatchLimits:
        """Limits of one v0 transaction whose positions are all found in `lookup_tables` tables.

        `extra_signers` counts signers besides the relayer: a fee payer of its own is one (signature and key).
        """
        spent = FIXED_TRANSACTION_BYTES + ENTRIES_OFFSET + BYTES_PER_TABLE * lookup_tables
        spent += SIGNER_BYTES * extra_signers + PRIORITY_FEE_BYTES * has_priority_fee
        return cls(PACKET_BYTES - spent, MAX_LOCKS - FIXED_LOCKS - extra_signers, compute_units)


@dataclass(frozen=True, slots=True)
class BatchUsage:
    """How much of its limits a batch uses."""

    trades: int
    positions: int
    entry_bytes: int
    compute_units: int
    limits: BatchLimits

    @property
    def bytes_percent(self) -> int:
        """Share of the bytes used, rounded down."""
        return 100 * self.entry_bytes // self.limits.entry_bytes

    @property
    def positions_percent(self) -> int:
        """Share of the accounts that may be locked, rounded down."""
        return 100 * self.positions // self.limits.positions

    @property
    def compute_percent(self) -> int:
        """Share of the compute budget by the estimate, rounded down."""
        return 100 * self.compute_units // self.limits.compute_units

    @property
    def fullest(self) -> str:
        """What the batch uses most of, which is what will end it: bytes, positions, compute or trades."""
        shares = {
            "bytes": self.bytes_percent,
            "positions": self.positions_percent,
            "compute": self.compute_percent,
            "trades": 100 * self.trades // self.limits.trades,
        }
        return max(shares, key=lambda name: shares[name])


class BatchBuilder:
    """Collects trades of one market for one batch; knows before each trade whether it still fits."""

    def __init__(self, market: Pubkey, version: int, limits: BatchLimits | None = None) -> None:
        if version not in VERSIONS:
            raise InputError("version", version, "must be 1 or 2")
        self.market, self.version = market, version
        self.limits = limits if limits is not None else BatchLimits.of_transaction()
        self.trades: list[Trade] = []
        self._positions: set[Pubkey] = set()
        self._nets: dict[Pubkey, Sums] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self.trades)

    @property
    def usage(self) -> BatchUsage:
        """What the trades so far take."""
        positions = len(self._positions)
        return BatchUsage(len(self.trades), positions, self._bytes, self._compute(positions, 0), self.limits)

    def try_add(self, trade: Trade) -> bool:
        """Add `trade` if the batch still fits one transaction; False leaves the batch as it was.

        Raises `InputError` when a batch of this trade alone would not fit, since waiting cannot help then.
        """
        fresh = {trade.taker, trade.maker} - self._positions
        positions = len(self._positions) + len(fresh)
        nets = self._nets_with(trade) if self.version != V1 else {}
        size = self._bytes + len(fresh) * BYTES_PER_POSITION + self._entry_bytes(trade, nets)
        if not self._fits(positions, size):
            if not self.trades:
                raise InputError("trade", trade.trade_id, f"does not fit a batch of its own ({self.limits})")
            return False
        self.trades.append(trade)
        self._positions |= fresh
        self._nets.update(nets)
        self._bytes = size
        return True

    def seal(self, sequence: int, previous_id: bytes, *, flush: bool = False) -> SealedBatch:
        """Seal the collected trades and start over empty."""
        batch = seal_batch(self.version, self.market, sequence, previous_id, self.trades, flush=flush)
        self.trades, self._bytes = [], 0
        self._positions.clear()
        self._nets.clear()
        return batch

    def _nets_with(self, trade: Trade) -> dict[Pubkey, Sums]:
        keys = (trade.taker, trade.maker)
        nets = {key: self._nets[key] for key in keys if key in self._nets}
        add_trade(nets, trade)
        return nets

    def _entry_bytes(self, trade: Trade, nets: dict[Pubkey, Sums]) -> int:
        if self.version == V1:
            return fill_length(trade, self.trades[-1] if self.trades else None)
        before = sum(sums_length(self._nets[key]) for key in nets if key in self._nets)
        return sum(map(sums_length, nets.values())) - before

    def _compute(self, positions: int, more_trades: int) -> int:
        if self.version == V1:
            return FIXED_COMPUTE_UNITS + (len(self.trades) + more_trades) * COMPUTE_UNITS_PER_TRADE
        return FIXED_COMPUTE_UNITS + positions * COMPUTE_UNITS_PER_POSITION

    def _fits(self, positions: int, size: int) -> bool:
        limits = self.limits
        most_positions = min(limits.positions, MAX_POSITIONS) if self.version == V1 else limits.positions
        return (
            size <= limits.entry_bytes
            and positions <= most_positions
            and len(self.trades) < limits.trades
            and self._compute(positions, 1) <= limits.compute_units
        )
