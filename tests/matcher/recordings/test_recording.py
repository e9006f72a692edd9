"""Recognizing a file by its content, and refusing what cannot be used."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from gdx_matcher.recordings import RecordingError, open_recording

from gdx_sdk.errors import InputError

LOBSTER = ("34200.004241176,1,16113575,18,5853300,1", "34200.1,3,16113575,18,5853300,1")
DATABENTO = (
    "order_id,ts_event,action,side,price,size,flags",
    "7,1703422805243925307,A,B,4799000000000,2,130",
)
BITSTAMP = (
    '1430438404518 order_created {"price": "236.47", "amount": "2.0", "id": 65595247, "order_type": 0}',
)
BINANCE = (
    '1680652700441533 {"stream":"btcusdt@trade","data":{"e":"trade","E":1,"T":1680652700452,'
    '"s":"BTCUSDT","t":1,"p":"28145.10","q":"0.002","X":"MARKET","m":true}}',
)
HYPERLIQUID = ('1737918843893903000 {"channel":"l2Book","data":{"coin":"BTC","levels":[[],[]],"time":1}}',)
DYDX = (
    "wss://api.dydx.exchange/v3/ws <-> 1635444230.6",
    'wss://api.dydx.exchange/v3/ws <- 1635444230.7: {"type":"subscribe","channel":"v3_orderbook","id":"E"}',
)
TRADES = ("Side;Qty;Price;Timestamp", "BUY;0.5;1666.8;1675329600138")
BARS = ("close,date,open,low,high", "2,2021-11-17T01:00:00+00:00,1,0.5,3")
KLINES = ("1637110800000,1.0801,1.09758,1.07654,1.07925,3153694.6,1637114399999",)
FUNDING = ("BTCUSDT,1759276800000,0.00003355,113988.70000000",)


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (LOBSTER, "lobster"),
        (DATABENTO, "databento"),
        (BITSTAMP, "bitstamp"),
        (BINANCE, "binance"),
        (HYPERLIQUID, "hyperliquid"),
        (DYDX, "dydx"),
        (TRADES, "trades"),
        (BARS, "bars"),
        (KLINES, "bars"),
        (FUNDING, "bars"),
    ],
)
def test_the_content_decides_not_the_name(write_recording, lines, name, zipped) -> None:
    recording = open_recording(write_recording(*lines, zipped=zipped, name="orders.csv.zip.jpg"))
    assert recording.format.name == name
    list(recording.actions())


def test_a_byte_order_mark_windows_line_ends_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.write_bytes(b"\xef\xbb\xbf\r\n" + "\r\n\r\n".join(LOBSTER).encode() + b"\r\n")
    assert len(list(open_recording(path).actions())) == 2


def test_actions_can_be_read_again(write_recording) -> None:
    recording = open_recording(write_recording(*LOBSTER, zipped=True))
    assert list(recording.actions()) == list(recording.actions())


def test_the_profile_says_what_market_fits(write_recording) -> None:
    profile = open_recording(write_recording(*TRADES, "SELL;0.25;1666.79;1675329600139")).profile()
    assert profile.price_e6 == 1_666_800_000
    assert profile.tick_e6 == 10_000
    assert profile.lot_e8 == 25_000_000


def refusal(path: Path) -> str:
    """The sentence; also: the error is an InputError that names the file."""
    with pytest.raises(RecordingError) as caught:
        list(open_recording(path).actions())
    assert isinstance(caught.value, InputError)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "absent")


def test_folder(tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path)


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    assert "is empty" in refusal(path)


def test_empty_gzip_and_blank_lines(write_recording) -> None:
    assert "is empty" in refusal(write_recording(end="", zipped=True))
    assert "only blank lines" in refusal(write_recording("", " ", ""))


def test_corrupt_gzip(tmp_path: Path) -> None:
    content = bytearray(gzip.compress("\n".join(LOBSTER * 200).encode()))
    content[40] ^= 0xFF
    path = tmp_path / "corrupt"
    path.write_bytes(bytes(content))
    assert "corrupt gzip" in refusal(path)


def test_truncated_gzip_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    path = tmp_path / "truncated"
    path.write_bytes(gzip.compress("\n".join(LOBSTER * 200).encode())[:-9])
    with pytest.raises(RecordingError, match="truncated gzip"):
        open_recording(path)


def test_other_archives_are_named(tmp_path: Path) -> None:
    path = tmp_path / "archive"
    path.write_bytes(b"\x28\xb5\x2f\xfd" + bytes(40))
    assert "zstd" in refusal(path)


def test_unknown_format_says_what_was_tried(write_recording) -> None:
    text = refusal(write_recording("# a title", "and prose"))
    assert "line 1" in text
    assert "# a title" in text
    assert "LOBSTER messages" in text
    assert "bars csv" in text


def test_binary_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "binary"
    path.write_bytes(bytes(range(128, 256)) * 10)
    assert "UTF-8" in refusal(path)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("5859400,200,5853300,18,5859800,200,5853200,18", "message file"),
        ('wss://www.bitmex.com/realtime <- 1626993367.8: {"op":"subscribe"}', "BitMEX"),
        ('{"channel": "allDexsAssetCtxs"}', "JSON document"),
        ("ts_recv,ts_event,rtype,action,side,price,size,flags", "market-by-order"),
    ],
)
def test_what_looks_familiar_is_refused_with_a_hint(write_recording, line, part) -> None:
    assert part in refusal(write_recording(line))


def test_a_malformed_line_in_the_middle_is_refused_with_its_number(write_recording) -> None:
    text = refusal(write_recording(LOBSTER[0], "34200.2,9,1,1,1,1", LOBSTER[1]))
    assert "line 2: type = '9'" in text


def test_blank_lines_count_in_line_numbers(write_recording) -> None:
    assert "line 4" in refusal(write_recording(LOBSTER[0], "", "", "nonsense", LOBSTER[1]))


def test_a_malformed_last_line_with_a_line_end_is_refused(write_recording) -> None:
    assert "line 2" in refusal(write_recording(LOBSTER[0], "34200.2,1,5"))


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
def test_a_last_line_cut_short_ends_the_recording_with_a_warning(write_recording, zipped) -> None:
    recording = open_recording(write_recording(LOBSTER[0], "34200.2,1,5", end="", zipped=zipped))
    assert len(list(recording.actions())) == 1
    assert "line 2 is cut short" in recording.warnings[0]


def test_a_file_of_one_broken_line_is_refused(write_recording) -> None:
    assert "line 1" in refusal(write_recording('1680652700441533 {"stream":"btcusdt@trade","da', end=""))


def test_long_values_are_shortened_in_messages(write_recording) -> None:
    assert len(refusal(write_recording("x" * 5_000))) < 700
