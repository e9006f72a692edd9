"""The closing object and table."""

from __future__ import annotations

import json

from gdx_cli.demo.report import DemoReport, KeptChain

KEYS = {
    "recording",
    "orders",
    "trades",
    "trades_recorded",
    "trades_synthetic",
    "venue_trades",
    "batches",
    "positions",
    "liquidations",
    "funding_periods",
    "deposits",
    "withdrawals",
    "compute_units",
    "seconds",
    "proofs",
}


def make() -> DemoReport:
    report = DemoReport(
        recording={"file": "a.gz", "format": "lobster", "kind": "orders", "symbol": "AAPL-PERP"},
        orders=2_000,
        trades_recorded=94,
        trades_synthetic=6,
        venue_known=94,
        venue_reproduced=93,
        funding_paid_atoms=1_239_999,
        rent_lamports=1_568_000_000,
        matcher_seconds=0.5,
        proofs={"vault_ledger_equals_tokens": True, "sizes_sum_to_zero": True},
    )
    report.refusals["price_band"] += 3
    for units in (10, 21):
        report.count_units("liquidate", units)
    return report


def test_the_object_has_every_key_and_is_json() -> None:
    shown = make().as_json()
    assert set(shown) >= KEYS
    assert json.loads(json.dumps(shown)) == shown
    assert shown["trades"] == 100
    assert shown["compute_units"] == {"liquidate": {"count": 2, "mean": 15, "max": 21}}
    assert (shown["orders_per_second"], shown["trades_per_second"]) == (4_000, 200)
    assert shown["venue_trades"]["known"] == 94
    assert shown["refusals"] == {"price_band": 3}


def test_the_table_says_the_same_in_words() -> None:
    table = make().table()
    for text in (
        "100 = 94 recorded + 6 synthetic",
        "93 of 94 reproduced",
        "3 price band",
        "1.23 USDT paid",
        "1.568 SOL",
        "proven  sizes sum to zero",
    ):
        assert text in table
    assert "stays up" not in table


def test_a_kept_chain_is_named_with_the_way_to_stop_it() -> None:
    report = make()
    report.kept = KeptChain("http://127.0.0.1:1", 77, "/tmp/x")
    assert "the chain stays up at http://127.0.0.1:1; stop it with: kill 77" in report.table()
    assert report.as_json()["endpoint"] == "http://127.0.0.1:1"


def test_only_proofs_that_all_hold_make_a_run_proven() -> None:
    report = make()
    assert report.is_proven
    report.proofs["sizes_sum_to_zero"] = False
    assert not report.is_proven
    assert "FAILED  sizes sum to zero" in report.table()
    report.proofs = {}
    assert not report.is_proven


def test_without_a_matched_order_there_is_no_rate() -> None:
    assert DemoReport().as_json()["orders_per_second"] == 0
