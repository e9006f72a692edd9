"""What may be done on which oracle price: one table, shared with the programs and written by their build."""

from __future__ import annotations

import json
from enum import Enum, IntFlag
from functools import cache
from importlib.resources import files


class Validity(IntFlag):
    """What is wrong with a price; 0 when nothing is."""

    NON_POSITIVE = 1
    TOO_VOLATILE = 2
    TOO_UNCERTAIN = 4
    STALE = 8
    TOO_OLD = 16
    TOO_FEW_PUBLISHERS = 32
    ON_FALLBACK = 64


class OracleAction(Enum):
    """Something that a program does with an oracle price."""

    SETTLE_REDUCTION = "settle_reduction"
    ADD_RISK = "add_risk"
    RELEASE_COLLATERAL = "release_collateral"
    LIQUIDATE = "liquidate"
    UPDATE_FUNDING = "update_funding"


@cache
def action_table() -> dict[OracleAction, Validity]:
    """The bits that block each action."""
    table = json.loads(files("gdx_sdk.programs").joinpath("action_table.json").read_bytes())
    return {OracleAction(name): Validity(mask) for name, mask in table["actions"].items()}


def is_allowed(action: OracleAction, validity: Validity | int) -> bool:
    """Whether a price with this validity may be used for `action`: no bit of it blocks."""
    return not action_table()[action] & validity
