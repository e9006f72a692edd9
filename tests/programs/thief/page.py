"""The tables of `docs/security.md`, from the constants that the suite asserts. `python -m` this module writes
them."""

from __future__ import annotations

from pathlib import Path

from tests.programs.harness.tokens import USDT
from tests.programs.position_mgmt.market import ONE

from . import stated_market as stated
from . import (
    test_liquidator,
    test_publisher,
    test_relayer,
    test_roles,
    test_session_key,
    test_user,
    test_withdrawals,
)
from .powers import POWERS, SET_UP

PAGE = Path(__file__).resolve().parents[3] / "docs" / "security.md"
Row = tuple[str, ...]


def figures() -> list[Row]:
    """Who, the most it takes, and where that comes from."""
    relayer = test_relayer.STATED_USDT
    total = sum(one.equity_atoms for one in stated.HONEST) // USDT
    withdrawn, each = test_withdrawals.STATED_USDT, test_withdrawals.STATED_PER_ACCOUNT_USDT
    at_once = (relayer[0], "slippage allowances once, one hour's funding")
    hour = (relayer[test_relayer.HOUR], "allowances twice, two hours' funding")
    day = (relayer[test_relayer.DAY], "allowances and funding of 25 hours, and who is liquidated by that")
    edge = f"{test_publisher.STATED_BPS} bps of the price"
    return [
        ("thief", "at most", "derived from"),
        *(
            (f"relayer key, guardian acts {when}", f"{usdt:,} USDT of {total:,}", source)
            for when, (usdt, source) in (("at once", at_once), ("in an hour", hour), ("in a day", day))
        ),
        (
            "anybody's balance, out of the vault in an hour",
            f"{withdrawn:,} USDT, {each} per account, and deposits then or remembered from before",
            "the withdrawal limit, and what fades of it; the minimum per account; it bounds the net",
        ),
        (
            "session key, 100 USDT approved",
            f"{test_session_key.STATED_LOSS_USDT} USDT",
            "moves what is approved into the user's own collateral",
        ),
        ("one publisher of three", edge, "how far the two honest ones are apart"),
        (
            "the same, with a liquidator",
            f"{test_publisher.STATED_USDT} USDT per 50,000",
            "the fee on positions within that distance of liquidation",
        ),
        (
            "hostile liquidator",
            f"{test_liquidator.STATED_FEE_USDT} USDT per 50,000",
            "the liquidation fee less insurance's share, on what is due",
        ),
        (
            f"two own accounts, a jump of {test_liquidator.JUMP_BPS // 100} % at once",
            f"{test_liquidator.STATED_JUMP_USDT:,} USDT of 800,000",
            "(jump − initial margin) · notional",
        ),
        (
            "admin key alone, within the delay",
            f"{test_roles.STATED_USDT} USDT",
            "everything about money waits",
        ),
        (
            "guardian key alone",
            f"0 USDT, {test_roles.STATED_PAUSE_HOURS} hours of releases and withdrawals",
            "the pauses lapse",
        ),
        (
            "a user, by crumbs, funding or losses",
            f"{test_user.STATED_USDT} atoms",
            "who benefits is rounded against",
        ),
    ]


def market() -> list[Row]:
    """The stated market's limits."""
    limits, settings, feed = stated.LIMITS, stated.SETTINGS, stated.FEED_LIMITS
    honest = ", ".join(f"{one.equity_atoms // USDT:,} at {one.leverage}×" for one in stated.HONEST)
    fees = f"{limits['maker_fee_ppm']} / {limits['taker_fee_ppm']} / {limits['liquidation_fee_ppm']} ppm"
    margins = f"{limits['initial_margin_ratio_bps']} / {limits['maintenance_margin_ratio_bps']} bps"
    share = (
        f"{settings['slippage_floor_atoms'] // USDT} USDT or {settings['slippage_share_bps']} bps of equity"
    )
    return [
        ("limit", "value"),
        ("price, and its range in the hour before", f"{stated.PRICE_E6 // 10**6:,} USDT ± 1 %"),
        ("honest equities, USDT at the leverage chosen", honest),
        ("a position's loss to settling per hour", f"the larger of {share}"),
        (
            "a market's distance from the range per hour",
            f"{limits['max_slippage_per_hour_atoms'] // USDT:,} USDT",
        ),
        ("price band", f"{limits['price_band_bps']} bps"),
        ("initial / maintenance margin", margins),
        ("maker / taker / liquidation fee", fees),
        ("largest position, open interest", f"{limits['max_position_size_e8'] // ONE} / 100 base units"),
        ("funding clamp", f"{stated.MAX_RATE_E9 / 10**7:.2f} % per hour"),
        ("feed: deviation, confidence, stale", f"{feed['max_deviation_bps']} bps, 100 bps, 60 s"),
        ("insurance", f"{stated.INSURANCE_ATOMS // USDT:,} USDT"),
        ("delay", f"{stated.DELAY_SECONDS // 3_600} hours"),
    ]


def powers() -> list[Row]:
    """Every instruction of a privileged key."""
    rows = [(f"`{name}`", kind, text) for name, (kind, text) in POWERS.items() if kind != SET_UP]
    return [("instruction", "when", "what it may"), *sorted(rows, key=lambda row: (row[1], row[0]))]


def rendered(page: str) -> str:
    """The page with its tables as the suite has them."""
    for name, rows in (("figures", figures()), ("market", market()), ("powers", powers())):
        start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = page.partition(start)
        _, _, after = rest.partition(end)
        assert after, f"docs/security.md has no table called {name}"
        head, *body = rows
        lines = [head, tuple("---" for _ in head), *body]
        page = before + start + "".join(f"| {' | '.join(line)} |\n" for line in lines) + end + after
    return page


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text()))
