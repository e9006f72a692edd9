"""`gdx market`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gdx_cli.arguments import market_key
from gdx_cli.cluster import Cluster, cluster_options
from gdx_cli.output import columns, emit, json_option, render
from gdx_cli.reading import ask

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from gdx_sdk.accounts import PerpMarket, PriceFeed
    from gdx_sdk.client import Client


@click.group()
def market() -> None:
    """Markets."""


@market.command()
@click.argument("market_name", metavar="SYMBOL_OR_ADDRESS")
@cluster_options
@json_option
def show(market_name: str, cluster: Cluster, is_json: bool) -> None:
    """Show one market: prices, interest, funding, books, limits, its last batch."""
    address = market_key(market_name)

    async def read(client: Client) -> dict[str, Any]:
        from gdx_sdk.accounts import PerpMarket, PriceFeed
        from gdx_sdk.validity import feed_validity

        found = await client.fetch(PerpMarket, address)
        feed = await client.fetch(PriceFeed, found.price_oracle)
        validity = feed_validity(feed, await client.get_time())
        return describe(address, found) | _price(feed) | {"price_faults": _faults(validity)}

    result = ask(cluster, read)
    emit(result, is_json=is_json, table=lambda: render(readable(result)))


@market.command(name="list")
@cluster_options
@json_option
def list_markets(cluster: Cluster, is_json: bool) -> None:
    """List every market."""

    async def read(client: Client) -> list[tuple[Pubkey, PerpMarket]]:
        from gdx_sdk.accounts import PerpMarket

        return await client.scan(PerpMarket)

    found = sorted(ask(cluster, read), key=lambda item: item[1].market_index)
    result = [describe(address, item) for address, item in found]
    shown = [readable(item) for item in result]
    names = ["symbol", "status", "mark_price", "open_interest", "last_batch_sequence", "address"]
    emit(
        {"markets": result},
        is_json=is_json,
        table=lambda: columns(names, [[str(item[name]) for name in names] for item in shown]),
    )


def describe(address: Pubkey, market: PerpMarket) -> dict[str, Any]:
    """A market's figures, in units named by their keys."""
    return {
        "address": address,
        "symbol": text_of(market.symbol),
        "market_index": market.market_index,
        "status": status_of(market.status),
        "mark_price_e6": market.mark_price_e6,
        "open_interest_e8": market.total_open_interest,
        "funding_rate_e9": market.funding_rate,
        "funding_index": market.funding_index,
        "last_funding_update_ts": market.last_funding_update,
        "max_leverage": market.max_leverage,
        "initial_margin_ratio_bps": market.initial_margin_ratio,
        "maintenance_margin_ratio_bps": market.maintenance_margin_ratio,
        "maker_fee_ppm": market.maker_fee,
        "taker_fee_ppm": market.taker_fee,
        "liquidation_fee_ppm": market.liquidation_fee_ppm,
        "price_band_bps": market.price_band_bps,
        "collateral_sum_atoms": market.collateral_sum_atoms,
        "cost_sum_atoms": market.cost_sum_atoms,
        "accrued_fees_atoms": market.accrued_fees_atoms,
        "funding_pool_atoms": market.funding_pool_atoms,
        "insurance_atoms": market.insurance_fund,
        "shortfall_atoms": market.long_shortfall_atoms + market.short_shortfall_atoms,
        "outstanding_loss_atoms": market.outstanding_loss_atoms,
        "last_batch_sequence": market.last_batch_sequence,
        "last_batch_id": market.last_batch_id,
        "last_batch_ts": market.last_batch_ts,
        "price_feed": market.price_oracle,
    }


def text_of(padded: bytes) -> str:
    """ASCII that the chain pads with zeros."""
    return padded.rstrip(b"\0").decode("ascii", "replace")


def status_of(status: int) -> str:
    """A market's status as a word."""
    from gdx_sdk.instructions import MarketStatus

    known = {item.value: item.name.lower().replace("_", "-") for item in MarketStatus}
    return known.get(status, f"unknown ({status})")


def readable(members: dict[str, Any]) -> dict[str, Any]:
    """The same figures for people: decimals instead of units, names without them."""
    from gdx_sdk.units import format_price, format_quote, format_size

    endings = {"_e6": format_price, "_e8": format_size, "_atoms": format_quote}
    shown: dict[str, Any] = {}
    for name, value in members.items():
        ending = next((end for end in endings if name.endswith(end)), None)
        if ending is None:
            shown[name] = value.hex() if isinstance(value, bytes) else value
        else:
            shown[name.removesuffix(ending)] = endings[ending](value)
    return shown


def _price(feed: PriceFeed) -> dict[str, Any]:
    return {
        "index_price_e6": feed.price_e6,
        "index_confidence_e6": feed.confidence_e6,
        "index_ts": feed.publish_ts,
    }


def _faults(validity: Any) -> list[str]:
    return [bit.name.lower() for bit in type(validity) if bit & validity]
