"""The client against a chain over HTTP: real blockhashes, signatures, statuses and tables."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from solana.rpc.async_api import AsyncClient
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from gdx_sdk.client import Client, LookupTables
from gdx_sdk.errors import AccountNotFound, CodecError, InputError, ProgramError, RpcError, TransactionError
from gdx_sdk.tx import Signer
from tests.chain_lane import Lane, RemoteChain

pytestmark = pytest.mark.chain


@pytest.fixture(scope="module")
def chain(lane: Lane) -> Iterator[RemoteChain]:
    with lane.start(slot_ms=20) as started:
        yield started


@pytest.fixture
def url(chain: RemoteChain) -> str:
    return chain.url


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    async with Client(url) as connected:
        yield connected


async def funded(client: Client) -> Signer:
    signer = Signer(Keypair())
    await client.airdrop(signer.pubkey, 10_000_000_000)
    return signer


def pay(payer: Signer, to: Pubkey, lamports: int):  # type: ignore[no-untyped-def]
    return transfer(TransferParams(from_pubkey=payer.pubkey, to_pubkey=to, lamports=lamports))


async def test_a_transfer_lands_with_its_cost(client: Client) -> None:
    payer, friend = await funded(client), Pubkey.new_unique()
    sent = await client.send([pay(payer, friend, 5_000_000)], [payer])
    assert await client.get_balance(friend) == 5_000_000
    assert sent.fee_lamports == 5_000
    assert 0 < sent.compute_units < 1_000
    assert sent.slot > 0


async def test_the_same_payment_twice_is_two_payments(client: Client) -> None:
    payer, friend = await funded(client), Pubkey.new_unique()
    for _ in range(3):
        await client.send([pay(payer, friend, 5_000_000)], [payer], compute_unit_limit=2_000)
    assert await client.get_balance(friend) == 15_000_000


async def test_a_refusal_names_the_program(client: Client) -> None:
    payer = await funded(client)
    for limit in ("simulate", 2_000):
        with pytest.raises(ProgramError, match="system refused: 1"):
            await client.send(
                [pay(payer, Pubkey.new_unique(), 10**15)],
                [payer],
                compute_unit_limit=limit,
            )


async def test_an_unknown_payer_is_a_transaction_error(client: Client) -> None:
    poor = Signer(Keypair())
    with pytest.raises((TransactionError, RpcError)):
        await client.send([pay(poor, Pubkey.new_unique(), 1)], [poor])


async def test_a_lookup_table_is_usable_when_returned(client: Client) -> None:
    payer = await funded(client)
    tables = LookupTables(client, payer)
    friends = [Pubkey.new_unique() for _ in range(45)]
    table = await tables.create(friends[:25])
    table = await tables.extend(table, friends)
    assert list(table.addresses) == friends
    assert (await tables.fetch(table.key)).addresses == table.addresses
    assert (await LookupTables(client, payer).fetch(table.key)).addresses == table.addresses
    sent = await client.send(
        [pay(payer, friend, 1_000_000) for friend in friends[:20]], [payer], lookup_tables=[table]
    )
    assert sent.signature
    assert await client.get_balance(friends[19]) == 1_000_000


async def test_a_table_is_closed_after_its_cool_down(client: Client, chain: RemoteChain) -> None:
    payer = await funded(client)
    tables = LookupTables(client, payer)
    table = await tables.create([Pubkey.new_unique()])
    await tables.deactivate(table.key)
    with pytest.raises(TransactionError, match=r"in address_lookup_table\.close_lookup_table"):
        await tables.close(table.key)
    chain.advance_slots(600)
    friend = Pubkey.new_unique()
    await tables.close(table.key, recipient=friend)
    assert await client.get_balance(friend) > 1_000_000
    with pytest.raises(AccountNotFound, match=f"no lookup table account at {table.key}"):
        await tables.fetch(table.key)


async def test_what_is_no_table_or_has_no_room_is_refused_before_sending(client: Client) -> None:
    payer = await funded(client)
    tables = LookupTables(client, payer)
    with pytest.raises(CodecError, match=f"lookup table {payer.pubkey}: owner"):
        await tables.fetch(payer.pubkey)
    before = await client.get_balance(payer.pubkey)
    with pytest.raises(InputError, match=r"addresses = 257: .* has room for 256"):
        await tables.create([Pubkey.new_unique() for _ in range(257)])
    assert await client.get_balance(payer.pubkey) == before


async def test_clock_slot_and_height_move(client: Client) -> None:
    await funded(client)
    clock = await client.get_clock()
    assert await client.get_time() >= clock.unix_ts > 0
    assert await client.get_slot() >= 0
    assert await client.get_block_height() > 0
    assert await client.get_minimum_balance(0) == 890_880


async def test_solana_pys_client_is_accepted(url: str) -> None:
    async with AsyncClient(url) as plain:
        client = Client(plain)
        payer, friend = await funded(client), Pubkey.new_unique()
        await client.send([pay(payer, friend, 5_000_000)], [payer])
        assert await client.get_balance(friend) == 5_000_000
        with pytest.raises(RpcError, match="-32601"):
            await client.rpc("getNothing")
        await client.aclose()
        assert await plain.is_connected()
