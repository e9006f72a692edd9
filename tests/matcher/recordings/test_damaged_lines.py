"""Random damage to recordings of every format: read, or refused as a recording, never anything else."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from gdx_matcher.recordings import RecordingError, open_recording

LOBSTER = [f"34200.{n:03},{1 + n % 5},{n},{5 + n},58533{n % 10}0,{1 - 2 * (n % 2)}" for n in range(30)]
DATABENTO = ["ts_recv,action,side,price,size,order_id,flags"] + [
    f"171512640148943850{n % 10},{'ATFCM'[n % 5]},{'AB'[n % 2]},5214250000000,{n % 4},{n // 5},{n % 2 * 128}"
    for n in range(30)
]
BITSTAMP = [
    f"1430438404{n:03} {('order_created', 'order_changed', 'order_deleted', 'trade')[n % 4]} "
    f'{{"price": "236.{n % 5}0", "amount": "{n % 3}.5", "id": {n // 4}, "order_type": {n % 2}}}'
    for n in range(30)
]
BINANCE = [
    f'16806527004{n:02}000 {{"stream":"x@depth","data":{{"e":"depthUpdate","T":{n},"s":"X","U":{n},"u":{n},'
    f'"pu":{n - 1},"b":[["28145.1{n % 10}","{n % 2}.5"]],"a":[["28146.10","1"]]}}}}'
    for n in range(15)
] + [
    f'16806527005{n:02}000 {{"stream":"x@trade","data":{{"e":"trade","T":{n},"s":"X","t":{n},"p":"28145.10",'
    f'"q":"0.002","X":"MARKET","m":true}}}}'
    for n in range(15)
]
HYPERLIQUID = [
    f'17379188438939030{n:02} {{"channel":"l2Book","data":{{"coin":"BTC",'
    f'"levels":[[{{"px":"1{n}","sz":"3"}}],[]]}}}}'
    for n in range(30)
]
TRADES = ["timestamp,side,price,amount"] + [f"16753296001{n:02},buy,1666.{n},0.{n + 1}" for n in range(30)]
BARS = ["date,open,high,low,close"] + [f"2021-11-17T{n:02}:00:00+00:00,1.1,1.2,1.0,1.15" for n in range(20)]
DYDX = ['wss://x/v3/ws <- 1635444230.7: {"channel":"v3_orderbook"}'] + [
    f'1635444230.{n}: {{"type":"channel_data","channel":"v3_orderbook","id":"E","contents":{{"offset":"{n}",'
    f'"bids":[["1.{n}","2"]],"asks":[]}}}}'
    for n in range(20)
]
NOISE = '0123456789abcdefANT.,;:"{}[]-+ \\\n\t\u00e9\u0663'


def damaged(lines: list[str], rng: random.Random) -> str:
    """The text with a few characters replaced, dropped, doubled or moved."""
    text = "\n".join(lines) + "\n"
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text) + 1)
        change = rng.randrange(4)
        if change == 0:
            text = text[:at] + rng.choice(NOISE) + text[at + 1 :]
        elif change == 1:
            text = text[:at] + text[at + rng.randint(1, 8) :]
        elif change == 2:
            text = text[:at] + text[at : at + rng.randint(1, 30)] + text[at:]
        else:
            text = text[:at]
    return text


@pytest.mark.parametrize(
    "lines",
    [LOBSTER, DATABENTO, BITSTAMP, BINANCE, HYPERLIQUID, TRADES, BARS, DYDX],
    ids=["lobster", "databento", "bitstamp", "binance", "hyperliquid", "trades", "bars", "dydx"],
)
def test_damage_is_refused_as_such(tmp_path: Path, replay: Callable[..., object], lines: list[str]) -> None:
    path = tmp_path / "damaged"
    path.write_text("\n".join(lines) + "\n")
    list(open_recording(path).actions())
    for seed in range(250):
        path.write_text(damaged(lines, random.Random(seed)))
        try:
            replay(path, price_e6=28_145_000_000)
        except RecordingError as error:
            assert str(path) in str(error), f"seed {seed}"  # noqa: PT017  # most damage is not refused
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__} instead of RecordingError") from error
