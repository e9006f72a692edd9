"""Errors that no transaction leads to."""

from __future__ import annotations

from collections.abc import Mapping

UNREACHABLE: Mapping[str, str] = {
    "MathOverflow": "an average moves by at most its distance from the sample, and prices of at most 1e15 "
    "leave room for three more digits in 64 bits; even planted averages do not overflow",
}
