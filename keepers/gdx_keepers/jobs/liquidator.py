"""Takes over positions whose equity is below their maintenance requirement, into a position of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_keepers.core.clock import Now
from gdx_keepers.core.health import Check
from gdx_keepers.core.job import Job
from gdx_keepers.core.log import Logger
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.core.sender import Sender
from gdx_keepers.core.triage import is_transient
from gdx_keepers.errors import Fatal, Transient
from gdx_sdk.errors import ChainError, ProgramError
from gdx_sdk.math import (
    LiquidationTerms,
    MarketState,
    PositionState,
    can_add_risk,
    equity_atoms,
    fill,
    is_liquidatable,
    liquidation_size_e8,
    maintenance_requirement_atoms,
    notional_atoms,
    touch,
)


@dataclass(frozen=True, slots=True)
class MarketView:
    """A market's books and terms, and the oracle price liquidations happen at."""

    market: Pubkey
    state: MarketState
    price_e6: int
    mark_price_e6: int
    is_liquidation_allowed: bool  # market status, pause bits and the price's validity
    maintenance_ratio_bps: int
    terms: LiquidationTerms
    max_position_size_e8: int


@dataclass(frozen=True, slots=True)
class PositionView:
    """A position with its address and the leverage its owner chose."""

    address: Pubkey
    state: PositionState
    leverage: int


@dataclass(frozen=True, slots=True)
class MarketScan:
    """One market with every open position in it, and the liquidator's own (None: it has none there)."""

    view: MarketView
    positions: tuple[PositionView, ...]
    own: PositionView | None


@dataclass(frozen=True, slots=True)
class Liquidate:
    """Take over `size_e8` (> 0) of the position at `target`."""

    market: Pubkey
    target: Pubkey
    size_e8: int


class LiquidationChain(Protocol):
    """What the job reads, and the instruction it sends."""

    async def scan(
        self, markets: Sequence[Pubkey], liquidator: Pubkey, now: Now, *, must_read: bool = False
    ) -> list[MarketScan]:
        """Every market with its open positions; `must_read` asks the chain, whatever is remembered."""

    def liquidate(self, market: Pubkey, target: Pubkey, liquidator: Pubkey, size_e8: int) -> Instruction:
        """The instruction; pure."""


def find_liquidatable(scan: MarketScan) -> list[tuple[PositionView, int]]:
    """Positions below maintenance at the oracle price, worst shortfall first, with the size to take over."""
    view = scan.view
    own_address = scan.own.address if scan.own else None
    found = []
    for position in scan.positions:
        state = position.state
        if position.address == own_address or not is_liquidatable(
            state, view.state, view.price_e6, view.maintenance_ratio_bps
        ):
            continue
        requirement = maintenance_requirement_atoms(
            notional_atoms(view.price_e6, state.size_e8), view.maintenance_ratio_bps
        )
        missing = requirement - equity_atoms(state, view.state, view.price_e6)
        found.append((missing, position, liquidation_size_e8(state, view.state, view.price_e6, view.terms)))
    found.sort(key=lambda item: (-item[0], bytes(item[1].address)))
    return [(position, size_e8) for _, position, size_e8 in found]


def affordable_size_e8(view: MarketView, own: PositionView, taken_sign: int, wanted_e8: int) -> int:
    """Largest part of `wanted_e8` that leaves the own position within initial margin and the market's limit.

    `taken_sign` is +1 when it buys. Taking over less never needs more margin than taking over more, once
    the own position has stopped shrinking; so the boundary is found by bisection.
    """
    if _can_carry(view, own, taken_sign * wanted_e8):
        return wanted_e8
    low, high = 0, wanted_e8
    while high - low > 1:
        middle = (low + high) // 2
        if _can_carry(view, own, taken_sign * middle):
            low = middle
        else:
            high = middle
    return low


def _can_carry(view: MarketView, own: PositionView, size_delta_e8: int) -> bool:
    taken = _after_taking(view, own, size_delta_e8).state
    if abs(taken.size_e8) <= abs(own.state.size_e8) and taken.size_e8 * own.state.size_e8 >= 0:
        return True
    return abs(taken.size_e8) <= view.max_position_size_e8 and can_add_risk(
        taken,
        view.state,
        mark_price_e6=view.mark_price_e6 or view.price_e6,
        index_price_e6=view.price_e6,
        leverage=own.leverage,
        initial_ratio_bps=view.terms.initial_ratio_bps,
    )


def _after_taking(view: MarketView, own: PositionView, size_delta_e8: int) -> PositionView:
    """The own position after taking over at the oracle price; the fee it earns is left out, to be safe."""
    quote = notional_atoms(view.price_e6, size_delta_e8)
    touched, market = touch(own.state, view.state)
    taken, _ = fill(touched, market, size_delta_e8, quote if size_delta_e8 > 0 else -quote)
    return PositionView(own.address, taken, own.leverage)


class Liquidator(Job[tuple[MarketScan, ...], Liquidate]):
    """The job; it decides from what it observes alone. `wake` is set by whoever hears of a change."""

    kind: ClassVar[str] = "liquidator"

    def __init__(
        self,
        name: str,
        metrics: Metrics,
        log: Logger,
        *,
        markets: Mapping[Pubkey, str],
        chain: LiquidationChain,
        sender: Sender,
        max_size_e8: int | None = None,
        max_per_run: int = 8,
        wake: asyncio.Event | None = None,
    ) -> None:
        super().__init__(name, metrics, log)
        self.wake = wake or self.wake
        self._must_read = False  # after an act: what it did itself may not have been heard of yet
        self._markets, self._chain, self._sender = dict(markets), chain, sender
        self._max_size_e8, self._max_per_run = max_size_e8, max_per_run

    async def observe(self, now: Now) -> tuple[MarketScan, ...]:
        """Every market and every open position."""
        must_read, self._must_read = self._must_read, False
        return tuple(
            await self._chain.scan(list(self._markets), self._sender.pubkey, now, must_read=must_read)
        )

    def is_due(self, state: tuple[MarketScan, ...], now: Now) -> bool:
        """Liquidation is allowed somewhere, and somebody is open there."""
        del now
        return any(scan.view.is_liquidation_allowed and scan.positions for scan in state)

    def plan(self, state: tuple[MarketScan, ...], now: Now) -> list[Liquidate]:
        """The worst positions first, each as far as the own margin reaches, `max_per_run` at most.

        `Fatal` when something must be liquidated in a market where the liquidator has no position.
        """
        del now
        actions: list[Liquidate] = []
        for scan in state:
            if scan.view.is_liquidation_allowed:
                actions += self._plan_market(scan)
        return actions[: self._max_per_run]

    async def act(self, action: Liquidate, now: Now) -> bool:
        """Simulate, then send. A position that has recovered, or was taken by another, is no error."""
        del now
        self._must_read = True
        instruction = self._chain.liquidate(action.market, action.target, self._sender.pubkey, action.size_e8)
        trial = await self._sender.simulate([instruction])
        if trial.error is not None:
            return self._refused(action, trial.error)
        try:
            sent = await self._sender.send([instruction])
        except ProgramError as error:  # between trial run and landing the position's owner may have acted
            return self._refused(action, error)
        if sent is None:
            return False
        self.metrics.compute_units.labels(self.name).inc(sent.compute_units)
        self.log.info(
            "liquidated",
            market=self._markets[action.market],
            target=str(action.target),
            size_e8=action.size_e8,
            signature=sent.signature,
        )
        return True

    def _refused(self, action: Liquidate, error: ChainError) -> bool:
        if is_transient(error):
            raise Transient(f"liquidating {action.target}: {error}") from error
        self.metrics.transactions.labels(self.name, "refused").inc()
        self.log.warning("refused", target=str(action.target), error=str(error))
        return False

    def readiness(self) -> Mapping[str, Check]:
        """There is a position of our own in every market."""

        async def positions() -> None:
            for scan in await self._chain.scan(list(self._markets), self._sender.pubkey, Now(0, 0, 0)):
                self._own(scan)

        return {"positions": positions}

    def _plan_market(self, scan: MarketScan) -> list[Liquidate]:
        actions: list[Liquidate] = []
        candidates = find_liquidatable(scan)
        if not candidates:
            return actions
        own = self._own(scan)
        for target, size_e8 in candidates:
            wanted = min(size_e8, self._max_size_e8 or size_e8)
            sign = 1 if target.state.size_e8 > 0 else -1
            taken = affordable_size_e8(scan.view, own, sign, wanted)
            if taken > 0:
                actions.append(Liquidate(scan.view.market, target.address, taken))
                own = _after_taking(scan.view, own, sign * taken)
        return actions

    def _own(self, scan: MarketScan) -> PositionView:
        if scan.own is None:
            raise Fatal(
                f"{self._markets[scan.view.market]}: {self._sender.pubkey} has no position there to take "
                "liquidated size over; open and fund one"
            )
        return scan.own
