"""The page of costs is what the committed figures say, and the check that guards the figures can fail."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from bench import compute
from bench.costs import batches, compare, page, sizes, spread, suite
from gdx_sdk.batch import Trade
from gdx_sdk.programs import PROGRAM_IDS, load
from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import idl
from tests.programs.harness.vault_world import VaultWorld
from tests.programs.position_mgmt.market import V1, V2

SENT: dict[str, Any] = json.loads(compute.SENT.read_text())
BATCHES: dict[str, Any] = json.loads(compute.BATCHES.read_text())


def test_the_page_is_current() -> None:
    assert page.PAGE.read_text() == page.render(), "make compute"


def test_every_instruction_has_its_figures() -> None:
    assert list(SENT) == sorted(PROGRAM_IDS)
    for program, rows in SENT.items():
        assert set(rows) == set(idl(program).instructions), f"{program}: make compute"
        for name, row in rows.items():
            assert list(row) == ["min", "median", "max", "cases"], name
            assert 0 < row["min"] <= row["median"] <= row["max"], name
            assert row["cases"] > 0, name


def test_figures_within_the_tolerance_pass() -> None:
    changed = copy.deepcopy(SENT)
    changed["position_mgmt"]["settle_batch"]["max"] += 1_900  # under 2 % of 98,000 and more
    changed["position_mgmt"]["beat"]["min"] += 100
    changed["position_mgmt"]["beat"]["cases"] += 1
    assert list(compare.differences("sent", SENT, changed)) == []


@pytest.mark.parametrize("figure", compare.FIGURES)
def test_a_figure_that_is_off_is_named(figure: str) -> None:
    changed = copy.deepcopy(SENT)
    changed["position_mgmt"]["beat"][figure] += 101
    (said,) = compare.differences("sent", SENT, changed)
    assert f"position_mgmt.beat {figure} was" in said


def test_an_instruction_that_comes_or_goes_is_named() -> None:
    changed = copy.deepcopy(SENT)
    del changed["oracle"]["set_limits"]
    assert list(compare.differences("sent", SENT, changed)) == [
        "sent: oracle.set_limits is not measured any more"
    ]
    assert "oracle.set_limits is new" in next(compare.differences("sent", changed, SENT))


def test_a_smaller_batch_is_named() -> None:
    changed = copy.deepcopy(BATCHES)
    changed["one_warm_table"]["v1"]["trades"] -= 1
    changed["settle_batch_units"]["fixed"] += 2_000
    said = list(compare.plain_differences("settling", BATCHES, changed))
    assert said == [
        f"settling one_warm_table v1 trades was {BATCHES['one_warm_table']['v1']['trades']}, "
        f"is {changed['one_warm_table']['v1']['trades']}",
        f"settling settle_batch_units fixed was {BATCHES['settle_batch_units']['fixed']:,}, "
        f"is {changed['settle_batch_units']['fixed']:,}",
    ]


def test_a_budget_that_is_missed_is_named() -> None:
    dear = copy.deepcopy(SENT)
    dear["collateral_vault"]["deposit"]["max"] = compare.MOST_UNITS["collateral_vault", "deposit"] + 1
    now = compare.budgets(SENT, BATCHES)
    assert now == BATCHES["budgets"]
    assert list(compare.broken_promises(now)) == []
    (said,) = compare.broken_promises(compare.budgets(dear, BATCHES))
    assert "deposit is missed" in said


def test_a_reason_excuses_a_miss_and_is_named_once_it_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    budgets = compare.budgets(SENT, BATCHES)
    name = next(name for name in budgets if "V2, per position" in name)
    monkeypatch.setattr(compare, "KNOWN_MISSES", {name: "the reason"})
    (said,) = compare.broken_promises(budgets)
    assert "V2, per position holds again" in said
    dear = copy.deepcopy(BATCHES)
    dear["settle_batch_units"]["v2_per_position"] = compare.MOST_PER_POSITION + 1
    assert list(compare.broken_promises(compare.budgets(SENT, dear))) == []


def test_samples_of_several_processes_add_up(tmp_path: Path) -> None:
    for name, units in (("gw0", {"7": 2}), ("gw1", {"5": 1, "7": 1}), ("alone", {})):
        tables = {"sent": {"oracle.publish_price": units} if units else {}, "called": {}}
        (tmp_path / f"{name}.json").write_text(json.dumps(tables))
    sent, called = suite.add_up(sorted(tmp_path.iterdir()))
    assert suite.table_of(sent) == {
        "oracle": {"publish_price": {"min": 5, "median": 7, "max": 7, "cases": 4}}
    }
    assert called == {}


@pytest.mark.parametrize("version", [V1, V2])
def test_a_cut_batch_is_full_and_settles(version: int) -> None:
    crowd = spread.Crowd(batches.make_market(), 520)
    placement = spread.Placement(crowd.market, crowd.positions)
    assert [len(table.addresses) for table in placement.tables] == [256, 256, 5 + 520 - 2 * 251]
    flow, waiting = spread.Flow(crowd.market, crowd.positions, [1] * 520, seed=3), list[Trade]()
    cut = placement.cut(version, flow, waiting)
    assert len(cut.tables) > 1, "the users are spread"
    assert placement.usage(version, cut.trades)[0]
    assert not placement.usage(version, [*cut.trades, *waiting[:2]])[0], "two more trades do not fit"
    assert crowd.settle(cut) > 0


def test_a_table_that_holds_one_position_is_not_worth_its_bytes() -> None:
    crowd = spread.Crowd(batches.make_market(), 520)
    placement = spread.Placement(crowd.market, crowd.positions)
    first, second = placement.tables[:2]
    in_first, in_second = crowd.positions[:3], crowd.positions[251:253]
    assert placement.tables_for([*in_first, in_second[0]]) == [first]
    assert placement.tables_for([*in_first, *in_second]) == [first, second]


def test_a_summary_is_made_of_values() -> None:
    shown = spread.summary([5, 1, 9, 3, 7, 2])
    assert shown == {"min": 1, "p10": 1, "median": 3, "p90": 7, "max": 9}


def test_rent_is_what_the_chain_asks() -> None:
    chain = Chain()
    chain.send(VaultWorld(chain).create_vault())
    for row in (*sizes.programs(), *sizes.exchange(), *sizes.market(), *sizes.user(), *sizes.session_user()):
        asked = chain.svm.minimum_balance_for_rent_exemption(row.size_bytes)
        assert row.rent_lamports == asked == (row.size_bytes + 128) * 6_960, row


def test_deployed_programs_have_the_sizes_that_are_shown() -> None:
    rows = {row.name: row.size_bytes for row in sizes.programs() if row.purpose == "ProgramData"}
    assert rows == {name: 45 + len(load(name).elf) for name in PROGRAM_IDS}
    assert sizes.sol(1_234_567_890_123) == "1,234.567890123"
