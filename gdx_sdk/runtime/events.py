"""Events: decoded from a transaction's logs, or from the instruction a program sends itself."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar, Self, TypeVar

from solders.pubkey import Pubkey

from gdx_sdk.errors import CodecError
from gdx_sdk.runtime.records import Struct, values_of

# The first eight bytes of sha256("anchor:event") in reverse order: what `emit_cpi!` puts before the event in
# the data of the instruction that a program sends itself.
EVENT_INSTRUCTION = bytes.fromhex("e445a52e51cb9a1d")

# An address stands there: what a program says (``Program log: invoke [1]``) is no word of the runtime's.
_INVOKE = re.compile(r"Program (\w{32,44}) invoke \[(\d+)\]")
_ENDED = re.compile(r"Program \w{32,44} (success$|failed)")


class Event(Struct):
    """An event of a program: its discriminator, then its fields."""

    __slots__ = ()
    DISCRIMINATOR: ClassVar[bytes] = b""

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the event these bytes are, discriminator included; CodecError when they are not one."""
        head = len(cls.DISCRIMINATOR)
        if data[:head] != cls.DISCRIMINATOR:
            raise CodecError(
                f"{cls.__name__}.discriminator", data[:head].hex(), f"must be {cls.DISCRIMINATOR.hex()}"
            )
        value, end = cls.read(data, head)
        if end != len(data):
            rule = f"the event ends at byte {end}; the program may be newer than this client"
            raise CodecError(cls.__name__, f"{len(data)} bytes", rule)
        return value

    def encode(self) -> bytes:
        """Return the event's bytes, discriminator included; CodecError names what does not fit."""
        return self.DISCRIMINATOR + self.LAYOUT.encode(*values_of(self))


E = TypeVar("E", bound=Event)


def event_in_data(data: bytes, kinds: Mapping[bytes, type[E]]) -> E | None:
    """Decode the event whose discriminator begins ``data``; ``None`` when it is none of ``kinds``."""
    for length in sorted({len(discriminator) for discriminator in kinds}, reverse=True):
        kind = kinds.get(bytes(data[:length]))
        if kind is not None:
            return kind.decode(data)
    return None


def event_in_cpi(data: bytes, kinds: Mapping[bytes, type[E]]) -> E | None:
    """Decode the event in the data of an inner instruction made by ``emit_cpi!``; ``None`` for any other."""
    if data[: len(EVENT_INSTRUCTION)] != EVENT_INSTRUCTION:
        return None
    return event_in_data(data[len(EVENT_INSTRUCTION) :], kinds)


def events_in_logs(logs: Iterable[str], program_id: Pubkey, kinds: Mapping[bytes, type[E]]) -> Iterator[E]:
    """Decode the events that ``program_id`` itself logged (``Program data:`` lines), in order.

    Lines of other programs, and data that is no event of ``kinds``, are passed over; logs that the
    runtime cut short end the search. Raises CodecError for an event that does not decode.
    """
    own = str(program_id)
    for program, line in _lines_by_program(logs):
        if program != own or not line.startswith("Program data: "):
            continue
        try:
            data = base64.b64decode(line.removeprefix("Program data: ").split(" ")[0], validate=True)
        except binascii.Error:
            continue
        event = event_in_data(data, kinds)
        if event is not None:
            yield event


def _lines_by_program(logs: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each line with the program that was running when it was written."""
    running: list[str] = []
    for line in logs:
        if found := _INVOKE.fullmatch(line):
            del running[int(found[2]) - 1 :]
            running.append(found[1])
        elif _ENDED.match(line):
            del running[-1:]
        else:
            yield (running[-1] if running else ""), line
