"""How long a market waits for a trade that only has to wait: not for ever, since others wait behind it."""

from __future__ import annotations

from dataclasses import dataclass, field

from solders.pubkey import Pubkey

PATIENCE_SECONDS = 60


@dataclass(slots=True)
class Patience:
    """Since when each market has been refused for one trade that may add no risk at present."""

    _since_until: dict[Pubkey, tuple[int, int]] = field(default_factory=dict)

    def is_over(self, market: Pubkey, now_ts: int) -> bool:
        """Count a refusal; True once such refusals have gone on for `PATIENCE_SECONDS`.

        It then stays over for every further trade, until none was refused for as long.
        """
        since_ts, until_ts = self._since_until.get(market, (now_ts, now_ts))
        if now_ts > until_ts + PATIENCE_SECONDS:
            since_ts = now_ts
        self._since_until[market] = (since_ts, now_ts)
        return now_ts >= since_ts + PATIENCE_SECONDS
