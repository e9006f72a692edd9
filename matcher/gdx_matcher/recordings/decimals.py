"""Numbers and times as venues write them, to whole units, by string arithmetic: never through a float."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Final

from gdx_matcher.recordings.errors import BadLine
from gdx_sdk.units import I64_MAX, PRICE_DECIMALS, SIZE_DECIMALS

_POWERS: Final[tuple[int, ...]] = tuple(10**exponent for exponent in range(40))
_PRINTED_BINARY_DIGITS: Final = 15  # a double printed in full ("236.00999999999999") has 15 digits or more
_MAX_CHARACTERS: Final = 60
_EXACT: Final = Context(prec=200, rounding=ROUND_HALF_EVEN)  # wide enough that no step below rounds early
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def price_e6(text: str, field: str = "price") -> int:
    """A positive price in 1e-6 units, exactly; see `units` for the one exception."""
    return _positive(units(text, PRICE_DECIMALS, field), text, field)


def size_e8(text: str, field: str = "size") -> int:
    """A size in 1e-8 base units, zero allowed (an emptied level), exactly."""
    size = units(text, SIZE_DECIMALS, field)
    if size > I64_MAX:
        raise BadLine(field, text, "must fit in 64 bits of 1e-8 units")
    return size


def positive_size_e8(text: str, field: str = "size") -> int:
    """A size in 1e-8 base units that must not be zero."""
    return _positive(size_e8(text, field), text, field)


def observed_price_e6(text: str, field: str = "price") -> int:
    """A mark, index or bar price, nearest 1e-6 (half to even): venues compute these with more digits."""
    return _positive(_nearest(text, PRICE_DECIMALS, field), text, field)


def units(text: str, decimals: int, field: str) -> int:
    """Whole units of 10^-`decimals`; more decimals than that are refused.

    One exception: a number printed with 15 significant digits or more is a binary double written out in
    full (``236.00999999999999``) and means the nearest unit, half to even.
    """
    whole, _, fraction = text.partition(".")
    plain = _is_digits(whole) and (fraction == "" or _is_digits(fraction))
    if not plain or len(text) > _MAX_CHARACTERS:
        return _unusual(text, decimals, field)
    if len(fraction) <= decimals:
        return int(whole + fraction) * _POWERS[decimals - len(fraction)]
    if not fraction[decimals:].strip("0"):
        return int(whole + fraction[:decimals])
    return _unusual(text, decimals, field)


def whole_number(text: str, field: str) -> int:
    """A whole, unsigned number."""
    if not _is_digits(text):
        raise BadLine(field, text, "must be a whole number")
    return int(text)


def time_ms(text: str, field: str = "timestamp") -> int:
    """Milliseconds since 1970 UTC of a unix time (s, ms, µs or ns, told apart by magnitude) or ISO 8601 text.

    A time without a zone is UTC. Below a millisecond is cut off.
    """
    text = text.strip()
    if text.isascii() and text.isdigit():
        return unix_ms(int(text), field)
    whole, dot, fraction = text.partition(".")
    if dot and _is_digits(whole) and _is_digits(fraction):
        if int(whole) < 10**11:
            return int(whole) * 1_000 + int(fraction[:3].ljust(3, "0"))
        return unix_ms(int(whole), field)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadLine(field, text, "must be a unix time in s, ms, µs or ns, or ISO 8601 text") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MILLISECOND


def unix_ms(value: int, field: str = "timestamp") -> int:
    """Milliseconds of a unix time whose unit is told by its magnitude (right for 1973 to 5138)."""
    if value < 10**11:
        return value * 1_000
    if value < 10**14:
        return value
    if value < 10**17:
        return value // 1_000
    if value < 10**20:
        return value // 1_000_000
    raise BadLine(field, value, "must be a unix time in s, ms, µs or ns")


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _positive(value: int, text: str, field: str) -> int:
    if not 0 < value <= I64_MAX:
        raise BadLine(field, text, "must be above zero and fit in 64 bits")
    return value


def _unusual(text: str, decimals: int, field: str) -> int:
    number = _decimal(text, field)
    scaled = _EXACT.scaleb(number, decimals)
    nearest = _EXACT.to_integral_value(scaled)
    if scaled != nearest and len(number.as_tuple().digits) < _PRINTED_BINARY_DIGITS:
        raise BadLine(field, text, f"must be a multiple of 1e-{decimals}")
    return int(nearest)


def _nearest(text: str, decimals: int, field: str) -> int:
    return int(_EXACT.to_integral_value(_EXACT.scaleb(_decimal(text, field), decimals)))


def _decimal(text: str, field: str) -> Decimal:
    """A finite number ≥ 0, refused when it is longer or larger than any price is."""
    if len(text) > _MAX_CHARACTERS or "_" in text:
        raise BadLine(field, text, f"must be a decimal number of at most {_MAX_CHARACTERS} characters")
    try:
        number = Decimal(text.strip())
    except InvalidOperation as error:
        raise BadLine(field, text, "must be a decimal number") from error
    if not number.is_finite() or number < 0 or abs(number.adjusted()) > 30:
        raise BadLine(field, text, "must be a finite decimal number, zero or above, of ordinary magnitude")
    return number
