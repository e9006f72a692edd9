"""Token queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from solders.account import Account
from solders.pubkey import Pubkey

from gdx_localnet import tokens
from gdx_localnet.rpc.dispatcher import method, with_context
from gdx_localnet.rpc.encoding import encode_account
from gdx_localnet.rpc.faults import invalid_params
from gdx_localnet.rpc.params import ACCOUNT_ENCODINGS, Args, context_slot, key_bytes, variant
from gdx_localnet.rpc.parsed_accounts import ui_amount

if TYPE_CHECKING:
    from collections.abc import Callable

    from gdx_localnet.svm import EmbeddedChain

_LARGEST = 20


@method("getTokenAccountBalance", required=1, accepted=2, config="CommitmentConfig")
def get_token_account_balance(chain: EmbeddedChain, args: Args) -> Any:
    address = args.pubkey(0)
    slot = context_slot(chain, args.config(1))
    account = chain.account(address, slot)
    if account is None:
        raise invalid_params("Invalid param: could not find account")
    token = tokens.parse_account(account)
    if token is None:
        raise invalid_params("Invalid param: not a Token account")
    return with_context(slot, ui_amount(token.amount, _mint(chain, token.mint, slot).decimals))


@method("getTokenSupply", required=1, accepted=2, config="CommitmentConfig")
def get_token_supply(chain: EmbeddedChain, args: Args) -> Any:
    address = args.pubkey(0)
    slot = context_slot(chain, args.config(1))
    account = chain.account(address, slot)
    if account is None:
        raise invalid_params("Invalid param: could not find account")
    mint = tokens.parse_mint(account)
    if mint is None:
        raise invalid_params("Invalid param: not a Token mint")
    return with_context(slot, ui_amount(mint.supply, mint.decimals))


@method("getTokenAccountsByOwner", required=2, accepted=3, config="RpcAccountInfoConfig")
def get_token_accounts_by_owner(chain: EmbeddedChain, args: Args) -> Any:
    return _accounts_by(chain, args, lambda token: token.owner)


@method("getTokenAccountsByDelegate", required=2, accepted=3, config="RpcAccountInfoConfig")
def get_token_accounts_by_delegate(chain: EmbeddedChain, args: Args) -> Any:
    return _accounts_by(chain, args, lambda token: token.delegate)


def _accounts_by(
    chain: EmbeddedChain, args: Args, holder_of: Callable[[tokens.TokenAccount], Pubkey | None]
) -> Any:
    holder, config = args.pubkey(0), args.config(2)
    slot = context_slot(chain, config)
    program, mint = _read_token_filter(chain, args.raw(1), slot)
    encoding, data_slice = config.choice("encoding", ACCOUNT_ENCODINGS), config.data_slice()
    value = []
    owned = chain.accounts.owned_by(program, slot)
    for address, account in sorted(owned.items(), key=lambda item: bytes(item[0])):
        token = tokens.parse_account(account)
        if token is None or holder_of(token) != holder or (mint is not None and token.mint != mint):
            continue
        encoded = encode_account(chain, address, account, encoding, data_slice)
        value.append({"account": encoded, "pubkey": str(address)})
    return with_context(slot, value)


def _read_token_filter(chain: EmbeddedChain, value: Any, slot: int) -> tuple[Pubkey, Pubkey | None]:
    """The token program to search, and the mint when one is named."""
    kind, text = variant(value, ("mint", "programId"))
    if isinstance(value, str):
        raise invalid_params("Invalid params: invalid type: unit variant, expected newtype variant.")
    key = Pubkey.from_bytes(key_bytes(text, 32))
    if kind == "programId":
        if not tokens.is_token_program(key):
            raise invalid_params("Invalid param: unrecognized Token program id")
        return key, None
    return _mint_account(chain, key, slot)[0].owner, key


def _mint_account(chain: EmbeddedChain, address: Pubkey, slot: int) -> tuple[Account, tokens.Mint]:
    account = chain.account(address, slot)
    if account is None:
        raise invalid_params("Invalid param: could not find mint")
    mint = tokens.parse_mint(account)
    if mint is None:
        raise invalid_params("Invalid param: Token mint could not be unpacked")
    return account, mint


@method("getTokenLargestAccounts", required=1, accepted=2, config="CommitmentConfig")
def get_token_largest_accounts(chain: EmbeddedChain, args: Args) -> Any:
    address = args.pubkey(0)
    slot = context_slot(chain, args.config(1))
    account, mint = _mint_account(chain, address, slot)
    held = []
    for key, candidate in chain.accounts.owned_by(account.owner, slot).items():
        token = tokens.parse_account(candidate)
        if token is not None and token.mint == address:
            held.append((token.amount, str(key)))
    held.sort(key=lambda item: (-item[0], item[1]))
    value = [{"address": key, **ui_amount(amount, mint.decimals)} for amount, key in held[:_LARGEST]]
    return with_context(slot, value)


def _mint(chain: EmbeddedChain, address: Pubkey, slot: int) -> tokens.Mint:
    account = chain.account(address, slot)
    mint = tokens.parse_mint(account) if account is not None else None
    if mint is None:
        raise invalid_params("Invalid param: mint not found")
    return mint
