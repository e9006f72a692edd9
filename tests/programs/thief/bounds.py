"""The most each thief can take, derived from limits on chain. `docs/security.md` shows these figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .stated_market import HOUR, Honest

BPS, PPM, E9 = 10_000, 10**6, 10**9


def notional_limit_atoms(one: Honest, limits: Mapping[str, int], price_e6: int) -> int:
    """The largest position this user can be put into: equity times leverage, up to the market's largest
    size."""
    times = min(one.leverage, BPS // limits["initial_margin_ratio_bps"])
    held = abs(one.size_e8) * price_e6 // 10**8
    return max(min(one.equity_atoms * times, limits["max_position_size_e8"] * price_e6 // 10**8), held)


def relayer_loss_atoms(
    one: Honest,
    limits: Mapping[str, int],
    settings: Mapping[str, int],
    *,
    max_rate_e9: int,
    price_e6: int,
    seconds: int,
) -> int:
    """What a stolen relayer key can take from one user within `seconds` while the price stands still.

    1. *Settling.* A position's counter holds what batches took at the present price, fees of added risk
       included. It is refused above `L = max(floor, share · equity)`, and it forgets the share `elapsed /
       hour` of what it holds, so at most `L` per hour. All that is ever counted in `s` seconds is therefore
       at most `L · (1 + s / hour)`.
    2. *Fees that are not counted* are those of closing. Σ fee of a batch is at least (maker + taker) ·
       notional, so closing `N` pays a thief at most its rebate `|maker| · N`, and opening had cost it what
       the user did not pay. Opening and closing `N` where the user pays the share `a` of it when it opens
       leaves the thief `a − (maker + taker) − maker` at most, and counts `a`: at most `κ = max(1, −2 · maker
       / taker)` per atom counted. What was open before the theft closes once more, for `|maker| · N₀`.
    3. *Funding.* Prints at the band's edge put the rate at its clamp, at each full hour that passes, on the
       largest position that the user can be put into.
    4. *Liquidation.* If 1 to 3 can bring the user below maintenance at that size, count all of the equity.

    A batch is refused when it leaves a position that lost anything without equity, so nobody loses more than
    it has (but for a closing fee, which is not the thief's), and insurance is not touched.
    """
    equity, hours = one.equity_atoms, seconds // HOUR + 1
    maker, taker = limits["maker_fee_ppm"], limits["taker_fee_ppm"]
    allowance = max(settings["slippage_floor_atoms"], equity * settings["slippage_share_bps"] // BPS)
    counted = allowance + -(-allowance * seconds // HOUR)
    counted = max(counted, -(-counted * -2 * maker // taker) if maker < 0 < taker else 0)
    closing = -(-abs(one.size_e8) * price_e6 // 10**8 * max(-maker, 0) // PPM)
    most = notional_limit_atoms(one, limits, price_e6)
    funding = -(-most * max_rate_e9 * hours // E9)
    taken = counted + closing + funding
    is_safe = equity - taken >= -(-most * limits["maintenance_margin_ratio_bps"] // BPS)
    return taken if is_safe else equity


def relayer_gain_atoms(
    honest: Iterable[Honest],
    limits: Mapping[str, int],
    settings: Mapping[str, int],
    *,
    max_rate_e9: int,
    price_e6: int,
    seconds: int,
) -> int:
    """The sum of `relayer_loss_atoms` over everybody: more accounts of the thief's add nothing to it."""
    terms = {"max_rate_e9": max_rate_e9, "price_e6": price_e6, "seconds": seconds}
    return sum(relayer_loss_atoms(one, limits, settings, **terms) for one in honest)
