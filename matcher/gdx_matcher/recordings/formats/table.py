"""Rows of a csv file with a header, whatever the order, case and separator of its columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from typing import Final

from gdx_matcher.recordings.errors import BadLine

_SEPARATORS: Final = (",", ";", "\t", "|")
_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")


def separator_of(text: str) -> str:
    """The separator that splits `text` into the most columns."""
    return max(_SEPARATORS, key=text.count)


def header_names(text: str) -> list[str]:
    """Column names in one spelling: ``isBuyerMaker``, ``Is Buyer Maker`` → ``is_buyer_maker``."""
    return [column_name(cell) for cell in _cells(text, separator_of(text))]


def column_name(cell: str) -> str:
    """One spelling of a column name: words in lower case joined by underscores."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cell.strip())
    return _NOT_WORD.sub("_", spaced.lower()).strip("_")


class Table:
    """A header, and how to read the rows below it."""

    def __init__(self, header: str) -> None:
        self._separator = separator_of(header)
        self.names = header_names(header)
        repeated = {name for name in self.names if name and self.names.count(name) > 1}
        if repeated:
            raise BadLine("header", header, f"names column {sorted(repeated)[0]} twice")

    def require(self, *names: str) -> None:
        """Refuse a header that lacks one of `names`."""
        missing = [name for name in names if name not in self.names]
        if missing:
            raise BadLine("header", ",".join(self.names), f"must have a column {missing[0]}")

    def require_any(self, *names: str) -> None:
        """Refuse a header that has none of `names`."""
        if self.find(names) is None:
            raise BadLine("header", ",".join(self.names), f"must have a column {' or '.join(names)}")

    def find(self, names: Sequence[str]) -> str | None:
        """The first of `names` that is a column."""
        return next((name for name in names if name in self.names), None)

    def row(self, text: str) -> dict[str, str]:
        """Cells by column name; a row with more or fewer cells than the header is refused."""
        cells = _cells(text, self._separator)
        if len(cells) != len(self.names):
            raise BadLine("columns", len(cells), f"the header has {len(self.names)}")
        return dict(zip(self.names, cells, strict=True))


def _cells(text: str, separator: str) -> list[str]:
    if '"' not in text:
        return [cell.strip() for cell in text.split(separator)]
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=separator, strict=True))]
    except csv.Error as error:
        raise BadLine("row", text, f"must be csv: {error}") from error
