"""Limits and times of connections and streams."""

from __future__ import annotations

from dataclasses import dataclass, fields

from gdx_sdk.errors import InputError


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """Every limit has a default that suits a public endpoint; seconds unless the name says otherwise.

    max_queue        notifications that may wait for the reader of one stream; one more is `StreamOverflow`
    reconcile_s      how often a quiet stream is compared with the chain (None: never)
    max_lag_slots    how far the socket may fall behind the endpoint's own slot before it counts as stalled
    backoff_*_s      the wait before connecting again: doubles from the first to the last, with jitter
    ping_*_s         a peer that does not answer a ping in time is gone
    """

    open_timeout_s: float = 10.0
    request_timeout_s: float = 10.0
    close_timeout_s: float = 2.0
    ping_interval_s: float = 10.0
    ping_timeout_s: float = 10.0
    max_frame_bytes: int = 64 * 1024 * 1024
    max_queue: int = 10_000
    reconcile_s: float | None = 30.0
    max_lag_slots: int = 50
    backoff_first_s: float = 0.25
    backoff_last_s: float = 10.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and not value > 0:
                raise InputError(field.name, value, "must be above 0")
