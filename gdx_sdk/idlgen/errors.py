"""The error of a broken or refused IDL."""

from __future__ import annotations

from gdx_sdk.errors import InputError


class IdlError(InputError):
    """An IDL that cannot be read: the JSON path, what stands there, and what was expected."""

    def __init__(self, path: str, value: object, expected: str, source: str = "") -> None:
        self.path, self.expected, self.source = path, expected, source
        shown = repr(value)
        super().__init__(path, value, expected)
        prefix = f"{source}: " if source else ""
        self.args = (f"{prefix}{path} = {shown if len(shown) <= 80 else shown[:77] + '...'}: {expected}",)
