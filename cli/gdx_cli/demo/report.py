"""What a demo run measured and proved, for people and for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class ComputeUnits:
    """Compute units of one instruction over the run."""

    count: int = 0
    total: int = 0
    highest: int = 0

    def add(self, units: int) -> None:
        """One more transaction of this kind."""
        self.count += 1
        self.total += units
        self.highest = max(self.highest, units)

    def as_json(self) -> dict[str, int]:
        """Count, mean (rounded down) and maximum."""
        return {
            "count": self.count,
            "mean": self.total // self.count if self.count else 0,
            "max": self.highest,
        }


@dataclass(frozen=True, slots=True)
class KeptChain:
    """A chain that outlives the demo, and what it and the demo wrote."""

    endpoint: str
    pid: int
    directory: str


@dataclass(slots=True)
class DemoReport:
    """One object of `gdx demo --json`; every figure is counted or measured in the run."""

    recording: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    engine: str = ""
    orders: int = 0
    trades_recorded: int = 0
    trades_synthetic: int = 0
    venue_known: int = 0
    venue_reproduced: int = 0
    venue_unknown: int = 0
    venue_off_book: dict[str, int] = field(default_factory=dict)
    mismatch_count: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    mismatches: list[dict[str, Any]] = field(default_factory=list)
    batches_v1: int = 0
    batches_v2: int = 0
    most_trades_v1: int = 0
    most_positions_v2: int = 0
    busts: int = 0
    positions: int = 0
    liquidations: int = 0
    funding_periods: int = 0
    funding_paid_atoms: int = 0
    deposits_wallet: int = 0
    deposits_ephemeral: int = 0
    withdrawals: int = 0
    compute_units: dict[str, ComputeUnits] = field(default_factory=dict)
    rent_lamports: int = 0
    matcher_seconds: float = 0.0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    proofs: dict[str, bool] = field(default_factory=dict)
    kept: KeptChain | None = None

    @property
    def trades(self) -> int:
        """All trades settled."""
        return self.trades_recorded + self.trades_synthetic

    @property
    def is_proven(self) -> bool:
        """Whether there are proofs and every one holds."""
        return bool(self.proofs) and all(self.proofs.values())

    def count_units(self, instruction: str, units: int) -> None:
        """Add one transaction's compute units under its instruction's name."""
        self.compute_units.setdefault(instruction, ComputeUnits()).add(units)

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {
            "recording": self.recording,
            "seed": self.seed,
            "engine": self.engine,
            "orders": self.orders,
            "trades": self.trades,
            "trades_recorded": self.trades_recorded,
            "trades_synthetic": self.trades_synthetic,
            "venue_trades": {
                "known": self.venue_known,
                "reproduced": self.venue_reproduced,
                "unknown": self.venue_unknown,
                "off_book": self.venue_off_book,
            },
            "mismatch_count": self.mismatch_count,
            "mismatches": self.mismatches,
            "batches": {"v1": self.batches_v1, "v2": self.batches_v2},
            "most_trades_v1": self.most_trades_v1,
            "most_positions_v2": self.most_positions_v2,
            "busts": self.busts,
            "refusals": dict(self.refusals),
            "positions": self.positions,
            "liquidations": self.liquidations,
            "funding_periods": self.funding_periods,
            "funding_paid_atoms": self.funding_paid_atoms,
            "deposits": {"wallet": self.deposits_wallet, "ephemeral": self.deposits_ephemeral},
            "withdrawals": self.withdrawals,
            "compute_units": {name: units.as_json() for name, units in sorted(self.compute_units.items())},
            "rent_lamports": self.rent_lamports,
            "orders_per_second": self._rate(self.orders),
            "trades_per_second": self._rate(self.trades),
            "seconds": round(self.seconds, 2),
            "notes": self.notes,
            "proofs": self.proofs,
            "endpoint": self.kept.endpoint if self.kept else None,
            "kept": asdict(self.kept) if self.kept else None,
        }

    def rows(self) -> list[tuple[str, str]]:
        """The closing table."""
        source = self.recording
        known = (
            f"{self.venue_reproduced:,} of {self.venue_known:,} reproduced" if self.venue_known else "none"
        )
        rows = [
            ("source", f"{source.get('file') or source['format']} ({source['symbol']})"),
            ("orders", f"{self.orders:,} ({self._rate(self.orders):,}/s through the matcher)"),
            (
                "trades",
                f"{self.trades:,} = {self.trades_recorded:,} recorded + {self.trades_synthetic:,} synthetic",
            ),
            ("venue's own trades", known),
            (
                "batches",
                f"{self.batches_v1} V1 (up to {self.most_trades_v1} trades), "
                f"{self.batches_v2} V2 (up to {self.most_positions_v2} positions)",
            ),
            ("refused by the matcher", _counts(self.refusals)),
            ("busted by the chain", f"{self.busts}"),
            ("positions", f"{self.positions}"),
            ("liquidations", f"{self.liquidations}"),
            ("funding", f"{self.funding_periods} periods, {_usdt(self.funding_paid_atoms)} USDT paid"),
            (
                "deposits",
                f"{self.deposits_wallet} by wallet, {self.deposits_ephemeral} through an ephemeral vault",
            ),
            ("withdrawals", f"{self.withdrawals}"),
            ("rent", f"{_sol(self.rent_lamports)} SOL locked in accounts"),
        ]
        rows += [
            (
                f"compute units: {name}",
                f"{units.total // units.count:,} mean, {units.highest:,} max ({units.count})",
            )
            for name, units in sorted(self.compute_units.items())
        ]
        rows.append(("time", f"{self.seconds:.1f} s"))
        return rows

    def table(self) -> str:
        """The closing table with the proofs under it."""
        rows = self.rows()
        width = max(len(name) for name, _ in rows)
        lines = [f"{name.ljust(width)}  {value}" for name, value in rows]
        proofs = [
            f"{'proven' if holds else 'FAILED'}  {name.replace('_', ' ')}"
            for name, holds in self.proofs.items()
        ]
        notes = [f"note: {note}" for note in self.notes]
        kept = [
            f"the chain stays up at {chain.endpoint}; stop it with: kill {chain.pid}; "
            f"its log and the matcher's are in {chain.directory}"
            for chain in [self.kept]
            if chain
        ]
        return "\n".join([*lines, "", *proofs, *notes, *kept])

    def _rate(self, count: int) -> int:
        return int(count / self.matcher_seconds) if self.matcher_seconds else 0


def _usdt(atoms: int) -> str:
    return f"{atoms // 10**6:,}.{atoms % 10**6 // 10**4:02}"


def _sol(lamports: int) -> str:
    return f"{lamports // 10**9}.{lamports % 10**9 // 10**6:03}"


def _counts(by_reason: Mapping[str, int]) -> str:
    listed = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in sorted(by_reason.items()))
    return listed or "none"
