"""Real recordings through the engine: price-time priority against reality."""

from __future__ import annotations

from pathlib import Path

import pytest
from gdx_matcher.recordings import RecordingError, RecordingKind, open_recording

pytestmark = pytest.mark.recordings

HOUR = "l3_lobster_nasdaq_AAPL_20120621_0930-1030_message_50.csv.gz"
HEAD = "l3_lobster_nasdaq_AAPL_20120621_head999_message_10.csv.gz"


def test_an_hour_of_lobster(market_data, replay) -> None:
    stats = replay(market_data / HOUR).replayer.stats
    assert stats.known == 4_055
    assert stats.reproduced >= 4_031
    assert stats.known - stats.reproduced == len(stats.mismatches) == stats.mismatch_count
    assert stats.unknown == 12
    assert stats.trades_recorded == 4_055
    assert not stats.refused
    assert set(stats.off_book) == {"hidden order"}


def test_a_minute_of_lobster(market_data, replay) -> None:
    assert replay(market_data / HEAD).replayer.stats.venue_trades() == {"known": 94, "reproduced": 94}


@pytest.mark.parametrize(
    ("name", "known", "reproduced", "unknown"),
    [
        ("l3_bitstamp_BTCUSD_20150501.log.gz", 539, 535, 36),
        ("l3_databento_cme_ESM4_20240508_2s_mbo.csv.gz", 5, 5, 0),
        ("l3_databento_cme_ESH4_20231224_mbo.csv.gz", 0, 0, 0),
        ("perp_hyperliquid_BTC_20250126.jsonl.gz", 34, 34, 0),
        ("perp_dydxv3_multi_20211028.ws.txt.gz", 22, 22, 0),
        ("perp_trades_freqtrade_ETHUSDT_20230202.csv.gz", 0, 0, 1_000),
        ("perp_binance_usdm_BTCUSDT_20230404.jsonl.gz", 2_194, 2_185, 3),
    ],
)
def test_whole_recordings(market_data, replay, name, known, reproduced, unknown) -> None:
    stats = replay(market_data / name).replayer.stats
    assert stats.known == known
    assert stats.reproduced >= reproduced
    assert stats.unknown == unknown
    assert not stats.refused


@pytest.mark.parametrize(
    "name",
    [
        "perp_binance_usdm_BTCUSDT_20230405.jsonl.gz",
        "perp_binance_usdm_BTCUSDT_20240808.jsonl.gz",
        "perp_binance_usdm_ETHUSDT_20240808.jsonl.gz",
        "perp_binance_coinm_BTCUSD_PERP_20240808.jsonl.gz",
    ],
)
def test_the_first_trades_of_long_recordings(market_data, replay, name) -> None:
    """At least nine of ten trades at a level that we mirrored are made against it, in full, at its price."""
    stats = replay(market_data / name, band_bps=200, max_trades=1_500).replayer.stats
    assert stats.trades_recorded == 1_500
    assert stats.known >= 1_350
    assert stats.reproduced * 10 >= stats.known * 9


def test_every_file_is_replayed_or_refused_with_a_sentence(market_data, replay) -> None:
    outcomes = {}
    for path in sorted(market_data.glob("*.gz")):
        try:
            recording = open_recording(path)
            profile = recording.profile()
            assert profile.price_e6 > 0
            if recording.kind is not RecordingKind.PRICES:
                replay(path, max_trades=20)
            outcomes[path.name] = recording.format.name
        except RecordingError:
            outcomes[path.name] = "refused"
    assert list(outcomes.values()).count("refused") == len(REFUSED & outcomes.keys()), outcomes
    for name in REFUSED & outcomes.keys():
        assert outcomes[name] == "refused"


REFUSED = {
    "funding_binance_XRPUSDT_202111_8h-funding_rate.csv.gz",
    "funding_hyperliquid_alldexs_assetctxs_snapshot.json.gz",
    "l3_lobster_nasdaq_AAPL_20120621_head999_orderbook_10.csv.gz",
    "perp_bitmex_multi_20210722.ws.txt.gz",
}


def test_a_real_file_cut_off_is_refused(market_data: Path, tmp_path: Path) -> None:
    content = (market_data / HEAD).read_bytes()
    path = tmp_path / "cut"
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(RecordingError, match="truncated gzip"):
        open_recording(path)
