"""The money rules of a position: touch, fill, fee, overdraft, bankruptcy, release.

Every function takes a `PositionState` and a `MarketState` and returns new ones; nothing else is read or
changed, so that ``locked = ΣC − Σcost + accrued + funding_pool − loss_out − shortfall`` holds after each of
them to the atom. Every rounding goes against the party that benefits. One instruction runs `touch`, then
fills and fees, then `settle_overdraft` for each position it changed.
"""

from __future__ import annotations

from dataclasses import replace

from gdx_sdk.errors import InputError
from gdx_sdk.math._integers import clamp, div_ceil, div_floor, i64, u64
from gdx_sdk.math.state import MarketState, PositionState
from gdx_sdk.units import BPS, SIZE_SCALE, Side

MAX_INDEX = 2**62  # so that no two indices are further apart than an i64 holds
INDEX_SCALE = 10**12  # size (1e-8 base) times index (1e-4 atom per base) in atoms

States = tuple[PositionState, MarketState]


def unpaid_funding_atoms(position: PositionState, market: MarketState) -> int:
    """``ceil(size · (I − i) / 1e12)``: what the next touch takes (+) or gives (−)."""
    return div_ceil(position.size_e8 * (market.funding_index - position.funding_index), INDEX_SCALE)


def unpaid_loss_atoms(position: PositionState, market: MarketState) -> int:
    """``ceil(|size| · (L_side − ℓ) / 1e12)``: the position's share of socialized losses, never negative."""
    if position.side is None:
        return 0
    return div_ceil(
        abs(position.size_e8) * (market.loss_index(position.side) - position.loss_index), INDEX_SCALE
    )


def touch(position: PositionState, market: MarketState) -> States:
    """Pay funding and losses up to the market's indices and take both snapshots (rule 1)."""
    funding = i64("unpaid_funding_atoms", unpaid_funding_atoms(position, market))
    loss = i64("unpaid_loss_atoms", unpaid_loss_atoms(position, market))
    side = position.side
    touched = replace(
        position,
        collateral_atoms=i64("collateral_atoms", position.collateral_atoms - funding - loss),
        funding_index=market.funding_index,
        loss_index=position.loss_index if side is None else market.loss_index(side),
    )
    return touched, replace(
        market,
        collateral_sum_atoms=market.collateral_sum_atoms - funding - loss,
        funding_pool_atoms=market.funding_pool_atoms + funding,
        outstanding_loss_atoms=market.outstanding_loss_atoms - loss,
    )


def fill(position: PositionState, market: MarketState, size_delta_e8: int, quote_delta_atoms: int) -> States:
    """Apply one fill to a touched position (rule 2).

    `quote_delta_atoms` is + notional for the buyer and − notional for the seller. An increase adds to size
    and cost; a reduction realizes ``−qd − ceil(cost · |sd| / |size|)`` into collateral; a flip closes the
    whole size with ``ceil(qd · |size| / |sd|)`` of the quote and opens the rest on the other side at the
    market's current loss index.
    """
    if size_delta_e8 == 0:
        if quote_delta_atoms:
            raise InputError(
                "quote_delta_atoms", quote_delta_atoms, "must be 0 when the size does not change"
            )
        return position, market
    size = position.size_e8
    if size == 0 or (size > 0) == (size_delta_e8 > 0):
        return _increase(position, market, size_delta_e8, quote_delta_atoms)
    if abs(size_delta_e8) <= abs(size):
        return _reduce(position, market, size_delta_e8, quote_delta_atoms)
    closing = div_ceil(quote_delta_atoms * abs(size), abs(size_delta_e8))
    flat, market = _reduce(position, market, -size, closing)
    return _increase(flat, market, size_delta_e8 + size, quote_delta_atoms - closing)


def _increase(position: PositionState, market: MarketState, size_delta: int, quote_delta: int) -> States:
    opening = position.size_e8 == 0
    side = Side.BUY if size_delta > 0 else Side.SELL
    grown = replace(
        position,
        size_e8=i64("size_e8", position.size_e8 + size_delta),
        cost_atoms=i64("cost_atoms", position.cost_atoms + quote_delta),
        loss_index=market.loss_index(side) if opening else position.loss_index,
    )
    market = move_interest(market, position.size_e8, grown.size_e8)
    return grown, replace(market, cost_sum_atoms=market.cost_sum_atoms + quote_delta)


def _reduce(position: PositionState, market: MarketState, size_delta: int, quote_delta: int) -> States:
    removed = div_ceil(position.cost_atoms * abs(size_delta), abs(position.size_e8))
    gained = -quote_delta - removed
    reduced = replace(
        position,
        size_e8=position.size_e8 + size_delta,
        cost_atoms=position.cost_atoms - removed,
        collateral_atoms=i64("collateral_atoms", position.collateral_atoms + gained),
    )
    market = move_interest(market, position.size_e8, reduced.size_e8)
    return reduced, replace(
        market,
        cost_sum_atoms=market.cost_sum_atoms - removed,
        collateral_sum_atoms=market.collateral_sum_atoms + gained,
    )


def move_interest(market: MarketState, before_e8: int, after_e8: int) -> MarketState:
    """Open interest of both sides after one position's size went from `before_e8` to `after_e8`."""
    return replace(
        market,
        long_interest_e8=market.long_interest_e8 + max(after_e8, 0) - max(before_e8, 0),
        short_interest_e8=market.short_interest_e8 + max(-after_e8, 0) - max(-before_e8, 0),
    )


def net_fill_quote_atoms(size_delta_e8: int, quote_delta_atoms: int, ref_price_e6: int, band_bps: int) -> int:
    """``qo = clamp(qd, sd · ref · (1 ± band) / 1e8)``, both ends rounded down; 0 for sd = 0."""
    edges_e10 = [ref_price_e6 * max(BPS - band_bps, 0), u64("band", ref_price_e6 * (BPS + band_bps))]
    if size_delta_e8 == 0:
        return 0
    u64("worth_atoms", abs(size_delta_e8) * ref_price_e6 // SIZE_SCALE)
    low, high = sorted(div_floor(size_delta_e8 * edge, SIZE_SCALE * BPS) for edge in edges_e10)
    if low <= quote_delta_atoms <= high:
        return quote_delta_atoms
    return clamp(quote_delta_atoms, i64("band_atoms", low), i64("band_atoms", high))


def net_fill(
    position: PositionState,
    market: MarketState,
    size_delta_e8: int,
    quote_delta_atoms: int,
    *,
    ref_price_e6: int,
    band_bps: int,
) -> States:
    """Apply the net of several fills to a touched position (rule 3).

    What the net paid beyond the band around the reference price is realized at once; the rest is a fill. A
    net and its single fills agree on size and on collateral − cost, not on each alone.
    """
    opened = net_fill_quote_atoms(size_delta_e8, quote_delta_atoms, ref_price_e6, band_bps)
    realized = i64("realized_atoms", opened - quote_delta_atoms)
    position = replace(
        position, collateral_atoms=i64("collateral_atoms", position.collateral_atoms + realized)
    )
    market = replace(market, collateral_sum_atoms=market.collateral_sum_atoms + realized)
    return fill(position, market, size_delta_e8, opened)


def charge_fee(position: PositionState, market: MarketState, fee: int) -> States:
    """``C −= fee; accrued += fee`` (rule 4); a negative fee is a maker's rebate."""
    return (
        replace(position, collateral_atoms=i64("collateral_atoms", position.collateral_atoms - fee)),
        replace(
            market,
            collateral_sum_atoms=market.collateral_sum_atoms - fee,
            accrued_fees_atoms=market.accrued_fees_atoms + fee,
        ),
    )


def charge_insurance(position: PositionState, market: MarketState, fee: int) -> States:
    """``C −= fee; accrued insurance += fee``: insurance's share of a liquidation."""
    return (
        replace(position, collateral_atoms=i64("collateral_atoms", position.collateral_atoms - fee)),
        replace(
            market,
            collateral_sum_atoms=market.collateral_sum_atoms - fee,
            accrued_insurance_atoms=market.accrued_insurance_atoms + fee,
        ),
    )


def sweep_fees(market: MarketState) -> tuple[MarketState, int]:
    """Move ``min(accrued, locked)`` out of the pool to the fee ledger; returns the amount too (rule 4)."""
    swept = max(min(market.accrued_fees_atoms, market.locked_atoms), 0)
    return replace(
        market,
        accrued_fees_atoms=market.accrued_fees_atoms - swept,
        locked_atoms=market.locked_atoms - swept,
    ), swept


def settle_overdraft(position: PositionState, market: MarketState, *, closed_side: Side | None) -> States:
    """Bring negative collateral back to zero at the end of an instruction (rules 5 and 6).

    While the position is open the overdraft moves into its cost: fees and funding are paid out of
    unrealized profit. When it is flat the overdraft is a shortfall left behind by `closed_side`, the side
    it held before closing (None, when it was flat all along, counts as long: nobody gained from it).
    """
    overdraft = -position.collateral_atoms
    if overdraft <= 0:
        return position, market
    market = replace(market, collateral_sum_atoms=market.collateral_sum_atoms + overdraft)
    if position.size_e8:
        market = replace(market, cost_sum_atoms=market.cost_sum_atoms + overdraft)
        cost = i64("cost_atoms", position.cost_atoms + overdraft)
        return replace(position, collateral_atoms=0, cost_atoms=cost), market
    if closed_side is Side.SELL:
        market = replace(market, short_shortfall_atoms=market.short_shortfall_atoms + overdraft)
    else:
        market = replace(market, long_shortfall_atoms=market.long_shortfall_atoms + overdraft)
    return replace(position, collateral_atoms=0), market


def cover_from_accrued(market: MarketState, bankrupt_side: Side) -> MarketState:
    """Cover a side's shortfall from insurance that is earned but not yet moved; no tokens move.

    ``x = min(accrued insurance, shortfall)``, taken off both. `resolve_bankruptcy` follows for what is left.
    """
    shortfall = market.shortfall_atoms(bankrupt_side)
    covered = max(min(market.accrued_insurance_atoms, shortfall), 0)
    is_long = bankrupt_side is Side.BUY
    return replace(
        market,
        accrued_insurance_atoms=market.accrued_insurance_atoms - covered,
        long_shortfall_atoms=market.long_shortfall_atoms - (covered if is_long else 0),
        short_shortfall_atoms=market.short_shortfall_atoms - (0 if is_long else covered),
    )


def resolve_bankruptcy(market: MarketState, bankrupt_side: Side) -> MarketState:
    """Cover a side's shortfall from insurance, then from the side that gained (rule 6).

    ``x = min(insurance, shortfall); insurance −= x; locked += x; r = shortfall − x; loss_out += r;
    L_gained += ceil(r · 1e12 / OI)``. Raises `InputError` when a loss is left and nobody is
    open to carry it, or so little is open that the index would pass 2^62.
    """
    shortfall = market.shortfall_atoms(bankrupt_side)
    insured = min(market.insurance_atoms, shortfall)
    rest = shortfall - insured
    gained_side = bankrupt_side.opposite
    interest = market.long_interest_e8 if gained_side is Side.BUY else market.short_interest_e8
    if rest and interest <= 0:
        raise InputError("open_interest_e8", interest, "must be positive while a loss is left to socialize")
    step = div_ceil(rest * INDEX_SCALE, interest) if rest else 0
    if rest and (index := market.loss_index(gained_side) + step) > MAX_INDEX:
        raise InputError("loss_index", index, "must be at most 2^62")
    is_long = gained_side is Side.BUY
    return replace(
        market,
        insurance_atoms=market.insurance_atoms - insured,
        locked_atoms=market.locked_atoms + insured,
        outstanding_loss_atoms=market.outstanding_loss_atoms + rest,
        long_loss_index=i64("long_loss_index", market.long_loss_index + (step if is_long else 0)),
        short_loss_index=i64("short_loss_index", market.short_loss_index + (0 if is_long else step)),
        long_shortfall_atoms=0 if bankrupt_side is Side.BUY else market.long_shortfall_atoms,
        short_shortfall_atoms=0 if bankrupt_side is Side.SELL else market.short_shortfall_atoms,
    )


def add_collateral(position: PositionState, market: MarketState, amount: int) -> States:
    """Lock `amount` atoms of free collateral under the position."""
    return (
        replace(position, collateral_atoms=i64("collateral_atoms", position.collateral_atoms + amount)),
        replace(
            market,
            collateral_sum_atoms=market.collateral_sum_atoms + amount,
            locked_atoms=market.locked_atoms + amount,
        ),
    )


def release_collateral(position: PositionState, market: MarketState, amount: int) -> States:
    """``C −= x; locked −= x`` for ``x ≤ min(C, locked)`` (rule 7); margin is checked by the caller."""
    if amount > position.collateral_atoms:
        raise InputError("amount", amount, f"must be at most the collateral {position.collateral_atoms}")
    if amount > market.locked_atoms:
        raise InputError("amount", amount, f"must be at most the market's pool {market.locked_atoms}")
    return add_collateral(position, market, -amount)
