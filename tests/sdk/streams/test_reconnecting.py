"""How long to wait before connecting again, and to which address."""

from __future__ import annotations

import random

import pytest

from gdx_sdk.streams import websocket_url
from gdx_sdk.streams.backoff import Backoff


def test_the_wait_doubles_with_jitter_and_starts_over_after_success() -> None:
    backoff = Backoff(0.25, 8.0, random.Random(7))
    waits = [backoff.next_s() for _ in range(8)]
    ceilings = [0.25, 0.5, 1, 2, 4, 8, 8, 8]
    assert all(top / 2 <= wait <= top for wait, top in zip(waits, ceilings, strict=True))
    assert backoff.next_s(lived_s=1) > 1, "a connection that dies at once is no success"
    assert backoff.next_s(lived_s=8) <= 0.25


@pytest.mark.parametrize(
    ("http", "websocket"),
    [
        ("http://127.0.0.1:8899", "ws://127.0.0.1:8900"),
        ("https://api.example", "wss://api.example"),
        ("https://api.example:443/v1?key=a:1", "wss://api.example:444/v1?key=a:1"),
        ("http://[::1]:8899/", "ws://[::1]:8900/"),
        ("https://[2001:db8::1]", "wss://[2001:db8::1]"),
    ],
)
def test_the_websocket_that_goes_with_an_endpoint(http: str, websocket: str) -> None:
    assert websocket_url(http) == websocket
