"""Accounts as LiteSVM holds them, with what it lacks: versions for lagging commitments, and a census."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from solders.account import Account
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey

_GENESIS_OWNERS = tuple(
    Pubkey.from_string(owner)
    for owner in (
        "11111111111111111111111111111111",
        "NativeLoader1111111111111111111111111111111",
        "BPFLoader1111111111111111111111111111111111",
        "BPFLoader2111111111111111111111111111111111",
        "BPFLoaderUpgradeab1e11111111111111111111111",
        "Sysvar1111111111111111111111111111111111111",
        "Config1111111111111111111111111111111111111",
        "Feature111111111111111111111111111111111111",
    )
)


class AccountStore:
    """Reads and writes accounts; remembers what each slot replaced while a commitment lags behind it."""

    def __init__(self, svm: LiteSVM, *, undo_slots: int) -> None:
        self._svm = svm
        self._undo_slots = undo_slots
        self._undo: deque[tuple[int, dict[Pubkey, Account | None]]] = deque()
        self._touched: set[Pubkey] = set()

    @property
    def keeps_history(self) -> bool:
        """Whether older versions are kept at all."""
        return self._undo_slots > 0

    def get(self, address: Pubkey, at_slot: int | None = None) -> Account | None:
        """The account now, or as it was when `at_slot` closed (None: it did not exist)."""
        if at_slot is not None and self._undo:
            for slot, replaced in self._undo:
                if slot > at_slot and address in replaced:
                    return replaced[address]
        return self._svm.get_account(address)

    def balance(self, address: Pubkey) -> int:
        """Lamports now; 0 for an account that does not exist."""
        return self._svm.get_balance(address) or 0

    def owned_by(self, owner: Pubkey, at_slot: int | None = None) -> dict[Pubkey, Account]:
        """Every account of `owner`, now or as of `at_slot`."""
        owned = dict(self._svm.get_program_accounts(owner))
        if at_slot is None:
            return owned
        newest_first = [replaced for slot, replaced in reversed(self._undo) if slot > at_slot]
        for replaced in newest_first:
            for address, account in replaced.items():
                if account is not None and account.owner == owner:
                    owned[address] = account
                else:
                    owned.pop(address, None)
        return owned

    def remember(self, slot: int, replaced: dict[Pubkey, Account | None]) -> None:
        """Keep what a write in `slot` replaced, for readers whose commitment has not reached it."""
        if not self.keeps_history:
            return
        if not self._undo or self._undo[-1][0] != slot:
            self._undo.append((slot, {}))
        versions = self._undo[-1][1]
        for address, account in replaced.items():
            versions.setdefault(address, account)

    def forget_before(self, slot: int) -> None:
        """Drop versions that no commitment can ask for any more."""
        while self._undo and self._undo[0][0] <= slot - self._undo_slots:
            self._undo.popleft()

    def set(self, address: Pubkey, account: Account) -> None:
        """Write an account, past every rule; zero lamports removes it."""
        self._svm.set_account(address, account)
        self._touched.add(address)

    def touch(self, addresses: Iterable[Pubkey]) -> None:
        """Note that a transaction may have written these."""
        self._touched.update(addresses)

    def census(self) -> dict[Pubkey, Account]:
        """Every account there is: what was there from the start, and whatever was written since."""
        everything: dict[Pubkey, Account] = {}
        for owner in _GENESIS_OWNERS:
            everything.update(self._svm.get_program_accounts(owner))
        for address in self._touched:
            account = self._svm.get_account(address)
            if account is not None:
                everything[address] = account
        return everything
