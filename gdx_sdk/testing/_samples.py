"""Writes accounts.json: one account of each type of the five programs, as the programs themselves wrote it.

    python -m gdx_sdk.testing._samples

runs the exchange of `GdxChain`, a session and a market's end, and keeps what they leave.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

from gdx_sdk import accounts, pdas
from gdx_sdk import instructions as ix
from gdx_sdk.accounts import PerpMarket
from gdx_sdk.instructions import SettlingReason
from gdx_sdk.runtime import FixedAccount
from gdx_sdk.testing.chain import GdxChain

STORED = Path(__file__).with_name("accounts.json")
DAY_SECONDS = 86_400
KINDS: tuple[type[FixedAccount], ...] = (
    accounts.Collateral,
    accounts.EphemeralVault,
    accounts.FundingState,
    accounts.GlobalConfig,
    accounts.MarketPool,
    accounts.MarketSettlement,
    accounts.PerpMarket,
    accounts.PriceFeed,
    accounts.RelayerBeat,
    accounts.Session,
    accounts.SettlementBatch,
    accounts.UserPosition,
    accounts.VaultState,
)


def sample_data() -> dict[str, bytes]:
    """Type → data, from the running programs."""
    chain = GdxChain()
    alice, market = chain.keys["alice"].pubkey(), chain.market
    session = chain.keys["bob"].pubkey()
    chain.send(ix.beat(chain.keys["admin"].pubkey()))
    created = ix.create_ephemeral_vault(alice, session_key=session, expiry_ts=chain.now_ts + DAY_SECONDS)
    approved = ix.approve_ephemeral_vault(alice, 10**9, expected_used_atoms=0, quote_mint=chain.mint)
    chain.send([created, approved], chain.keys["alice"])
    batch_id = bytes(chain.fetch(PerpMarket, market).last_batch_id)
    addresses = {
        "Collateral": pdas.collateral(alice),
        "EphemeralVault": pdas.ephemeral_vault(alice),
        "FundingState": pdas.funding_state(market),
        "GlobalConfig": pdas.config(),
        "MarketPool": pdas.market_pool(market),
        "PerpMarket": market,
        "PriceFeed": chain.price_feed,
        "RelayerBeat": pdas.relayer_beat(),
        "Session": pdas.ephemeral_session(alice),
        "SettlementBatch": pdas.settlement_batch(batch_id),
        "UserPosition": pdas.position(alice, market),
        "VaultState": pdas.vault_state(),
    }
    found = {name: chain.svm.get_account(address) for name, address in addresses.items()}
    chain.advance(2 * DAY_SECONDS)
    for _ in range(31):
        chain.publish_price("50000")
    end = ix.start_settling(session, market, SettlingReason.SILENCE, price_feed=chain.price_feed)
    chain.send(end, chain.keys["bob"])
    found["MarketSettlement"] = chain.svm.get_account(pdas.market_settlement(market))
    return {name: bytes(account.data) for name, account in sorted(found.items()) if account is not None}


if __name__ == "__main__":
    encoded = {name: base64.b64encode(data).decode() for name, data in sample_data().items()}
    STORED.write_text(json.dumps(encoded, indent=1) + "\n")
