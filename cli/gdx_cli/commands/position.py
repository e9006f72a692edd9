"""`gdx position`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gdx_cli.arguments import address as address_of
from gdx_cli.arguments import market_key
from gdx_cli.cluster import Cluster, cluster_options
from gdx_cli.commands.market import readable, text_of
from gdx_cli.output import columns, emit, json_option, render
from gdx_cli.reading import ask

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from gdx_sdk.accounts import PerpMarket, UserPosition
    from gdx_sdk.client import Client


@click.group()
def position() -> None:
    """Positions."""


@position.command()
@click.argument("who", metavar="ADDRESS")
@click.option(
    "-m",
    "--market",
    "market_name",
    metavar="SYMBOL_OR_ADDRESS",
    help="ADDRESS is an owner: its position.",
)
@cluster_options
@json_option
def show(who: str, market_name: str | None, cluster: Cluster, is_json: bool) -> None:
    """Show one position with its equity at the oracle price.

    ADDRESS is the position's, or with --market its owner's.
    """
    from gdx_sdk import pdas

    key = address_of(who, "ADDRESS")
    address = pdas.position(key, market_key(market_name, "--market")) if market_name else key

    async def read(client: Client) -> dict[str, Any]:
        from gdx_sdk.accounts import PerpMarket, PriceFeed, UserPosition

        found = await client.fetch(UserPosition, address)
        market = await client.fetch(PerpMarket, found.market)
        feed = await client.fetch(PriceFeed, market.price_oracle)
        return describe(address, found, market) | _at_price(found, market, feed.price_e6)

    result = ask(cluster, read)
    emit(result, is_json=is_json, table=lambda: render(readable(result)))


@position.command(name="list")
@click.option("--owner", metavar="ADDRESS", help="Only this owner's positions.")
@click.option("-m", "--market", "market_name", metavar="SYMBOL_OR_ADDRESS", help="Only in this market.")
@click.option("--all", "with_flat", is_flag=True, help="Flat positions too.")
@cluster_options
@json_option
def list_positions(
    owner: str | None, market_name: str | None, with_flat: bool, cluster: Cluster, is_json: bool
) -> None:
    """List open positions, the largest first."""
    owner_key = address_of(owner, "--owner") if owner else None
    market = market_key(market_name, "--market") if market_name else None

    async def read(client: Client) -> list[dict[str, Any]]:
        from gdx_sdk.accounts import PerpMarket, UserPosition

        filters = [UserPosition.memcmp("owner", owner_key)] if owner_key else []
        filters += [UserPosition.memcmp("market", market)] if market else []
        found = await client.scan(UserPosition, filters)
        wanted = sorted({item.market for _, item in found}, key=bytes)
        markets = dict(zip(wanted, await client.fetch_multiple(PerpMarket, wanted), strict=True))
        shown = [(key, item) for key, item in found if item.size or with_flat]
        shown.sort(key=lambda pair: (-abs(pair[1].size), bytes(pair[0])))
        return [describe(key, item, markets[item.market]) for key, item in shown]

    result = ask(cluster, read)
    rows = [readable(item) for item in result]
    names = ["symbol", "size", "entry_price", "collateral", "liquidation_price", "owner", "address"]
    emit(
        {"positions": result},
        is_json=is_json,
        table=lambda: columns(names, [[str(row[name]) for name in names] for row in rows]),
    )


def describe(address: Pubkey, position: UserPosition, market: PerpMarket | None) -> dict[str, Any]:
    """A position's figures, in units named by their keys."""
    return {
        "address": address,
        "owner": position.owner,
        "parent_wallet": position.parent_wallet,
        "market": position.market,
        "symbol": text_of(market.symbol) if market else "",
        "size_e8": position.size,
        "entry_price_e6": position.entry_price,
        "collateral_atoms": position.collateral,
        "cost_atoms": position.cost_atoms,
        "leverage": position.leverage,
        "liquidation_price_e6": position.liquidation_price,
        "maintenance_margin_atoms": position.maintenance_margin,
        "realized_pnl_atoms": position.realized_pnl,
        "unrealized_pnl_atoms": position.unrealized_pnl,
        "funding_paid_atoms": position.accumulated_funding,
        "requested_release_atoms": position.requested_release_atoms,
        "last_update_ts": position.last_update_timestamp,
    }


def _at_price(position: UserPosition, market: PerpMarket, price_e6: int) -> dict[str, Any]:
    from gdx_sdk.accounts import market_state, position_state
    from gdx_sdk.math import equity_atoms, is_liquidatable, unpaid_funding_atoms, unpaid_loss_atoms

    state, books = position_state(position), market_state(market)
    return {
        "index_price_e6": price_e6,
        "unpaid_funding_atoms": unpaid_funding_atoms(state, books),
        "unpaid_loss_atoms": unpaid_loss_atoms(state, books),
        "equity_atoms": equity_atoms(state, books, price_e6),
        "is_liquidatable": is_liquidatable(state, books, price_e6, market.maintenance_margin_ratio),
    }
