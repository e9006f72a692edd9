"""What the builders share."""

from __future__ import annotations

from typing import Final

from solders.pubkey import Pubkey

from gdx_sdk import pdas
from gdx_sdk.programs import PROGRAM_IDS

TOKEN_PROGRAM: Final = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")

VAULT_PROGRAM: Final = PROGRAM_IDS["collateral_vault"]
POSITION_PROGRAM: Final = PROGRAM_IDS["position_mgmt"]
VAULT_EVENTS: Final = pdas.event_authority(VAULT_PROGRAM)
EPHEMERAL_EVENTS: Final = pdas.event_authority(PROGRAM_IDS["ephemeral_vault"])
ORACLE_EVENTS: Final = pdas.event_authority(PROGRAM_IDS["oracle"])
FUNDING_EVENTS: Final = pdas.event_authority(PROGRAM_IDS["funding_rate"])
POSITION_EVENTS: Final = pdas.event_authority(POSITION_PROGRAM)
