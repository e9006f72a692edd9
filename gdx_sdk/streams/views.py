"""Which of two states of an account is the newer one. Pure.

A notification says a slot, not a place within it, and sockets and reads overtake each other. The rules:

1. A state of an earlier slot than the one known is old, whoever says it.
2. The same bytes are no news; they only move the slot on.
3. Of a later slot, a state is news.
4. Within one slot two different pushed states cannot be ordered, so neither wins: the account is read.
5. A read wins within its slot if it was asked for after the known state arrived, since it cannot be the
   older one then; otherwise it is asked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from solders.pubkey import Pubkey


class Verdict(Enum):
    """What a state is compared with the one that is known."""

    NEW = auto()
    SAME = auto()
    OLD = auto()
    UNDECIDED = auto()


@dataclass(slots=True)
class _Known:
    slot: int
    data: bytes | None
    stamp: int


class AccountViews:
    """The newest known state of each account, `None` for one that is not there."""

    def __init__(self) -> None:
        self._known: dict[Pubkey, _Known] = {}
        self._undecided: dict[Pubkey, None] = {}  # a set that keeps its order
        self._stamp = 0

    @property
    def undecided(self) -> list[Pubkey]:
        """Accounts that must be read, since two of their states cannot be ordered."""
        return list(self._undecided)

    def present(self) -> list[Pubkey]:
        """Accounts that are there, as far as known."""
        return [address for address, known in self._known.items() if known.data is not None]

    def slot_of(self, address: Pubkey) -> int:
        """The slot of what is known of an account; 0 when nothing is."""
        known = self._known.get(address)
        return known.slot if known is not None else 0

    def stamp(self) -> int:
        """A mark of now, taken before a read is asked for."""
        return self._stamp

    def forget_gone(self, before_slot: int) -> None:
        """Drop accounts that have been gone since before that slot."""
        for address, known in list(self._known.items()):
            if known.data is None and known.slot < before_slot:
                del self._known[address]

    def judge_pushed(self, address: Pubkey, slot: int, data: bytes | None) -> Verdict:
        """A state that was pushed."""
        known = self._known.get(address)
        if known is None or slot > known.slot:
            return self._accept(address, slot, data)
        if slot < known.slot:
            return Verdict.OLD
        if address not in self._undecided and known.data == data:
            return Verdict.SAME
        return self._contest(address, known)

    def judge_read(self, address: Pubkey, slot: int, data: bytes | None, asked_at: int) -> Verdict:
        """A state that was read, asked for when `stamp` was `asked_at`."""
        known = self._known.get(address)
        if known is None or slot > known.slot:
            return self._accept(address, slot, data)
        if slot < known.slot:
            return Verdict.OLD
        if known.stamp > asked_at and (known.data != data or address in self._undecided):
            return self._contest(address, known)
        return self._accept(address, slot, data)

    def _contest(self, address: Pubkey, known: _Known) -> Verdict:
        """Only a read that is asked for from now on settles it."""
        self._stamp += 1
        self._undecided[address] = None
        known.stamp = self._stamp
        return Verdict.UNDECIDED

    def _accept(self, address: Pubkey, slot: int, data: bytes | None) -> Verdict:
        known = self._known.get(address)
        self._undecided.pop(address, None)
        if known is not None and known.data == data:
            known.slot = slot
            return Verdict.SAME
        self._stamp += 1
        self._known[address] = _Known(slot, data, self._stamp)
        return Verdict.NEW
