"""A thief with the relayer's key: what each move of a strategy does with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gdx_sdk.batch import NetEntry, SealedBatch, Side, Trade, net_entries, seal_batch
from gdx_sdk.math import fee_atoms
from tests.programs.harness.codec import Call
from tests.programs.position_mgmt.batch_bytes import with_nets
from tests.programs.position_mgmt.market import V1, V2, Trader

from .search import Move, Plan
from .stated_market import HOUR, LIMITS, PRICE_E6, StatedMarket

SHRINK = (1_000, 950, 850, 700, 500, 350, 250, 120, 60, 30, 15)
"""A refused amount is tried again smaller, in thousandths: a thief knows the limits as well as we do."""
WAITS = (1, 60, 600, 1_799, 1_800, 3_599, 3_600, 0)
"""0 waits until just before the full hour."""


class RelayerThief:
    """Runs strategies for `seconds` after the theft; then the guardian takes the key's power away."""

    def __init__(
        self, world: StatedMarket, *, versions: Sequence[int] = (V1, V2), seconds: int = HOUR
    ) -> None:
        self.world, self.market, self.chain = world, world.market, world.chain
        self.versions, self.end_ts = versions, world.start_ts + seconds
        self.victims = [*world.honest, *world.thieves[1:]]

    def run(self, plan: Plan) -> int:
        """What the thief's accounts are worth more in the end, in atoms."""
        self.world.restore()
        before = self.world.wealth_atoms(self.world.thieves)
        kinds = (
            self._fill,
            self._close,
            self._to_and_fro,
            self._net,
            self._nets,
            self._wait,
            self._print_mark,
            self._fund,
            self._liquidate,
            self._take_out,
            self._resolve,
        )
        for move in plan:
            kinds[move.kind](move)
        return self.world.wealth_atoms(self.world.thieves) - before

    def _fill(self, move: Move) -> None:
        """Put users into positions that were never ordered, at the oracle's price or off it."""
        for victim in self._victims(move):
            position = self.market.position(victim)
            size = position.collateral * position.leverage * move.share // 1_000 * 10**8 // PRICE_E6
            self._trade(move, victim, min(size, LIMITS["max_position_size_e8"]), move.side)

    def _close(self, move: Move) -> None:
        """Close what users hold, the price to their loss whatever they hold."""
        for victim in self._victims(move):
            held = self.market.position(victim).size
            price = move.price if held < 0 else 2_000 - move.price
            self._trade(replace(move, price=price), victim, abs(held) * move.share // 1_000, int(held > 0))

    def _trade(self, move: Move, victim: Trader, size_e8: int, is_sold: int) -> None:
        side = Side.SELL if is_sold else Side.BUY
        _, thief = self._people(move)
        thief = thief if thief != victim else self.world.thieves[0]
        for part in SHRINK:
            if size := size_e8 * part // 1_000:
                trade = self._made(move, victim, thief, size, side)
                if self._settled(move, [trade]):
                    return

    def _to_and_fro(self, move: Move) -> None:
        """A round trip within one batch, between any two accounts, the thief's own among them."""
        victim, thief = self._people(move)
        size = LIMITS["max_open_interest_e8"] * (move.share + 1) // 2_000
        for part in SHRINK:
            there = self._made(move, victim, thief, max(size * part // 1_000, 1), Side.BUY)
            back = self._made(
                replace(move, price=2_000 - move.price), victim, thief, there.size_e8, Side.SELL
            )
            if self._settled(move, [there, back]):
                return

    def _net(self, move: Move) -> None:
        """V2: quote that moves without size, with any claim of turnover and fees."""
        victim, thief = self._people(move)
        self._move_quote(move, [victim], thief)

    def _nets(self, move: Move) -> None:
        """The same from everybody at once."""
        _, thief = self._people(move)
        self._move_quote(move, self.world.honest, thief)

    def _move_quote(self, move: Move, victims: Sequence[Trader], thief: Trader) -> None:
        if V2 not in self.versions:
            return
        for part in SHRINK:
            nets = [self._moved(move, victim, part) for victim in victims if victim != thief]
            taken = sum(net.quote_delta_atoms for net in nets)
            turnover = sum(net.turnover_atoms for net in nets)
            rates = LIMITS["maker_fee_ppm"] + LIMITS["taker_fee_ppm"]
            fee = -(-turnover * rates // 10**6) - sum(net.fee_atoms for net in nets)
            nets.append(NetEntry(thief.position, 0, -taken, fee, turnover, len(nets)))
            nets.sort(key=lambda net: bytes(net.position))
            trades = [self._made(move, victims[0], thief, 1, Side.BUY) for _ in nets[1:]]
            batch = seal_batch(V2, self.market.key, *self._place(), trades, flush=True)
            positions = tuple(net.position for net in nets)
            if self.world.attempt(self._call(replace(with_nets(batch, nets), positions=positions))):
                return

    def _moved(self, move: Move, victim: Trader, part: int) -> NetEntry:
        """What a user pays for nothing: `share` of the allowance, of which `side` chooses price or fees."""
        config = self.world.exchange.read()
        equity = self.market.position(victim).collateral
        allowance = max(config.slippage_floor_atoms, equity * config.slippage_share_bps // 10_000)
        amount = allowance * move.share // 1_000 * part // 1_000
        if move.side:
            turnover = amount * 10_000 // LIMITS["price_band_bps"] * (100 + move.turnover) // 100 + 1
            return NetEntry(victim.position, 0, amount, 0, turnover, 1)
        turnover = amount * 10**6 // LIMITS["taker_fee_ppm"] + move.turnover
        return NetEntry(victim.position, 0, 0, fee_atoms(turnover, LIMITS["taker_fee_ppm"]), turnover, 1)

    def _wait(self, move: Move) -> None:
        now = self.chain.now_ts
        seconds = WAITS[move.seconds] or HOUR - 1 - now % HOUR
        if seconds and now + seconds <= self.end_ts:
            self.world.wait(seconds)

    def _print_mark(self, move: Move) -> None:
        """Trade a crumb with oneself at the edge of the band and have the premium sampled."""
        first, second = self.world.thieves[:2]
        trade = self._made(move, first, second, 10**4, Side.BUY if move.side else Side.SELL)
        self._settled(move, [trade])
        self.world.attempt(self.world.funding.sample_premium())

    def _fund(self, _: Move) -> None:
        self.world.attempt(self.world.funding.update_funding())

    def _liquidate(self, move: Move) -> None:
        victim, thief = self._people(move)
        self.world.attempt(self.market.liquidate(thief, victim, move.share * 10**5 + 1))

    def _take_out(self, move: Move) -> None:
        """Move gains out of the market and out of the vault."""
        _, thief = self._people(move)
        amount = self.market.position(thief).collateral * move.share // 1_000
        self.world.attempt(self.market.request_release(thief, amount))
        if self.chain.now_ts + 10 <= self.end_ts:
            self.world.wait(10)
        self.world.attempt(self.market.execute_release(thief))
        free = self.chain.read(thief.collateral).free_atoms
        self.world.attempt(self.world.vault.withdraw(thief.user, free))

    def _resolve(self, move: Move) -> None:
        self.world.attempt(self.market.resolve_bankruptcy(is_short_bankrupt=bool(move.side)))

    def _victims(self, move: Move) -> list[Trader]:
        return self.world.honest if move.victim >= len(self.victims) else [self.victims[move.victim]]

    def _people(self, move: Move) -> tuple[Trader, Trader]:
        thief = self.world.thieves[move.thief]
        victim = self.victims[move.victim % len(self.victims)]
        return victim, thief if thief != victim else self.world.thieves[0]

    def _made(self, move: Move, victim: Trader, thief: Trader, size_e8: int, side: Side) -> Trade:
        """The user trades, as taker or maker; the price is anywhere from a band below the hour's low to one
        above."""
        half = PRICE_E6 // 100 + PRICE_E6 * LIMITS["price_band_bps"] // 10_000
        price = PRICE_E6 + half * (move.price - 1_000) // 1_000
        at_ms = (self.chain.now_ts - move.back * 60) * 1_000
        taker, maker = (victim, thief) if move.turnover % 2 else (thief, victim)
        taken = side if taker is victim else Side.BUY if side is Side.SELL else Side.SELL
        return self.market.trade(taker, maker, size_e8, price_e6=price, side=taken, at_ms=at_ms)

    def _settled(self, move: Move, trades: Sequence[Trade]) -> bool:
        """The batch covers the minutes from `back` until now: that is the relayer's claim."""
        version = self.versions[move.version % len(self.versions)]
        batch = seal_batch(version, self.market.key, *self._place(), trades, flush=True)
        if move.back and version == V2:
            batch = replace(batch, executed_to_ms=self.chain.now_ts * 1_000)
            batch = with_nets(_with_minutes(batch), net_entries(batch.trades))
        return self.world.attempt(self._call(batch))

    def _place(self) -> tuple[int, bytes]:
        market = self.market.read()
        return market.last_batch_sequence + 1, market.last_batch_id

    def _call(self, batch: SealedBatch) -> Call:
        return self.market.settle(batch)


def _with_minutes(batch: SealedBatch) -> SealedBatch:
    """The payload begins with the minutes that the batch covers."""
    delta = batch.executed_to_ms - batch.executed_from_ms
    head = batch.executed_from_ms.to_bytes(8, "little") + delta.to_bytes(4, "little")
    return replace(batch, payload=head + batch.payload[12:])
