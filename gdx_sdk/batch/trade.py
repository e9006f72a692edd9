"""One fill between two positions, and the Merkle leaf that stands for it."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from solders.pubkey import Pubkey

from gdx_sdk.math.fees import notional_atoms
from gdx_sdk.units import Side

# 0x00 ‖ trade id ‖ market ‖ buyer ‖ seller ‖ price ‖ size ‖ buyer fee ‖ seller fee ‖ executed_at_ms
_LEAF = struct.Struct("<BQ32s32s32sQQqqq")


@dataclass(frozen=True, slots=True)
class Trade:
    """A fill as the matcher made it. `taker` and `maker` are addresses of position accounts.

    Price in 1e-6 USDT per base unit, size in 1e-8 base units (always positive), fees in atoms (negative =
    rebate), time in unix milliseconds. In a V1 batch the fees must be what the program computes from the
    market's rates.
    """

    trade_id: int
    market: Pubkey
    taker: Pubkey
    maker: Pubkey
    taker_side: Side
    price_e6: int
    size_e8: int
    taker_fee_atoms: int
    maker_fee_atoms: int
    executed_at_ms: int

    @property
    def buyer(self) -> Pubkey:
        """Position that bought."""
        return self.taker if self.taker_side == Side.BUY else self.maker

    @property
    def seller(self) -> Pubkey:
        """Position that sold."""
        return self.maker if self.taker_side == Side.BUY else self.taker

    @property
    def buyer_fee_atoms(self) -> int:
        """Fee of the position that bought."""
        return self.taker_fee_atoms if self.taker_side == Side.BUY else self.maker_fee_atoms

    @property
    def seller_fee_atoms(self) -> int:
        """Fee of the position that sold."""
        return self.maker_fee_atoms if self.taker_side == Side.BUY else self.taker_fee_atoms

    @property
    def notional_atoms(self) -> int:
        """``floor(price · size / 1e8)``, the same for both sides."""
        return notional_atoms(self.price_e6, self.size_e8)

    def leaf(self) -> bytes:
        """sha256 of the 161 leaf bytes; binds every field but who took and who made."""
        packed = _LEAF.pack(
            0,
            self.trade_id,
            bytes(self.market),
            bytes(self.buyer),
            bytes(self.seller),
            self.price_e6,
            self.size_e8,
            self.buyer_fee_atoms,
            self.seller_fee_atoms,
            self.executed_at_ms,
        )
        return hashlib.sha256(packed).digest()
