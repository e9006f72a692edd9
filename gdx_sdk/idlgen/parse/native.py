"""Programs that are not Anchor's but whose IDL was written in Anchor's legacy dialect.

Their instructions begin with tags of their own, and their accounts have no discriminator; nothing in such
an IDL says so. The SPL token program's tags are known here; any other such IDL is refused, because a client
made from it would send wrong bytes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from gdx_sdk.idlgen.model import COption, Field, Option
from gdx_sdk.idlgen.names import snake
from gdx_sdk.idlgen.parse.node import Node

_TOKEN_ADDRESS = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
# Order of the variants of the token program's `TokenInstruction`: a variant's tag is its place.
_TOKEN_INSTRUCTIONS = """
    initialize_mint initialize_account initialize_multisig transfer approve revoke set_authority mint_to burn
    close_account freeze_account thaw_account transfer_checked approve_checked mint_to_checked burn_checked
    initialize_account2 sync_native initialize_account3 initialize_multisig2 initialize_mint2
    get_account_data_size initialize_immutable_owner amount_to_ui_amount ui_amount_to_amount
"""

# Names under which native programs' IDLs in the legacy dialect are published.
_OTHERS = """
    system_program stake_program vote_program compute_budget address_lookup_table spl_associated_token_account
    spl_binary_option spl_binary_oracle_pair spl_feature_proposal spl_governance spl_managed_token spl_memo
    spl_name_service spl_record spl_stateless_asks spl_stake_pool spl_token_lending spl_token_swap
    spl_token_2022 spl_token_metadata
"""


@dataclass(frozen=True, slots=True)
class Tags:
    """A native program: its address and the tag of each instruction."""

    address: str
    by_name: dict[str, int]

    def of(self, node: Node) -> bytes:
        """The tag of an instruction; IdlError for one that is not known."""
        tag = self.by_name.get(snake(node.need("name").name()))
        if tag is None:
            node.need("name").fail("an instruction of the SPL token program, whose tags are known by name")
        return bytes([tag])


def tags(root: Node) -> Tags | None:
    """The tags of a native program, ``None`` for an Anchor program; IdlError for an unknown native one."""
    name = snake(root.need("name").name())
    if name == "spl_token":
        return Tags(_TOKEN_ADDRESS, {known: tag for tag, known in enumerate(_TOKEN_INSTRUCTIONS.split())})
    if name in _OTHERS.split() or _looks_native(root):
        root.need("name").fail(
            "an Anchor program; this is a native program, whose instructions have tags of their own that "
            "its IDL does not give, so a client made from it would send wrong bytes"
        )
    return None


def _looks_native(root: Node) -> bool:
    """Types that only the IDLs of native programs spell this way."""
    text = json.dumps({key: value for key, value in root.value.items() if key != "constants"})
    return "COption<" in text or '"defined": "&' in text


def argument(arg: Field) -> Field:
    """An argument of a native instruction: there a COption's tag is one byte, as an Option's."""
    return replace(arg, type=Option(arg.type.inner)) if isinstance(arg.type, COption) else arg
