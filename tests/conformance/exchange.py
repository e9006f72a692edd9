"""An exchange for the four clients: one vault, and for each a market, a maker and a sealed batch."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gdx_localnet import named_keypair
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import create_associated_token_account, mint_to
from spl.token.models import MintToParams

from gdx_sdk import instructions as ix
from gdx_sdk import pdas
from gdx_sdk.batch import ZERO_ID, SealedBatch, Trade, seal_batch
from gdx_sdk.client import Client
from gdx_sdk.math import fee_atoms, notional_atoms
from gdx_sdk.programs import PROGRAM_IDS
from gdx_sdk.testing.settings import FEED_LIMITS, MARKET_PARAMS, WITHDRAW_LIMIT, config_args
from gdx_sdk.units import Side

IDL_FOLDER = Path(__file__).resolve().parents[2] / "idl"
USDT, SOL, ONE = 10**6, 10**9, 10**8
PRICE_E6 = 50_000 * USDT
SIZE_E8 = ONE // 100
DEPOSIT_ATOMS, MARGIN_ATOMS, WITHDRAW_ATOMS = 1_000 * USDT, 600 * USDT, 300 * USDT
PUBLISHERS = [named_keypair(f"publisher {number}") for number in range(3)]
NOBODY = Pubkey(bytes([200] * 32))
PARAMS = replace(
    MARKET_PARAMS,
    initial_margin_ratio_bps=1_000,
    maintenance_margin_ratio_bps=500,
    liquidation_fee_ppm=5_000,
    price_band_bps=1_000,
)


@dataclass
class Exchange:
    """The administrator's hands; `symbol` and people follow from a client's name."""

    client: Client
    admin: Keypair
    mint: Pubkey

    async def send(self, instructions: list[Instruction], *signers: Keypair) -> None:
        await self.client.send(instructions, list(signers or (self.admin,)), priority_fee=0)

    async def create(self) -> None:
        """Vault and configuration."""
        admin = self.admin.pubkey()
        roles = {"admin": admin, "guardian": admin}
        vault = ix.create_vault(
            admin, self.mint, **roles, fee_recipient=admin, withdraw_limit=WITHDRAW_LIMIT, delay_s=0
        )
        await self.send([vault])
        await self.send([ix.create_config(admin, config_args(admin))])

    async def market(self, symbol: str) -> None:
        """A market with a price."""
        admin = self.admin.pubkey()
        limits = replace(FEED_LIMITS, max_confidence_bps=200, stale_seconds=3_600, too_old_seconds=7_200)
        feed = ix.create_feed(
            admin,
            symbol,
            authority=admin,
            publishers=[key.pubkey() for key in PUBLISHERS],
            min_publishers=len(PUBLISHERS),
            limits=limits,
            delay_s=0,
        )
        await self.send([feed])
        await self.send([ix.create_market(admin, symbol, PARAMS, base_asset="BTC", fee_recipient=admin)])
        now_ts = await self.client.get_time()
        price = {"price_e6": PRICE_E6, "confidence_e6": 0, "publish_ts": now_ts}
        said = [ix.publish_price(key.pubkey(), pdas.price_feed(symbol), **price) for key in PUBLISHERS]
        await self.send(said, self.admin, *PUBLISHERS)

    async def give_tokens(self, owner: Pubkey) -> None:
        """A token account with what is deposited."""
        admin, account = self.admin.pubkey(), pdas.associated_token(owner, self.mint)
        params = MintToParams(
            program_id=TOKEN_PROGRAM_ID,
            mint=self.mint,
            dest=account,
            mint_authority=admin,
            amount=DEPOSIT_ATOMS,
        )
        await self.send([create_associated_token_account(admin, owner, self.mint), mint_to(params)])

    async def maker(self, symbol: str, maker: Keypair) -> None:
        """Somebody who sells."""
        owner, market = maker.pubkey(), pdas.market(symbol)
        fund = TransferParams(from_pubkey=self.admin.pubkey(), to_pubkey=owner, lamports=SOL)
        await self.send([transfer(fund)])
        await self.give_tokens(owner)
        deposit = ix.deposit(owner, DEPOSIT_ATOMS, quote_mint=self.mint)
        await self.send([ix.open_account(owner), deposit], maker)
        added = ix.add_collateral(owner, market, DEPOSIT_ATOMS)
        await self.send([ix.open_position(owner, market, leverage=5), added], maker)

    async def setup(self, name: str, url: str, ws_url: str) -> dict[str, Any]:
        """Everything that the client of that name is told."""
        symbol = f"{name.upper()}-PERP"
        user, maker = named_keypair(f"{name}/user"), named_keypair(f"{name}/maker")
        await self.market(symbol)
        await self.give_tokens(user.pubkey())
        await self.maker(symbol, maker)
        batch = await self.batch(symbol, user.pubkey(), maker.pubkey())
        settle = ix.settle_batch(
            self.admin.pubkey(), batch, relayer_epoch=1, price_feed=pdas.price_feed(symbol)
        )
        return {
            "url": url,
            "ws_url": ws_url,
            "idl_folder": str(IDL_FOLDER),
            "user": list(bytes(user)),
            "relayer": list(bytes(self.admin)),
            "friend": str(named_keypair(f"{name}/friend").pubkey()),
            "nobody": str(NOBODY),
            "quote_mint": str(self.mint),
            "market": str(pdas.market(symbol)),
            "deposit_atoms": DEPOSIT_ATOMS,
            "margin_atoms": MARGIN_ATOMS,
            "withdraw_atoms": WITHDRAW_ATOMS,
            "fixed_addresses": fixed_addresses(),
            "addresses": self.addresses(user.pubkey(), pdas.market(symbol), batch),
            "settle_batch": {
                "program_id": str(settle.program_id),
                "accounts": [[str(a.pubkey), a.is_signer, a.is_writable] for a in settle.accounts],
                "data": base64.b64encode(settle.data).decode(),
            },
        }

    async def batch(self, symbol: str, user: Pubkey, maker: Pubkey) -> SealedBatch:
        """The user buys of the maker."""
        market, notional = pdas.market(symbol), notional_atoms(PRICE_E6, SIZE_E8)
        now_ms = (await self.client.get_clock()).unix_ts * 1_000
        trade = Trade(
            trade_id=1,
            market=market,
            taker=pdas.position(user, market),
            maker=pdas.position(maker, market),
            taker_side=Side.BUY,
            price_e6=PRICE_E6,
            size_e8=SIZE_E8,
            taker_fee_atoms=fee_atoms(notional, PARAMS.taker_fee_ppm),
            maker_fee_atoms=fee_atoms(notional, PARAMS.maker_fee_ppm),
            executed_at_ms=now_ms,
        )
        return seal_batch(1, market, 1, ZERO_ID, [trade], flush=True)

    def addresses(self, user: Pubkey, market: Pubkey, batch: SealedBatch) -> dict[str, str]:
        """By the names of the IDLs."""
        found = {
            "vault_state": pdas.vault_state(),
            "vault_token": pdas.vault_token(),
            "collateral": pdas.collateral(user),
            "token_program": TOKEN_PROGRAM_ID,
            "user_token": pdas.associated_token(user, self.mint),
            "position": pdas.position(user, market),
            "pool": pdas.market_pool(market),
            "batch": pdas.settlement_batch(batch.batch_id),
            "vault_events": pdas.event_authority(PROGRAM_IDS["collateral_vault"]),
            "market_events": pdas.event_authority(PROGRAM_IDS["position_mgmt"]),
        }
        return {name: str(address) for name, address in found.items()}


def fixed_addresses() -> dict[str, str]:
    """Accounts whose address the IDL itself fixes, for clients that do not look there."""
    idl = json.loads((IDL_FOLDER / "position_mgmt.json").read_text())
    return {
        account["name"]: account["address"]
        for entry in idl["instructions"]
        if entry["name"] in ("open_position", "add_collateral")
        for account in entry["accounts"]
        if "address" in account
    }


async def prepare(
    names: list[str], url: str, ws_url: str, admin: Keypair, mint: Pubkey
) -> dict[str, dict[str, Any]]:
    """An exchange on the chain at `url`; what each client is told, by name."""
    async with Client(url) as client:
        exchange = Exchange(client, admin, mint)
        await exchange.create()
        setups = await asyncio.gather(*(exchange.setup(name, url, ws_url) for name in names))
    return dict(zip(names, setups, strict=True))
