"""A session of solana-py's AsyncClient, and of its WebSocket client."""

from __future__ import annotations

import pytest
from gdx_localnet import start_in_thread
from solana.exceptions import SolanaRpcException
from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed
from solana.rpc.core import RPCException
from solana.rpc.models import MemcmpOpts, TokenAccountOpts, TxOpts
from solana.rpc.websocket_api import SolanaWsClient
from solders.keypair import Keypair
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

pytestmark = [
    pytest.mark.chain,
    pytest.mark.embedded_only(
        "it looks at the embedded chain beside the answers; the session of tests/conformance is for both"
    ),
]
SOL = 10**9


@pytest.fixture
def server(chain):
    handle = start_in_thread(chain)
    yield handle
    handle.stop()


@pytest.fixture
async def client(server):
    async with AsyncClient(server.url, commitment=Confirmed) as client:
        yield client


def pay(sender: Keypair, receiver: Pubkey, lamports: int = SOL):
    return transfer(TransferParams(from_pubkey=sender.pubkey(), to_pubkey=receiver, lamports=lamports))


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
    assert len(block.transactions) == 1
    assert (await client.get_account_info(bob)).value.lamports == SOL
    assert (await client.get_account_info(Keypair().pubkey())).value is None


async def test_a_refused_transaction_names_its_error(client, driver):
    latest = (await client.get_latest_blockhash()).value.blockhash
    message = Message.new_with_blockhash([driver.pay(10**15)], driver.payer.pubkey(), latest)
    with pytest.raises(RPCException, match="custom program error: 0x1"):
        await client.send_transaction(VersionedTransaction(message, [driver.payer]))


async def test_a_dead_endpoint_is_an_error():
    async with AsyncClient("http://127.0.0.1:1") as client:
        with pytest.raises(SolanaRpcException):
            await client.get_slot()


async def test_the_node_and_its_blocks(client, driver):
    driver.run(driver.pay())
    assert await client.is_connected()
    version = (await client.get_version()).value
    assert version.solana_core
    assert (await client.get_slot()).value >= 1
    assert (await client.get_block_height()).value >= 0
    assert (await client.get_epoch_info()).value.slots_in_epoch == 432_000
    assert (await client.get_epoch_schedule()).value.slots_per_epoch == 432_000
    assert (await client.get_genesis_hash()).value == driver.chain.genesis_hash
    assert (await client.get_identity()).value.identity == driver.chain.identity
    assert (await client.get_supply()).value.total > 0
    assert (await client.get_minimum_balance_for_rent_exemption(165)).value == 2_039_280
    assert (await client.get_first_available_block()).value == 0
    assert (await client.get_blocks(0)).value
    assert (await client.get_block_time(1)).value
    assert (await client.get_transaction_count()).value == 1
    assert (await client.get_largest_accounts()).value
    assert (await client.get_vote_accounts()).value.current == []
    assert (await client.get_inflation_governor()).value is not None
    assert (await client.get_inflation_rate()).value is not None
    assert (await client.get_recent_performance_samples()).value == []
    assert (await client.get_leader_schedule()).value is not None
    assert (await client.get_cluster_nodes()).value
    assert (await client.get_recent_prioritization_fees([driver.receiver])).value
    status = (await client.get_signature_statuses([Signature.default()])).value
    assert status == [None]


async def test_accounts_and_tokens(client, driver):
    from gdx_localnet.fixture import mint_account, token_account
    from solders.token import ID as TOKEN
    from solders.token.associated import get_associated_token_address

    owner, mint = driver.payer.pubkey(), Pubkey(bytes([5] * 32))
    held = get_associated_token_address(owner, mint)
    driver.chain.set_account(mint, mint_account(7_500_000, 6, owner))
    driver.chain.set_account(held, token_account(mint, owner, 7_500_000))
    assert (await client.get_token_supply(mint)).value.ui_amount_string == "7.5"
    assert (await client.get_token_account_balance(held)).value.amount == "7500000"
    by_mint = (await client.get_token_accounts_by_owner(owner, TokenAccountOpts(mint=mint))).value
    assert [entry.pubkey for entry in by_mint] == [held]
    options = TokenAccountOpts(program_id=TOKEN)
    parsed = (await client.get_token_accounts_by_owner_json_parsed(owner, options)).value
    assert parsed[0].account.data.parsed["info"]["tokenAmount"]["uiAmountString"] == "7.5"
    filters = [165, MemcmpOpts(offset=32, bytes=str(owner))]
    found = (await client.get_program_accounts(TOKEN, encoding="base64", filters=filters)).value
    assert [entry.pubkey for entry in found] == [held]
    several = (await client.get_multiple_accounts([mint, Keypair().pubkey()])).value
    assert [account is not None for account in several] == [True, False]
    assert len((await client.get_token_largest_accounts(mint)).value) == 1


async def test_skipping_preflight(client, driver):
    latest = (await client.get_latest_blockhash()).value.blockhash
    message = Message.new_with_blockhash([driver.pay(10**15)], driver.payer.pubkey(), latest)
    tx = VersionedTransaction(message, [driver.payer])
    sent = await client.send_transaction(tx, opts=TxOpts(skip_preflight=True))
    (status,) = (await client.get_signature_statuses([sent.value])).value
    assert status.err is not None


async def test_subscriptions(server, driver):
    tx = driver.sign([driver.pay()])
    async with SolanaWsClient(server.ws_url) as socket:
        subscriptions = [
            await socket.signature_subscribe(signature=tx.signatures[0]),
            await socket.account_subscribe(pubkey=driver.receiver, encoding="base64"),
            await socket.logs_subscribe(),
            await socket.program_subscribe(program_id=Pubkey.default(), encoding="base64"),
            await socket.slot_subscribe(),
        ]
        driver.send(tx)
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
