"""Events of the five programs: their classes per program, and all events of a transaction in order.

from gdx_sdk.events import events_in_transaction, position_mgmt

for seen in events_in_transaction(await client.get_transaction(signature)):
    if isinstance(seen.event, position_mgmt.BatchSettled): ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gdx_sdk._generated.collateral_vault import events as collateral_vault
    from gdx_sdk._generated.ephemeral_vault import events as ephemeral_vault
    from gdx_sdk._generated.funding_rate import events as funding_rate
    from gdx_sdk._generated.oracle import events as oracle
    from gdx_sdk._generated.position_mgmt import events as position_mgmt
    from gdx_sdk.events.settlements import SettledBatch, settled_batches
    from gdx_sdk.events.transactions import SeenEvent, events_in_transaction

_HOME = {
    "SeenEvent": "transactions",
    "SettledBatch": "settlements",
    "events_in_transaction": "transactions",
    "settled_batches": "settlements",
}

__all__ = [
    "SeenEvent",
    "SettledBatch",
    "collateral_vault",
    "ephemeral_vault",
    "events_in_transaction",
    "funding_rate",
    "oracle",
    "position_mgmt",
    "settled_batches",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _HOME:
        value = getattr(import_module(f"gdx_sdk.events.{_HOME[name]}"), name)
    else:
        value = import_module(f"gdx_sdk._generated.{name}.events")
    globals()[name] = value
    return value
