"""Blocks and their times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gdx_localnet.events import Commitment
from gdx_localnet.ledger import Block, TransactionRecord
from gdx_localnet.rpc.dispatcher import method, with_context
from gdx_localnet.rpc.faults import (
    BLOCK_CLEANED_UP,
    BLOCK_NOT_AVAILABLE,
    SLOT_SKIPPED,
    RpcFault,
    invalid_params,
)
from gdx_localnet.rpc.params import (
    TRANSACTION_ENCODINGS,
    Args,
    Config,
    context_slot,
    key_bytes,
    member,
    unsigned,
    untagged,
    wrong_type,
)
from gdx_localnet.rpc.transactions import settled_commitment
from gdx_localnet.rpc.txview import (
    account_keys,
    check_version,
    encode_meta,
    encode_transaction,
    status_of,
    token_balances,
    version_of,
)

if TYPE_CHECKING:
    from gdx_localnet.svm import EmbeddedChain

_MAX_RANGE = 500_000
_DETAILS = ("full", "signatures", "none", "accounts")


def _block(chain: EmbeddedChain, slot: int, tip_slot: int) -> Block:
    if slot > min(tip_slot, chain.open_slot - 1):
        raise RpcFault(BLOCK_NOT_AVAILABLE, f"Block not available for slot {slot}")
    block, first = chain.ledger.blocks.get(slot), chain.ledger.first_slot
    if block is not None:
        return block
    if slot < first:
        text = f"Block {slot} cleaned up, does not exist on node. First available block: {first}"
        raise RpcFault(BLOCK_CLEANED_UP, text)
    text = f"Slot {slot} was skipped, or missing due to ledger jump to recent snapshot"
    raise RpcFault(SLOT_SKIPPED, text)


@method("getBlockTime", required=1, accepted=1)
def get_block_time(chain: EmbeddedChain, args: Args) -> Any:
    return _block(chain, args.integer(0), chain.slot_at(Commitment.PROCESSED)).block_time_ts


@method("getBlock", required=1, accepted=2)
def get_block(chain: EmbeddedChain, args: Args) -> Any:
    slot = args.integer(0)
    with untagged("RpcEncodingConfigWrapper"):
        config = args.config(1, encoding_word=True)
        encoding = config.choice("encoding", TRANSACTION_ENCODINGS) or "json"
        details = config.choice("transactionDetails", _DETAILS) or "full"
        most = config.integer("maxSupportedTransactionVersion", "u8")
        has_rewards = config.flag("rewards", default=True)
    block = _block(chain, slot, chain.slot_at(settled_commitment(config)))
    view: dict[str, Any] = {
        "blockHeight": block.height,
        "blockTime": block.block_time_ts,
        "blockhash": str(block.blockhash),
        "parentSlot": block.parent_slot,
        "previousBlockhash": str(block.previous_blockhash),
    }
    if has_rewards:
        view["rewards"] = []
    if details == "signatures":
        view["signatures"] = [str(record.signature) for record in block.records]
    elif details != "none":
        view["transactions"] = [
            _transaction(chain, record, encoding, details, most, has_rewards=has_rewards)
            for record in block.records
        ]
    return view


def _transaction(
    chain: EmbeddedChain,
    record: TransactionRecord,
    encoding: str,
    details: str,
    most: int | None,
    *,
    has_rewards: bool,
) -> dict[str, Any]:
    check_version(record, most)
    if details == "full":
        view = {
            "meta": encode_meta(chain, record, encoding),
            "transaction": encode_transaction(record, encoding),
        }
    else:
        view = {
            "meta": {
                "err": record.err,
                "fee": record.fee,
                "postBalances": record.post_balances,
                "postTokenBalances": token_balances(record.post_tokens),
                "preBalances": record.pre_balances,
                "preTokenBalances": token_balances(record.pre_tokens),
                "status": status_of(record.err),
                **({"rewards": []} if has_rewards else {}),
            },
            "transaction": {
                "accountKeys": account_keys(record),
                "signatures": [str(signature) for signature in record.tx.signatures],
            },
        }
    return view if most is None else {**view, "version": version_of(record)}


@method("getBlocks", required=1, accepted=3)
def get_blocks(chain: EmbeddedChain, args: Args) -> Any:
    first = args.integer(0)
    is_last_given = args.raw(1) is not None and not isinstance(args.raw(1), dict)
    with untagged("RpcBlocksConfigWrapper"):
        last = args.integer(1) if is_last_given else None
        config = args.config(1) if isinstance(args.raw(1), dict) else args.config(2)
    tip_slot = min(chain.slot_at(settled_commitment(config)), chain.open_slot - 1)
    if last is None:
        last = tip_slot
    if last < first:
        return []
    last = min(last, tip_slot)
    if last - first > _MAX_RANGE:
        raise invalid_params(f"Slot range too large; max {_MAX_RANGE}")
    return list(chain.ledger.slots_between(first, last))


@method("getBlocksWithLimit", required=2, accepted=3)
def get_blocks_with_limit(chain: EmbeddedChain, args: Args) -> Any:
    first, limit = args.integer(0), args.integer(1, "usize")
    if limit > _MAX_RANGE:
        raise invalid_params(f"Limit too large; max {_MAX_RANGE}")
    tip_slot = chain.slot_at(settled_commitment(args.config(2)))
    slots = chain.ledger.slots_between(first, min(tip_slot, chain.open_slot - 1))
    return [slot for slot, _ in zip(slots, range(limit), strict=False)]


@method("getBlockProduction", accepted=1, config="RpcBlockProductionConfig")
def get_block_production(chain: EmbeddedChain, args: Args) -> Any:
    config = args.config(0)
    identity, wanted = config.text("identity"), config.members.get("range")
    if wanted is not None and not isinstance(wanted, dict):
        raise wrong_type(wanted, "struct RpcBlockProductionConfigRange")
    first = unsigned(member(wanted, "firstSlot")) if wanted is not None else 0
    last = Config(wanted or {}).integer("lastSlot")
    slot = context_slot(chain, config)
    last = slot if last is None else last
    if last < first:
        raise invalid_params(f"lastSlot, {last}, cannot be less than firstSlot, {first}")
    if last > slot:
        raise invalid_params(f"lastSlot, {last}, is too large; max {slot}")
    is_ours = identity is None or key_bytes(identity, 32) == bytes(chain.identity)
    produced = sum(1 for _ in chain.ledger.slots_between(first, last))
    value = {
        "byIdentity": {str(chain.identity): [last - first + 1, produced]} if is_ours else {},
        "range": {"firstSlot": first, "lastSlot": last},
    }
    return with_context(slot, value)
