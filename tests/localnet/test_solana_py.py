"""A session of solana-py's AsyncClient, and of its WebSocket client, on either engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from gdx_localnet.fixture import mint_account, token_account
from solana.exceptions import SolanaRpcException
from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed, Processed
from solana.rpc.core import RPCException
from solana.rpc.models import MemcmpOpts, TokenAccountOpts, TxOpts
from solana.rpc.websocket_api import SolanaWsClient
from solders.keypair import Keypair
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.token import ID as TOKEN
from solders.token.associated import get_associated_token_address
from solders.transaction import VersionedTransaction

from tests.chain_lane import Genesis, Lane, RemoteChain, wallet

pytestmark = pytest.mark.chain
SOL = 10**9
PAYER = Keypair.from_seed(bytes([1] * 32))
MINT = Pubkey(bytes([5] * 32))
HELD = get_associated_token_address(PAYER.pubkey(), MINT)


@pytest.fixture(scope="module")
def served(lane: Lane) -> Iterator[RemoteChain]:
    """One chain for all: a payer with 7.5 tokens. Only what is new in a test may be counted."""
    accounts = {
        PAYER.pubkey(): wallet(),
        MINT: mint_account(7_500_000, 6, PAYER.pubkey()),
        HELD: token_account(MINT, PAYER.pubkey(), 7_500_000),
    }
    with lane.start(Genesis(accounts=accounts)) as chain:
        yield chain


@pytest.fixture
async def client(served: RemoteChain) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(served.url, commitment=Confirmed) as client:
        yield client


def pay(sender: Keypair, receiver: Pubkey, lamports: int = SOL):
    return transfer(TransferParams(from_pubkey=sender.pubkey(), to_pubkey=receiver, lamports=lamports))


async def payment(client: AsyncClient, receiver: Pubkey, lamports: int = SOL) -> VersionedTransaction:
    """A payment of the payer's, signed."""
    latest = (await client.get_latest_blockhash()).value.blockhash
    message = Message.new_with_blockhash([pay(PAYER, receiver, lamports)], PAYER.pubkey(), latest)
    return VersionedTransaction(message, [PAYER])


async def test_airdrop_transfer_and_history(client):
    alice, bob = Keypair(), Keypair().pubkey()
    drop = await client.request_airdrop(alice.pubkey(), 10 * SOL)
    await client.confirm_transaction(drop.value)
    assert (await client.get_balance(alice.pubkey())).value == 10 * SOL
    latest = (await client.get_latest_blockhash()).value
    message = MessageV0.try_compile(alice.pubkey(), [pay(alice, bob)], [], latest.blockhash)
    tx = VersionedTransaction(message, [alice])
    assert (await client.get_fee_for_message(message)).value == 5_000
    simulated = (await client.simulate_transaction(tx, sig_verify=True)).value
    assert simulated.err is None
    assert simulated.units_consumed == 150
    sent = await client.send_transaction(tx)
    status = await client.confirm_transaction(
        sent.value, last_valid_block_height=latest.last_valid_block_height
    )
    assert status.value[0].err is None
    view = (await client.get_transaction(sent.value, max_supported_transaction_version=0)).value
    assert view.transaction.meta.fee == 5_000
    assert view.transaction.meta.post_balances[1] == SOL
    for encoding in ("base64", "jsonParsed"):
        again = await client.get_transaction(sent.value, encoding, max_supported_transaction_version=0)
        assert again.value.slot == view.slot
    listed = await client.get_signatures_for_address(bob)
    assert [entry.signature for entry in listed.value] == [sent.value]
    block = (await client.get_block(view.slot, max_supported_transaction_version=0)).value
    paid = [one for one in block.transactions if one.transaction.signatures == [sent.value]]
    assert [one.meta.fee for one in paid] == [5_000]
    assert (await client.get_account_info(bob)).value.lamports == SOL
    assert (await client.get_account_info(Keypair().pubkey())).value is None


async def test_a_refused_transaction_names_its_error(client):
    with pytest.raises(RPCException, match="custom program error: 0x1"):
        await client.send_transaction(await payment(client, Keypair().pubkey(), 10**15))


async def test_a_dead_endpoint_is_an_error():
    async with AsyncClient("http://127.0.0.1:1") as client:
        with pytest.raises(SolanaRpcException):
            await client.get_slot()


async def test_the_node_and_its_blocks(client, served):
    receiver = Keypair().pubkey()
    count = (await client.get_transaction_count()).value
    sent = (await client.send_transaction(await payment(client, receiver))).value
    await client.confirm_transaction(sent)
    assert (await client.get_transaction_count()).value > count
    assert await client.is_connected()
    version = (await client.get_version()).value
    assert version.solana_core == served.rpc("getVersion")["solana-core"]
    slot = (await client.get_signature_statuses([sent])).value[0].slot
    assert (await client.get_slot()).value >= slot >= 1
    assert (await client.get_block_height()).value >= 0
    assert (await client.get_epoch_info()).value.slots_in_epoch == 432_000
    assert (await client.get_epoch_schedule()).value.slots_per_epoch == 432_000
    assert str((await client.get_genesis_hash()).value) == served.rpc("getGenesisHash")
    assert str((await client.get_identity()).value.identity) == served.rpc("getIdentity")["identity"]
    assert (await client.get_supply()).value.total > 0
    assert (await client.get_minimum_balance_for_rent_exemption(165)).value == 2_039_280
    assert (await client.get_first_available_block()).value == 0
    assert (await client.get_blocks(0)).value[:2] == [0, 1]
    assert abs((await client.get_block_time(slot)).value - served.now_ts()) < 600
    largest = (await client.get_largest_accounts(commitment=Processed)).value
    assert len(largest) == len({entry.address for entry in largest}) == 20
    votes = len((await client.get_vote_accounts()).value.current)
    assert votes == (0 if served.has_controls else 1)  # the embedded chain has nobody who votes
    assert (await client.get_inflation_governor()).value.foundation_term >= 0
    assert (await client.get_inflation_rate()).value.epoch == 0
    assert (await client.get_recent_performance_samples()).value == []
    leader = (await client.get_identity()).value.identity
    assert list((await client.get_leader_schedule()).value) == [leader]
    assert [node.pubkey for node in (await client.get_cluster_nodes()).value] == [leader]
    fees = (await client.get_recent_prioritization_fees([receiver])).value
    assert [entry.prioritization_fee for entry in fees if entry.slot == slot] == [0]
    status = (await client.get_signature_statuses([Signature.default()])).value
    assert status == [None]


async def test_accounts_and_tokens(client):
    owner = PAYER.pubkey()
    assert (await client.get_token_supply(MINT)).value.ui_amount_string == "7.5"
    assert (await client.get_token_account_balance(HELD)).value.amount == "7500000"
    by_mint = (await client.get_token_accounts_by_owner(owner, TokenAccountOpts(mint=MINT))).value
    assert [entry.pubkey for entry in by_mint] == [HELD]
    options = TokenAccountOpts(program_id=TOKEN)
    parsed = (await client.get_token_accounts_by_owner_json_parsed(owner, options)).value
    assert parsed[0].account.data.parsed["info"]["tokenAmount"]["uiAmountString"] == "7.5"
    filters = [165, MemcmpOpts(offset=32, bytes=str(owner))]
    found = (await client.get_program_accounts(TOKEN, encoding="base64", filters=filters)).value
    assert [entry.pubkey for entry in found] == [HELD]
    several = (await client.get_multiple_accounts([MINT, Keypair().pubkey()])).value
    assert [account is not None for account in several] == [True, False]
    assert len((await client.get_token_largest_accounts(MINT)).value) == 1


async def test_skipping_preflight(client, served):
    tx = await payment(client, Keypair().pubkey(), 10**15)
    sent = (await client.send_transaction(tx, opts=TxOpts(skip_preflight=True))).value
    served.wait_until(lambda: served.rpc("getSignatureStatuses", [[str(sent)]])["value"][0], "it landed")
    (status,) = (await client.get_signature_statuses([sent])).value
    assert status.err is not None


async def test_subscriptions(client, served):
    receiver = Keypair().pubkey()
    tx = await payment(client, receiver)
    async with SolanaWsClient(served.ws_url) as socket:
        subscriptions = [
            await socket.signature_subscribe(signature=tx.signatures[0]),
            await socket.account_subscribe(pubkey=receiver, encoding="base64"),
            await socket.logs_subscribe(),
            await socket.program_subscribe(program_id=Pubkey.default(), encoding="base64"),
            await socket.slot_subscribe(),
        ]
        await client.send_transaction(tx)
        kinds = set()
        while len(kinds) < len(subscriptions):
            kinds.add(type(await socket.recv()).__name__)
        await socket.unsubscribe(subscriptions[1])
    assert kinds == {
        "SignatureNotification",
        "AccountNotification",
        "LogsNotification",
        "ProgramNotification",
        "SlotNotification",
    }
