"""Node, epoch, fee and supply methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from solders.message import from_bytes_versioned
from solders.pubkey import Pubkey

from gdx_localnet import costs
from gdx_localnet.blockhashes import MAX_AGE
from gdx_localnet.ledger import Block
from gdx_localnet.rpc.dispatcher import VERSION, method, with_context
from gdx_localnet.rpc.faults import INVALID_REQUEST, RpcFault, invalid_params
from gdx_localnet.rpc.params import Args, base64_bytes, context_slot, key_bytes

if TYPE_CHECKING:
    from gdx_localnet.svm import EmbeddedChain

_FEATURE_SET = 565236538
_MAX_ACCOUNT_BYTES = 10 * 1024 * 1024
_PRIORITY_FEE_SLOTS = 150
_MAX_PRIORITY_FEE_ACCOUNTS = 128
_MAX_REWARD_ADDRESSES = 1_005


@method("getHealth", accepted=0)
def get_health(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001 - every handler takes both
    return "ok"


@method("getVersion", accepted=0)
def get_version(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return {"feature-set": _FEATURE_SET, "solana-core": VERSION}


@method("getGenesisHash", accepted=0)
def get_genesis_hash(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return str(chain.genesis_hash)


@method("getIdentity", accepted=0)
def get_identity(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return {"identity": str(chain.identity)}


@method("getSlot", accepted=1)
def get_slot(chain: EmbeddedChain, args: Args) -> Any:
    return context_slot(chain, args.config(0))


@method("getBlockHeight", accepted=1)
def get_block_height(chain: EmbeddedChain, args: Args) -> Any:
    return chain.height_at(context_slot(chain, args.config(0)))


@method("getSlotLeader", accepted=1)
def get_slot_leader(chain: EmbeddedChain, args: Args) -> Any:
    context_slot(chain, args.config(0))
    return str(chain.identity)


@method("getSlotLeaders", required=2, accepted=2)
def get_slot_leaders(chain: EmbeddedChain, args: Args) -> Any:
    args.integer(0)
    return [str(chain.identity)] * min(args.integer(1), 5000)


@method("getEpochInfo", accepted=1)
def get_epoch_info(chain: EmbeddedChain, args: Args) -> Any:
    slot = context_slot(chain, args.config(0))
    return {
        "absoluteSlot": slot,
        "blockHeight": chain.height_at(slot),
        "epoch": slot // chain.slots_per_epoch,
        "slotIndex": slot % chain.slots_per_epoch,
        "slotsInEpoch": chain.slots_per_epoch,
        "transactionCount": chain.ledger.transaction_count,
    }


@method("getEpochSchedule", accepted=0)
def get_epoch_schedule(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return {
        "firstNormalEpoch": 0,
        "firstNormalSlot": 0,
        "leaderScheduleSlotOffset": chain.slots_per_epoch,
        "slotsPerEpoch": chain.slots_per_epoch,
        "warmup": False,
    }


@method("getClusterNodes", accepted=0)
def get_cluster_nodes(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    node = {"pubkey": str(chain.identity), "version": VERSION, "featureSet": _FEATURE_SET, "shredVersion": 0}
    return [{**node, "gossip": None, "tpu": None, "rpc": None, "pubsub": None}]


@method("getVoteAccounts", accepted=1)
def get_vote_accounts(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return {"current": [], "delinquent": []}


@method("getTransactionCount", accepted=1)
def get_transaction_count(chain: EmbeddedChain, args: Args) -> Any:
    context_slot(chain, args.config(0))
    return chain.ledger.transaction_count


@method("getFirstAvailableBlock", accepted=0)
def get_first_available_block(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return chain.ledger.first_slot


@method("minimumLedgerSlot", accepted=0)
def minimum_ledger_slot(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return chain.ledger.first_slot


@method("getLatestBlockhash", accepted=1)
def get_latest_blockhash(chain: EmbeddedChain, args: Args) -> Any:
    slot = context_slot(chain, args.config(0))
    blockhash = chain.blockhash_at(slot)
    last_valid = chain.height_at(slot) + MAX_AGE
    return with_context(slot, {"blockhash": str(blockhash), "lastValidBlockHeight": last_valid})


@method("isBlockhashValid", required=1, accepted=2)
def is_blockhash_valid(chain: EmbeddedChain, args: Args) -> Any:
    blockhash = args.blockhash(0)
    slot = context_slot(chain, args.config(1))
    return with_context(slot, chain.blockhashes.is_valid(blockhash, chain.height))


@method("getFeeForMessage", required=1, accepted=2)
def get_fee_for_message(chain: EmbeddedChain, args: Args) -> Any:
    slot = context_slot(chain, args.config(1))
    raw = base64_bytes(args.text(0))
    try:
        message = from_bytes_versioned(raw)
    except ValueError as error:
        name = "solana_message::versions::VersionedMessage"
        raise invalid_params(f"failed to deserialize {name}: {error}") from error
    if not chain.blockhashes.is_valid(message.recent_blockhash, chain.height):
        return with_context(slot, None)
    return with_context(slot, costs.fee_lamports(message))


@method("getRecentPrioritizationFees", accepted=1)
def get_recent_prioritization_fees(chain: EmbeddedChain, args: Args) -> Any:
    listed = args.items(0, _MAX_PRIORITY_FEE_ACCOUNTS) if args.raw(0) is not None else []
    addresses = [Pubkey.from_bytes(key_bytes(text, 32)) for text in listed]
    first = max(0, chain.open_slot - _PRIORITY_FEE_SLOTS)
    slots = chain.ledger.slots_between(first, chain.open_slot - 1)
    return [
        {"prioritizationFee": _lowest_fee(chain.ledger.blocks[slot], addresses), "slot": slot}
        for slot in slots
    ]


def _lowest_fee(block: Block, addresses: list[Pubkey]) -> int:
    """The lowest price, in micro-lamports per unit, that bought a place beside these accounts in a block."""
    prices = [
        costs.price_and_limit(record.tx.message)[0]
        for record in block.records
        if set(addresses) <= set(record.keys)
    ]
    return min(prices, default=0)


@method("getMinimumBalanceForRentExemption", required=1, accepted=2)
def get_minimum_balance_for_rent_exemption(chain: EmbeddedChain, args: Args) -> Any:
    size = args.integer(0, "usize")
    if size > _MAX_ACCOUNT_BYTES:
        raise RpcFault(INVALID_REQUEST, "Invalid request")
    return chain.svm.minimum_balance_for_rent_exemption(size)


@method("getSupply", accepted=1)
def get_supply(chain: EmbeddedChain, args: Args) -> Any:
    slot = context_slot(chain, args.config(0))
    total = sum(account.lamports for account in chain.accounts.census().values())
    supply = {"circulating": total, "nonCirculating": 0, "nonCirculatingAccounts": [], "total": total}
    return with_context(slot, supply)


@method("getLargestAccounts", accepted=1)
def get_largest_accounts(chain: EmbeddedChain, args: Args) -> Any:
    slot = context_slot(chain, args.config(0))
    accounts = chain.accounts.census().items()
    richest = sorted(accounts, key=lambda item: item[1].lamports, reverse=True)[:20]
    return with_context(
        slot, [{"address": str(key), "lamports": account.lamports} for key, account in richest]
    )


@method("getInflationRate", accepted=0)
def get_inflation_rate(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    epoch = chain.open_slot // chain.slots_per_epoch
    return {"epoch": epoch, "foundation": 0.0, "total": 0.0, "validator": 0.0}


@method("getInflationGovernor", accepted=1)
def get_inflation_governor(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return {"foundation": 0.0, "foundationTerm": 0.0, "initial": 0.0, "taper": 1.0, "terminal": 0.0}


@method("getRecentPerformanceSamples", accepted=1)
def get_recent_performance_samples(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return []


@method("getStakeMinimumDelegation", accepted=1)
def get_stake_minimum_delegation(chain: EmbeddedChain, args: Args) -> Any:
    return with_context(context_slot(chain, args.config(0)), 1_000_000_000)


@method("getInflationReward", required=1, accepted=2)
def get_inflation_reward(chain: EmbeddedChain, args: Args) -> Any:
    context_slot(chain, args.config(1))
    addresses = [key_bytes(text, 32) for text in args.items(0, _MAX_REWARD_ADDRESSES)]
    return [None] * len(addresses)


@method("getLeaderSchedule", accepted=2)
def get_leader_schedule(chain: EmbeddedChain, args: Args) -> Any:
    epoch = None if isinstance(args.raw(0), dict) or args.raw(0) is None else args.integer(0)
    config = args.config(0 if isinstance(args.raw(0), dict) else 1)
    if epoch is not None and epoch // chain.slots_per_epoch > chain.open_slot // chain.slots_per_epoch + 1:
        return None
    identity = config.text("identity")
    if identity is not None and Pubkey.from_bytes(key_bytes(identity, 32)) != chain.identity:
        return {}
    return {str(chain.identity): list(range(chain.slots_per_epoch))}


@method("getBlockCommitment", required=1, accepted=1)
def get_block_commitment(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    args.integer(0)
    return {"commitment": None, "totalStake": 0}


@method("getMaxRetransmitSlot", accepted=0)
def get_max_retransmit_slot(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return chain.open_slot


@method("getMaxShredInsertSlot", accepted=0)
def get_max_shred_insert_slot(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    return chain.open_slot


@method("getHighestSnapshotSlot", accepted=0)
def get_highest_snapshot_slot(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    raise RpcFault(-32008, "No snapshot")
