"""Errors that no transaction leads to."""

from __future__ import annotations

from collections.abc import Mapping

UNREACHABLE: Mapping[str, str] = {
    "NegativeCollateral": "every instruction that can overdraw a position moves the overdraft into cost or "
    "shortfall before it stores it, and a release above the collateral is refused first",
}
