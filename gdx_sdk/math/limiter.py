"""The vault's limit on withdrawals: net outflow of a rolling window, estimated from two fixed ones."""

from __future__ import annotations

from dataclasses import dataclass

from gdx_sdk.errors import InputError
from gdx_sdk.math._integers import div_ceil


@dataclass(frozen=True, slots=True)
class WithdrawWindow:
    """Withdrawals minus deposits (atoms) of the window since `window_start_ts` and of the one before."""

    window_start_ts: int
    window_net_atoms: int = 0
    previous_net_atoms: int = 0

    def at(self, now_ts: int, window_s: int) -> WithdrawWindow:
        """The windows as of `now_ts` (unix seconds); raises `InputError` when they have no length."""
        if window_s < 1:
            raise InputError("window_s", window_s, "must be at least 1")
        windows = (now_ts - self.window_start_ts) // window_s
        if windows < 1:
            return self
        previous = self.window_net_atoms if windows == 1 else 0
        return WithdrawWindow(self.window_start_ts + windows * window_s, 0, previous)

    def net_outflow_atoms(self, now_ts: int, window_s: int) -> int:
        """This window's net and the part of the one before that is still in view, rounded up."""
        now = self.at(now_ts, window_s)
        left_s = window_s - min(max(now_ts - now.window_start_ts, 0), window_s)
        return now.window_net_atoms + div_ceil(now.previous_net_atoms * left_s, window_s)

    def deposited(self, amount_atoms: int, now_ts: int, window_s: int) -> WithdrawWindow:
        """The windows after a deposit."""
        now = self.at(now_ts, window_s)
        return WithdrawWindow(
            now.window_start_ts, now.window_net_atoms - amount_atoms, now.previous_net_atoms
        )

    def withdrawn(
        self, amount_atoms: int, now_ts: int, window_s: int, limit_atoms: int
    ) -> WithdrawWindow | None:
        """The windows after a withdrawal; None when it would pass `limit_atoms` (0 = no limit).

        A user's own minimum, which passes whatever the limit says, is not looked at here.
        """
        after = self.deposited(-amount_atoms, now_ts, window_s)
        if limit_atoms and after.net_outflow_atoms(now_ts, window_s) > limit_atoms:
            return None
        return after
