"""The vault's limit on withdrawals: one net outflow that fades within its window."""

from __future__ import annotations

from dataclasses import dataclass

from gdx_sdk.errors import InputError
from gdx_sdk.math._integers import div_ceil

_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class NetOutflow:
    """Withdrawals minus deposits (atoms) as of `updated_ts`.

    The account has them as `window_net_atoms` and `window_start_ts`.
    """

    updated_ts: int
    net_outflow_atoms: int = 0

    def at(self, now_ts: int, window_s: int) -> NetOutflow:
        """The outflow as of `now_ts` (unix seconds): the share that passed is forgotten, rounded up.

        Raises `InputError` when the window has no length.
        """
        if window_s < 1:
            raise InputError("window_s", window_s, "must be at least 1")
        elapsed_s = min(now_ts - self.updated_ts, _HIGHEST)
        if elapsed_s <= 0:
            return self
        rest_s = max(window_s - elapsed_s, 0)
        return NetOutflow(now_ts, div_ceil(self.net_outflow_atoms * rest_s, window_s))

    def deposited(self, amount_atoms: int, now_ts: int, window_s: int) -> NetOutflow:
        """The outflow after a deposit; counting stops at the ends of 64 bits."""
        now = self.at(now_ts, window_s)
        net_atoms = now.net_outflow_atoms - amount_atoms
        return NetOutflow(now.updated_ts, min(max(net_atoms, _LOWEST), _HIGHEST))

    def withdrawn(self, amount_atoms: int, now_ts: int, window_s: int, limit_atoms: int) -> NetOutflow | None:
        """The outflow after a withdrawal; None when it would pass `limit_atoms` (0 = no limit).

        A user's own minimum, which passes whatever the limit says, is not looked at here.
        """
        after = self.deposited(-amount_atoms, now_ts, window_s)
        return None if limit_atoms and after.net_outflow_atoms > limit_atoms else after
