"""The journal of transactions in flight."""

from __future__ import annotations

from pathlib import Path

import pytest
from gdx_keepers.core.flights import Flight, FlightJournal
from gdx_keepers.errors import Fatal

from gdx_sdk.tx import SignedTransaction
from tests.keepers.keeper_fakes import MARKET, OTHER_MARKET


def flight(sequence: int, signature: str = "sig") -> Flight:
    return Flight(MARKET, sequence, bytes([sequence] * 32), SignedTransaction(signature, b"\x00\xffraw", 77))


def test_what_was_recorded_is_read_back_by_another_process(tmp_path: Path) -> None:
    FlightJournal(tmp_path).record(flight(2))
    FlightJournal(tmp_path).record(flight(1))
    again = FlightJournal(tmp_path)
    assert again.flights(MARKET) == [flight(1), flight(2)]
    assert again.flights(OTHER_MARKET) == []


def test_recording_and_forgetting_twice_changes_nothing(tmp_path: Path) -> None:
    journal = FlightJournal(tmp_path)
    journal.record(flight(1))
    journal.record(flight(1))
    journal.record(flight(1, "other"))
    assert len(journal.flights(MARKET)) == 2
    journal.forget(flight(1))
    journal.forget(flight(1))
    assert journal.flights(MARKET) == [flight(1, "other")]


def test_a_half_written_file_of_a_killed_process_is_not_read(tmp_path: Path) -> None:
    journal = FlightJournal(tmp_path)
    journal.record(flight(1))
    (tmp_path / str(MARKET) / ".00000000000000000002-x.json.77.tmp").write_text('{"mark')
    assert journal.flights(MARKET) == [flight(1)]


@pytest.mark.parametrize("content", ["{", "[]", '{"market": "x"}', '{"market": 5}'])
def test_a_damaged_file_stops_the_relayer_and_is_named(tmp_path: Path, content: str) -> None:
    journal = FlightJournal(tmp_path)
    journal.record(flight(1))
    damaged = tmp_path / str(MARKET) / "00000000000000000002-x.json"
    damaged.write_text(content)
    with pytest.raises(Fatal, match=damaged.name):
        journal.flights(MARKET)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    journal = FlightJournal(tmp_path)
    journal.lock()
    with pytest.raises(Fatal, match="another relayer process"):
        FlightJournal(tmp_path).lock()
    del journal
    FlightJournal(tmp_path).lock()
