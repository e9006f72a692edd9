"""Recordings of real markets, replayed through the matcher.

`open_recording` recognizes a file by its content; `Recording.actions` reads it as typed actions; `Replayer`
turns those into commands for the engine and counts how many of the venue's trades come out the same.
"""

from __future__ import annotations

from gdx_matcher.recordings.accounts import AccountSpread
from gdx_matcher.recordings.errors import RecordingError
from gdx_matcher.recordings.formats import FORMATS, RecordingKind
from gdx_matcher.recordings.recording import Profile, Recording, open_recording
from gdx_matcher.recordings.replayer import Replayer, Step
from gdx_matcher.recordings.stats import Mismatch, ReplayStats

__all__ = [
    "FORMATS",
    "AccountSpread",
    "Mismatch",
    "Profile",
    "Recording",
    "RecordingError",
    "RecordingKind",
    "ReplayStats",
    "Replayer",
    "Step",
    "open_recording",
]
