"""What a market and its positions must be: the SDK's money rules, and the book-keeping around them.

Every operation works on a draft, so that a refusal leaves the model as it was, like the chain.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

from solders.pubkey import Pubkey

from gdx_sdk.batch import NetEntry, SealedBatch, net_entries
from gdx_sdk.math import (
    LiquidationTerms,
    MarketState,
    PositionState,
    can_add_risk,
    charge_fee,
    charge_insurance,
    deviation_atoms,
    equity_atoms,
    fee_atoms,
    fill,
    is_liquidatable,
    is_within_band,
    liquidation_fee_atoms,
    liquidation_price_e6,
    liquidation_size_e8,
    maintenance_requirement_atoms,
    net_fill,
    notional_atoms,
    premium_e9,
    resolve_bankruptcy,
    settle_overdraft,
    slippage_loss_atoms,
    sweep_fees,
    touch,
    unpaid_funding_atoms,
    value_atoms,
)
from gdx_sdk.math import add_collateral as add
from gdx_sdk.math import release_collateral as release
from gdx_sdk.units import BPS, Side

HOUR, EMA_SECONDS, MAX_WEIGHT_SECONDS, MAX_PREMIUM_E9 = 3_600, 60, 300, 10**8


class Refused(Exception):
    """The error's name, and the trade or entry the log must name."""

    def __init__(self, error: str, place: str | None = None) -> None:
        self.error, self.place = error, place


@dataclass
class Used:
    """Slippage of the running hour."""

    atoms: int = 0
    ts: int = 0

    def count(self, amount: int, limit: int, now_ts: int, error: str) -> None:
        if amount == 0:
            return
        elapsed = max(now_ts - self.ts, 0)
        left = 0 if elapsed >= HOUR else -(-self.atoms * (HOUR - elapsed) // HOUR)
        if left + amount > limit:
            raise Refused(error)
        self.atoms, self.ts = left + amount, now_ts if elapsed else self.ts


@dataclass
class Position:
    """One position: its money, and what else its account remembers."""

    leverage: int
    money: PositionState = field(default_factory=PositionState)
    realized: int = 0
    funding: int = 0
    used: Used = field(default_factory=Used)
    shown: dict[str, int] = field(default_factory=dict)

    def fields(self) -> dict[str, int]:
        """Fields of the account."""
        return {
            "size": self.money.size_e8,
            "cost_atoms": self.money.cost_atoms,
            "collateral": self.money.collateral_atoms,
            "funding_index": self.money.funding_index,
            "loss_index": self.money.loss_index,
            "realized_pnl": self.realized,
            "accumulated_funding": self.funding,
            "slippage_used_atoms": self.used.atoms,
            "slippage_ts": self.used.ts,
            **self.shown,
        }


@dataclass(frozen=True)
class Prices:
    """What a batch is measured against."""

    low_e6: int
    high_e6: int
    index_e6: int
    now_ts: int

    @classmethod
    def of(cls, feed: SimpleNamespace, from_ms: int, to_ms: int, now_ts: int) -> Prices:
        """The feed's range over the batch's minutes, or its price when a minute is not kept."""
        first, last, newest = from_ms // 60_000, to_ms // 60_000, feed.minutes.newest_minute
        price = feed.price_e6
        ranges = [feed.minutes.ranges[minute % 60] for minute in range(first, min(last, newest) + 1)]
        is_known = first > newest - 60 and all(one.low_e6 for one in ranges)
        lows = [one.low_e6 for one in ranges] + [price] * (last > newest)
        highs = [one.high_e6 for one in ranges] + [price] * (last > newest)
        if not is_known:
            lows = highs = [price]
        return cls(min(lows), max(highs), price, now_ts)


def _adds_risk(before_e8: int, after_e8: int) -> bool:
    is_other_side = before_e8 * after_e8 <= 0
    return after_e8 != 0 and (is_other_side or abs(after_e8) > abs(before_e8))


class Model:
    """A market as its account showed it when the model began, and positions that were empty then."""

    def __init__(self, market: SimpleNamespace, config: SimpleNamespace) -> None:
        self.terms, self.config = market, config
        self.money = MarketState(funding_index=market.funding_index)
        self.positions: dict[Pubkey, Position] = {}
        self.used = Used()
        self.mark_e6, self.premium, self.weight = market.mark_price_e6, 0, 0
        self.sequence, self.last_id = market.last_batch_sequence, market.last_batch_id
        self.last_ts, self.mark_ts = market.last_batch_ts, market.mark_ts

    def fields(self) -> dict[str, object]:
        """Fields of the market's account."""
        return {
            "funding_index": self.money.funding_index,
            "long_loss_index": self.money.long_loss_index,
            "short_loss_index": self.money.short_loss_index,
            "total_long_interest": self.money.long_interest_e8,
            "total_short_interest": self.money.short_interest_e8,
            "total_open_interest": self.money.long_interest_e8,
            "collateral_sum_atoms": self.money.collateral_sum_atoms,
            "cost_sum_atoms": self.money.cost_sum_atoms,
            "accrued_fees_atoms": self.money.accrued_fees_atoms,
            "insurance_fund": self.money.accrued_insurance_atoms,
            "funding_pool_atoms": self.money.funding_pool_atoms,
            "outstanding_loss_atoms": self.money.outstanding_loss_atoms,
            "long_shortfall_atoms": self.money.long_shortfall_atoms,
            "short_shortfall_atoms": self.money.short_shortfall_atoms,
            "slippage_used_atoms": self.used.atoms,
            "slippage_ts": self.used.ts,
            "mark_price_e6": self.mark_e6,
            "mark_ts": self.mark_ts,
            "premium_accumulator": self.premium,
            "premium_weight_seconds": self.weight,
            "last_batch_sequence": self.sequence,
            "last_batch_id": self.last_id,
            "last_batch_ts": self.last_ts,
        }

    def settle(self, batch: SealedBatch, prices: Prices) -> None:
        """A batch of trades, of either version."""
        draft = deepcopy(self)
        bought, paid, slippage = (draft._v1 if batch.version == 1 else draft._v2)(batch, prices)
        limit = draft.terms.max_slippage_per_hour_atoms
        draft.used.count(slippage, limit, prices.now_ts, "MarketSlippageExceeded")
        if bought > 0 and paid > 0:
            draft._move_mark(paid * 10**8 // bought, prices)
        draft.sequence, draft.last_id = batch.sequence, batch.batch_id
        draft.last_ts = prices.now_ts
        self.__dict__ = draft.__dict__

    def add_collateral(self, key: Pubkey, amount: int, prices: Prices) -> None:
        position = self.positions[key]
        self._touch(position)
        position.money, self.money = add(position.money, self.money, amount)
        self._overdraft(position, None)
        self._show(position, position.money.entry_price_e6, prices.now_ts)

    def request_release(self, key: Pubkey, prices: Prices) -> None:
        """Only touches: the request itself is no money."""
        position = self.positions[key]
        self._touch(position)
        self._overdraft(position, None)
        self._show(position, prices.index_e6, prices.now_ts)

    def release(self, key: Pubkey, amount: int, prices: Prices) -> None:
        position = self.positions[key]
        self._touch(position)
        position.money, self.money = release(position.money, self.money, amount)
        self._show(position, prices.index_e6, prices.now_ts)

    def set_funding(self, index: int) -> None:
        self.money = replace(self.money, funding_index=index)

    def sweep(self) -> None:
        """Fees first, then insurance, each as far as the pool pays."""
        self.money, _ = sweep_fees(self.money)
        moved = min(self.money.accrued_insurance_atoms, self.money.locked_atoms)
        self.money = replace(
            self.money,
            accrued_insurance_atoms=self.money.accrued_insurance_atoms - moved,
            locked_atoms=self.money.locked_atoms - moved,
            insurance_atoms=self.money.insurance_atoms + moved,
        )

    def resolve(self, side: Side) -> None:
        """Insurance not yet moved covers first, then the pool's, then the side that gained."""
        shortfall = self.money.shortfall_atoms(side)
        covered = min(self.money.accrued_insurance_atoms, shortfall)
        name = "long_shortfall_atoms" if side is Side.BUY else "short_shortfall_atoms"
        rest = {name: shortfall - covered}
        accrued = self.money.accrued_insurance_atoms - covered
        self.money = replace(self.money, accrued_insurance_atoms=accrued, **rest)
        self.money = resolve_bankruptcy(self.money, side)

    def liquidate(self, key: Pubkey, taker_key: Pubkey, wanted_e8: int, prices: Prices) -> None:
        """The taker's position takes over as much as it may at the index price."""
        draft = deepcopy(self)
        draft._liquidate(draft.positions[key], draft.positions[taker_key], wanted_e8, prices)
        self.__dict__ = draft.__dict__

    def _liquidate(self, position: Position, taker: Position, wanted_e8: int, prices: Prices) -> None:
        terms, price = self.terms, prices.index_e6
        self._touch(position)
        self._touch(taker)
        before, taker_before = position.money.side, taker.money.size_e8
        if not is_liquidatable(position.money, self.money, price, terms.maintenance_margin_ratio):
            raise Refused("PositionHealthy")
        limits = LiquidationTerms(
            terms.initial_margin_ratio, terms.liquidation_fee_ppm, terms.min_position_size_e8
        )
        most = liquidation_size_e8(position.money, self.money, price, limits)
        taken = min(wanted_e8, most) * (1 if before is Side.BUY else -1)
        notional = notional_atoms(price, taken)
        quote = notional if taken > 0 else -notional
        self._fill(position, -taken, -quote)
        taker_side = taker.money.side
        self._fill(taker, taken, quote)
        collateral, equity = position.money.collateral_atoms, equity_atoms(position.money, self.money, price)
        fee = liquidation_fee_atoms(notional, terms.liquidation_fee_ppm, collateral, equity)
        insured = -(-fee * self.config.insurance_share_bps // BPS)
        position.money, self.money = charge_insurance(position.money, self.money, insured)
        for one, amount in ((position, insured - fee), (taker, fee - insured)):
            collateral = one.money.collateral_atoms + amount
            one.money = replace(one.money, collateral_atoms=collateral)
        self._overdraft(position, before)
        self._overdraft(taker, taker_side)
        self._check_size_and_margin(taker, taker_before, prices)
        for one in (position, taker):
            self._show(one, price, prices.now_ts)

    def _v1(self, batch: SealedBatch, prices: Prices) -> tuple[int, int, int]:
        parties = [self.positions[key] for key in batch.positions]
        sizes = [party.money.size_e8 for party in parties]
        sides = {id(party): party.money.side for party in parties}
        nets = {entry.position: entry for entry in net_entries(batch.trades)}
        blamed = dict.fromkeys(map(id, parties), -1)
        interest_before = self.money.long_interest_e8
        bought = paid = slippage = 0
        for party in parties:
            self._touch(party)
        for number, trade in enumerate(batch.trades):
            notional = trade.notional_atoms
            bought, paid = bought + trade.size_e8, paid + notional
            legs = ((trade.buyer, 1, trade.buyer_fee_atoms), (trade.seller, -1, trade.seller_fee_atoms))
            for key, sign, fee in legs:
                party = self.positions[key]
                size, quote = sign * trade.size_e8, sign * notional
                slippage += self._check_band(size, quote, notional, prices, f"trade {number}")
                loss = slippage_loss_atoms(size, quote, prices.low_e6, prices.high_e6)
                before = party.money.size_e8
                self._fill(party, size, quote)
                if _adds_risk(before, party.money.size_e8) or loss or blamed[id(party)] < 0:
                    blamed[id(party)] = number
                party.money, self.money = charge_fee(party.money, self.money, fee)
                sides[id(party)] = sides[id(party)] if party.money.side is None else party.money.side
            if self._is_interest_exceeded(interest_before):
                raise Refused("OpenInterestTooLarge", f"trade {number}")
        for key, party, size in zip(batch.positions, parties, sizes, strict=True):
            self._overdraft(party, sides[id(party)])
            self._finish(party, size, nets[key], prices, f"trade {blamed[id(party)]}")
        return bought, paid, slippage

    def _v2(self, batch: SealedBatch, prices: Prices) -> tuple[int, int, int]:
        interest_before = self.money.long_interest_e8
        bought = paid = slippage = last_risk = 0
        for number, entry in enumerate(net_entries(batch.trades)):
            place, party = f"entry {number}", self.positions[entry.position]
            size, quote, turnover = entry.size_delta_e8, entry.quote_delta_atoms, entry.turnover_atoms
            slippage += self._check_band(size, quote, turnover, prices, place)
            if size > 0:
                bought, paid = bought + size, paid + quote
            before, side = party.money.size_e8, party.money.side
            self._touch(party)
            band = {"ref_price_e6": prices.index_e6, "band_bps": self.terms.price_band_bps}
            collateral = party.money.collateral_atoms
            party.money, self.money = net_fill(party.money, self.money, size, quote, **band)
            party.realized += party.money.collateral_atoms - collateral
            party.money, self.money = charge_fee(party.money, self.money, entry.fee_atoms)
            self._overdraft(party, side)
            if self._finish(party, before, entry, prices, place):
                last_risk = number
        if self._is_interest_exceeded(interest_before):
            raise Refused("OpenInterestTooLarge", f"entry {last_risk}")
        return bought, paid, slippage

    def _check_band(self, size: int, quote: int, turnover: int, prices: Prices, place: str) -> int:
        deviation = deviation_atoms(size, quote, prices.low_e6, prices.high_e6)
        if not is_within_band(deviation, turnover, self.terms.price_band_bps):
            raise Refused("PriceOutOfBand", place)
        return deviation

    def _finish(self, party: Position, size_before: int, net: NetEntry, prices: Prices, place: str) -> bool:
        """Checks what a batch left of a position; whether it added risk."""
        size, quote, index = net.size_delta_e8, net.quote_delta_atoms, prices.index_e6
        try:
            has_added_risk = self._check_size_and_margin(party, size_before, prices)
            on_net = 0 if has_added_risk else fee_atoms(abs(quote), max(self.terms.taker_fee, 0))
            is_one_way = not has_added_risk and abs(quote) == net.turnover_atoms
            lost = slippage_loss_atoms(size, quote, index, index)
            lost += 0 if is_one_way else max(net.fee_atoms - on_net, 0)
            equity = equity_atoms(party.money, self.money, index)
            share = equity * self.config.slippage_share_bps // BPS
            limit = max(self.config.slippage_floor_atoms, share) if equity > 0 else 0
            party.used.count(lost, limit, prices.now_ts, "PositionSlippageExceeded")
        except Refused as refused:
            raise Refused(refused.error, place) from None
        self._show(party, prices.index_e6, prices.now_ts)
        return has_added_risk

    def _check_size_and_margin(self, party: Position, before: int, prices: Prices) -> bool:
        after = party.money.size_e8
        if not _adds_risk(before, after):
            return False
        if abs(after) > self.terms.max_position_size_e8:
            raise Refused("PositionTooLarge")
        is_covered = can_add_risk(
            party.money,
            self.money,
            mark_price_e6=self.mark_e6 or prices.index_e6,
            index_price_e6=prices.index_e6,
            leverage=party.leverage,
            initial_ratio_bps=self.terms.initial_margin_ratio,
        )
        if not is_covered:
            raise Refused("InsufficientMargin")
        return True

    def _is_interest_exceeded(self, before: int) -> bool:
        interest = self.money.long_interest_e8
        return interest > self.terms.max_open_interest_e8 and interest > before

    def _move_mark(self, sample_e6: int, prices: Prices) -> None:
        band = self.terms.price_band_bps
        low = -(-prices.low_e6 * (BPS - band) // BPS)
        sample_e6 = min(max(sample_e6, low), prices.high_e6 * (BPS + band) // BPS)
        elapsed, self.mark_ts = prices.now_ts - self.mark_ts, prices.now_ts
        step = abs(sample_e6 - self.mark_e6) * elapsed // EMA_SECONDS
        if self.mark_e6 == 0 or elapsed >= EMA_SECONDS:
            self.mark_e6 = sample_e6
        else:
            self.mark_e6 += step if sample_e6 >= self.mark_e6 else -step
        weight = min(elapsed, MAX_WEIGHT_SECONDS)
        premium = premium_e9(self.mark_e6, prices.index_e6)
        self.premium += min(max(premium, -MAX_PREMIUM_E9), MAX_PREMIUM_E9) * weight
        self.weight += weight

    def _touch(self, position: Position) -> None:
        position.funding += unpaid_funding_atoms(position.money, self.money)
        position.money, self.money = touch(position.money, self.money)

    def _fill(self, position: Position, size: int, quote: int) -> None:
        collateral = position.money.collateral_atoms
        position.money, self.money = fill(position.money, self.money, size, quote)
        position.realized += position.money.collateral_atoms - collateral

    def _overdraft(self, position: Position, side: Side | None) -> None:
        position.money, self.money = settle_overdraft(position.money, self.money, closed_side=side)

    def _show(self, position: Position, index_e6: int, now_ts: int) -> None:
        """What the account shows of its last update, at the mark price of before the batch."""
        money, mark = position.money, self.mark_e6 or index_e6
        ratio = self.terms.maintenance_margin_ratio
        is_open = money.size_e8 != 0
        position.shown = {
            "entry_price": money.entry_price_e6,
            "liquidation_price": liquidation_price_e6(money, ratio),
            "maintenance_margin": maintenance_requirement_atoms(notional_atoms(mark, money.size_e8), ratio),
            "unrealized_pnl": value_atoms(money.size_e8, mark) - money.cost_atoms if is_open else 0,
            "last_funding_update": now_ts,
            "last_update_timestamp": now_ts,
        }
