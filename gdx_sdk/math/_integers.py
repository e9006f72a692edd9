"""Integer division with its rounding spelled out, and the ranges the programs check."""

from __future__ import annotations

from gdx_sdk.errors import InputError
from gdx_sdk.units import I64_MAX, I64_MIN, U64_MAX


def div_floor(numerator: int, denominator: int) -> int:
    """Quotient rounded toward −∞."""
    return numerator // denominator


def div_ceil(numerator: int, denominator: int) -> int:
    """Quotient rounded toward +∞."""
    return -(-numerator // denominator)


def div_trunc(numerator: int, denominator: int) -> int:
    """Quotient rounded toward zero; `denominator` is positive."""
    return numerator // denominator if numerator >= 0 else -(-numerator // denominator)


def i64(field: str, value: int) -> int:
    """`value`, or `InputError` when the programs' i64 would overflow."""
    if not I64_MIN <= value <= I64_MAX:
        raise InputError(field, value, "does not fit in i64")
    return value


def u64(field: str, value: int) -> int:
    """`value`, or `InputError` when the programs' u64 would overflow."""
    if not 0 <= value <= U64_MAX:
        raise InputError(field, value, "does not fit in u64")
    return value


def clamp(value: int, low: int, high: int) -> int:
    """`value` moved to the nearest end of [low, high]."""
    return max(low, min(high, value))
