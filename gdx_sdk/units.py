"""Units at the edge: decimals become whole units and turn back into text here; inside are only ints.

=============  ==========================  =========
quantity       one unit                    suffix
=============  ==========================  =========
price          1e-6 USDT per base unit     ``_e6``
size           1e-8 base unit              ``_e8``
quote          1e-6 USDT                   ``_atoms``
margin ratio   1/10,000                    ``_bps``
fee            1/1,000,000 of notional     ``_ppm``
funding rate   1e-9 per hour               ``_e9``
=============  ==========================  =========
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from enum import IntEnum
from typing import Final

from gdx_sdk.errors import InexactQuantity, InputError

PRICE_DECIMALS: Final = 6
SIZE_DECIMALS: Final = 8
QUOTE_DECIMALS: Final = 6

PRICE_SCALE: Final = 10**PRICE_DECIMALS
SIZE_SCALE: Final = 10**SIZE_DECIMALS
QUOTE_SCALE: Final = 10**QUOTE_DECIMALS
BPS: Final = 10_000
PPM: Final = 1_000_000
RATE_SCALE: Final = 10**9

I64_MIN: Final = -(2**63)
I64_MAX: Final = 2**63 - 1
U64_MAX: Final = 2**64 - 1

_MAX_DIGITS: Final = 40  # far above u64; keeps "1e999999999" from becoming a gigabyte of digits
_MAX_TEXT_DIGITS: Final = 100


class Side(IntEnum):
    """Direction of an order or fill; the wire value is the member's number."""

    BUY = 0
    SELL = 1

    @property
    def opposite(self) -> Side:
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """+1 for a buy (size grows), −1 for a sell."""
        return 1 if self is Side.BUY else -1


def units_from(value: Decimal | str | int, decimals: int, *, field: str = "value") -> int:
    """Whole units of 10^-`decimals` in `value`, exactly.

    `value` is a decimal number as text, `Decimal` or `int`; floats are refused because they are already
    rounded. Raises `InexactQuantity` when it does not divide into whole units, `InputError` when it is no
    finite number.
    """
    sign, coefficient, exponent = _exact_parts(value, field)
    shift = exponent + decimals
    length = len(str(coefficient))
    if coefficient == 0:
        return 0
    if length + shift > _MAX_DIGITS:
        raise InputError(field, value, f"must have at most {_MAX_DIGITS} digits in units of 1e-{decimals}")
    if shift >= 0:
        return sign * int(coefficient * 10**shift)
    scale: int = 10 ** min(-shift, length)
    units, rest = divmod(coefficient, scale)
    if rest or -shift > length:
        raise InexactQuantity(field, value, f"must be a multiple of 1e-{decimals}")
    return sign * units


def lots_from(value: Decimal | str | int, *, lot: Decimal | str, field: str = "value") -> int:
    """How many whole lots of `lot` make up `value`; `InexactQuantity` when they do not divide."""
    decimals = max(-_exact_parts(value, field)[2], -_exact_parts(lot, "lot")[2], 0)
    units, lot_units = units_from(value, decimals, field=field), units_from(lot, decimals, field="lot")
    if lot_units <= 0:
        raise InputError("lot", lot, "must be positive")
    lots, rest = divmod(units, lot_units)
    if rest:
        raise InexactQuantity(field, value, f"must be a multiple of {lot}")
    return lots


def price_e6_from(value: Decimal | str | int, *, field: str = "price") -> int:
    """Price in 1e-6 USDT per whole base unit; must be positive and fit in i64."""
    return _ranged(units_from(value, PRICE_DECIMALS, field=field), 1, I64_MAX, value, field)


def size_e8_from(value: Decimal | str | int, *, field: str = "size") -> int:
    """Size in 1e-8 base units, signed (+ long, − short); must fit in i64."""
    return _ranged(units_from(value, SIZE_DECIMALS, field=field), I64_MIN, I64_MAX, value, field)


def quote_atoms_from(value: Decimal | str | int, *, field: str = "amount") -> int:
    """Quote amount in atoms of 1e-6 USDT, signed; must fit in i64."""
    return _ranged(units_from(value, QUOTE_DECIMALS, field=field), I64_MIN, I64_MAX, value, field)


def format_units(units: int, decimals: int, *, trim: bool = True) -> str:
    """`units` of 10^-`decimals` as decimal text, exactly; `trim` drops trailing zeros."""
    sign = "-" if units < 0 else ""
    whole, fraction = divmod(abs(units), 10**decimals)
    digits = str(fraction).zfill(decimals) if decimals else ""
    if trim:
        digits = digits.rstrip("0")
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def format_price(price_e6: int, *, trim: bool = True) -> str:
    """A price in USDT per base unit as text: ``96500.25``."""
    return format_units(price_e6, PRICE_DECIMALS, trim=trim)


def format_size(size_e8: int, *, trim: bool = True) -> str:
    """A size in base units as text: ``-0.015``."""
    return format_units(size_e8, SIZE_DECIMALS, trim=trim)


def format_quote(quote_atoms: int, *, trim: bool = True) -> str:
    """A quote amount in USDT as text: ``1000.5``."""
    return format_units(quote_atoms, QUOTE_DECIMALS, trim=trim)


def _exact_parts(value: Decimal | str | int, field: str) -> tuple[int, int, int]:
    """Sign, coefficient and exponent of a finite decimal, without going through a rounding context."""
    if isinstance(value, bool) or not isinstance(value, Decimal | str | int):
        raise InputError(field, value, "must be text, Decimal or int (a float is already rounded)")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise InputError(field, value, "must be a decimal number") from error
    if not number.is_finite():
        raise InputError(field, value, "must be finite")
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # only NaN and infinities carry letters here
    if len(digits) > _MAX_TEXT_DIGITS:
        raise InputError(field, value, f"must have at most {_MAX_TEXT_DIGITS} digits")
    coefficient = int("".join(map(str, digits)) or "0")
    return (-1 if sign else 1), coefficient, exponent


def _ranged(units: int, low: int, high: int, value: object, field: str) -> int:
    if not low <= units <= high:
        raise InputError(field, value, f"must be between {low} and {high} units")
    return units
