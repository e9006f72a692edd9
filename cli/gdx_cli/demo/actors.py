"""Two users: one deposits through a session wallet, one takes collateral out and withdraws it."""

from __future__ import annotations

from solders.keypair import Keypair
from solders.system_program import TransferParams, transfer

from gdx_cli.demo.stage import Stage
from gdx_cli.demo.world import SOL, DemoMarket, Trader, World
from gdx_sdk import instructions as ix
from gdx_sdk import pdas

SESSION_SECONDS = 3_600
RELEASE_WAIT_MS = 2_000


async def deposit_through_session(world: World, trader: Trader, amount_atoms: int) -> None:
    """The main wallet signs once; the session wallet then deposits without it."""
    chain, user, mint = world.chain, trader.pubkey, world.mint.pubkey()
    session = Keypair()
    funded = transfer(
        TransferParams(from_pubkey=world.admin.pubkey(), to_pubkey=session.pubkey(), lamports=SOL)
    )
    await chain.send("", [funded], [world.admin])
    expiry_ts = chain.chain_ms // 1_000 + SESSION_SECONDS
    created = ix.create_ephemeral_vault(user, session_key=session.pubkey(), expiry_ts=expiry_ts)
    await chain.send("create_ephemeral_vault", [created], [trader.keypair])
    approved = ix.approve_ephemeral_vault(user, 2 * amount_atoms, expected_used_atoms=0, quote_mint=mint)
    await chain.send("approve_ephemeral_vault", [approved], [trader.keypair])
    deposit = ix.fast_deposit(user, amount_atoms, session_key=session.pubkey(), quote_mint=mint)
    await chain.send("fast_deposit", [deposit], [session])
    chain.report.deposits_ephemeral += 1
    revoked = ix.revoke_ephemeral_vault(user, user_token=pdas.associated_token(user, mint))
    await chain.send("revoke_ephemeral_vault", [revoked], [trader.keypair])


async def withdraw_collateral(stage: Stage, trader: Trader, market: DemoMarket, amount_atoms: int) -> None:
    """Request, wait the program's delay, release, withdraw to the wallet."""
    world = stage.world
    chain, owner = world.chain, trader.pubkey
    await stage.wait(RELEASE_WAIT_MS)
    requested = ix.request_release(owner, market.address, amount_atoms, price_feed=market.feed)
    await chain.send("request_release", [requested], [trader.keypair])
    await stage.follower.follow()  # the matcher reserves it at once
    await stage.wait(RELEASE_WAIT_MS)
    released = ix.execute_release(owner, market.address, price_feed=market.feed)
    await chain.send("execute_release", [released], [trader.keypair])
    withdrawn = ix.withdraw(owner, amount_atoms, quote_mint=world.mint.pubkey())
    await chain.send("withdraw", [withdrawn], [trader.keypair])
    chain.report.withdrawals += 1
    await stage.follower.follow()
