"""One class per error of each program: ``from gdx_sdk.errors.programs import position_mgmt``.

try:
    await client.send(...)
except position_mgmt.InsufficientMargin: ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gdx_sdk._generated.collateral_vault import errors as collateral_vault
    from gdx_sdk._generated.ephemeral_vault import errors as ephemeral_vault
    from gdx_sdk._generated.funding_rate import errors as funding_rate
    from gdx_sdk._generated.oracle import errors as oracle
    from gdx_sdk._generated.position_mgmt import errors as position_mgmt

__all__ = ["collateral_vault", "ephemeral_vault", "funding_rate", "oracle", "position_mgmt"]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = import_module(f"gdx_sdk._generated.{name}.errors")
    globals()[name] = value
    return value
