"""A collateral vault with its mint, people and calls."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS

from .chain import Chain, program_data
from .codec import Call, idl, pda
from .tokens import TOKEN, amount_of, put_mint, put_token

POSITION_AUTHORITY = pda("position_mgmt", b"authority")
NO_LIMIT = {"limit_atoms": 0, "user_minimum_atoms": 0, "window_seconds": 3_600}
PAUSE_DEPOSIT, PAUSE_WITHDRAW, PAUSE_LOCK = 1, 2, 4
_PROGRAM = "collateral_vault"


@dataclass(frozen=True)
class User:
    """A wallet, its collateral account and its token account."""

    owner: Pubkey
    collateral: Pubkey
    token: Pubkey


def collateral_of(owner: Pubkey) -> Pubkey:
    return pda(_PROGRAM, b"collateral", owner)


def pool_of(market: Pubkey) -> Pubkey:
    return pda(_PROGRAM, b"pool", market)


class VaultWorld:
    """The vault's accounts and a call for each of its instructions; `create` makes the vault itself."""

    def __init__(self, chain: Chain, *, token_program: Pubkey = TOKEN) -> None:
        self.chain = chain
        self.token_program = token_program
        self.mint = put_mint(chain, token_program)
        self.state = pda(_PROGRAM, b"vault_state")
        self.token = pda(_PROGRAM, b"vault_token")
        self.admin, self.guardian, self.fee_recipient = (chain.person() for _ in range(3))

    def create(self, *, delay_seconds: int = 0, limit: dict[str, int] | None = None) -> VaultWorld:
        self.chain.send(self.create_vault(delay_seconds=delay_seconds, withdraw_limit=limit or NO_LIMIT))
        return self

    def create_vault(self, *, mint: Pubkey | None = None, **changes: Any) -> Call:
        args = {
            "admin": self.admin,
            "guardian": self.guardian,
            "fee_recipient": self.fee_recipient,
            "delay_seconds": 0,
            "withdraw_limit": NO_LIMIT,
        }
        assert set(changes) <= set(args)
        accounts = {
            "upgrade_authority": self.chain.upgrade_authority,
            "vault_state": self.state,
            "quote_mint": mint or self.mint,
            "vault_token": self.token,
            "this_program": PROGRAM_IDS[_PROGRAM],
            "program_data": program_data(_PROGRAM),
            "token_program": self.token_program,
        }
        return Call(_PROGRAM, "create_vault", accounts, {"args": args | changes})

    def user(self, *, tokens_atoms: int = 0, deposited_atoms: int = 0) -> User:
        """A user with an open account, `deposited_atoms` in the vault and `tokens_atoms` besides."""
        owner = self.chain.person()
        user = User(owner, collateral_of(owner), self.token_account(owner, tokens_atoms + deposited_atoms))
        self.chain.send(self.open_account(owner))
        if deposited_atoms:
            self.chain.send(self.deposit(user, deposited_atoms))
        return user

    def token_account(self, owner: Pubkey, amount_atoms: int = 0) -> Pubkey:
        """A token account of the quote mint."""
        return put_token(self.chain, self.mint, owner, amount_atoms, self.token_program)

    def open_account(self, owner: Pubkey, payer: Pubkey | None = None) -> Call:
        accounts = {"payer": payer or owner, "owner": owner, "collateral": collateral_of(owner)}
        return Call(_PROGRAM, "open_account", accounts)

    def deposit(self, user: User, amount_atoms: int) -> Call:
        accounts = {
            "vault_state": self.state,
            "collateral": user.collateral,
            "depositor_token": user.token,
            "vault_token": self.token,
            "quote_mint": self.mint,
            "token_authority": user.owner,
            "token_program": self.token_program,
        }
        return Call(_PROGRAM, "deposit", accounts, {"amount_atoms": amount_atoms})

    def withdraw(self, user: User, amount_atoms: int) -> Call:
        accounts = {
            "vault_state": self.state,
            "collateral": user.collateral,
            "owner": user.owner,
            "recipient_token": user.token,
            "vault_token": self.token,
            "quote_mint": self.mint,
            "token_program": self.token_program,
        }
        return Call(_PROGRAM, "withdraw", accounts, {"amount_atoms": amount_atoms})

    def create_pool(self, market: Pubkey) -> Call:
        accounts = {
            "payer": self.admin,
            "vault_state": self.state,
            "pool": pool_of(market),
            "market": market,
            "position_authority": POSITION_AUTHORITY,
        }
        return Call(_PROGRAM, "create_pool", accounts)

    def close_pool(self, pool: Pubkey, recipient: Pubkey) -> Call:
        accounts = {
            "vault_state": self.state,
            "pool": pool,
            "recipient": recipient,
            "position_authority": POSITION_AUTHORITY,
        }
        return Call(_PROGRAM, "close_pool", accounts)

    def pool(self) -> Pubkey:
        """A new pool, of a market that does not exist."""
        market = self.chain.new_key()
        self.chain.send(self.create_pool(market))
        return pool_of(market)

    def lock(self, user: User, pool: Pubkey, amount_atoms: int) -> Call:
        return self._between("lock", pool, amount_atoms, collateral=user.collateral)

    def release(self, user: User, pool: Pubkey, amount_atoms: int) -> Call:
        return self._between("release", pool, amount_atoms, collateral=user.collateral)

    def sweep_fees(self, pool: Pubkey, amount_atoms: int) -> Call:
        return self._between("sweep_fees", pool, amount_atoms)

    def fund_insurance(self, pool: Pubkey, amount_atoms: int) -> Call:
        return self._between("fund_insurance", pool, amount_atoms)

    def draw_insurance(self, pool: Pubkey, amount_atoms: int) -> Call:
        return self._between("draw_insurance", pool, amount_atoms)

    def withdraw_fees(self, recipient_token: Pubkey, amount_atoms: int) -> Call:
        accounts = {
            "vault_state": self.state,
            "admin": self.admin,
            "recipient_token": recipient_token,
            "vault_token": self.token,
            "quote_mint": self.mint,
            "token_program": self.token_program,
        }
        return Call(_PROGRAM, "withdraw_fees", accounts, {"amount_atoms": amount_atoms})

    def set_withdraw_limit(self, limit: dict[str, int]) -> Call:
        return self._admin("set_withdraw_limit", limit=limit)

    def propose_admin(self, new_admin: Pubkey) -> Call:
        return self._admin("propose_admin", new_admin=new_admin)

    def propose_pause_renewal(self) -> Call:
        return self._admin("propose_pause_renewal")

    def execute_pause_renewal(self) -> Call:
        return self._admin("execute_pause_renewal")

    def set_guardian(self, guardian: Pubkey) -> Call:
        return self._admin("set_guardian", guardian=guardian)

    def set_fee_recipient(self, fee_recipient: Pubkey) -> Call:
        return self._admin("set_fee_recipient", fee_recipient=fee_recipient)

    def raise_delay(self, delay_seconds: int) -> Call:
        return self._admin("raise_delay", delay_seconds=delay_seconds)

    def accept_admin(self, new_admin: Pubkey) -> Call:
        accounts = {"vault_state": self.state, "new_admin": new_admin}
        return Call(_PROGRAM, "accept_admin", accounts)

    def set_vault_pause(self, pause_bits: int, signer: Pubkey | None = None) -> Call:
        accounts = {"vault_state": self.state, "signer": signer or self.admin}
        return Call(_PROGRAM, "set_vault_pause", accounts, {"pause_bits": pause_bits})

    def read(self) -> SimpleNamespace:
        return self.chain.read(self.state)

    def check_ledger(self) -> None:
        """What the vault owes is what it holds, and its totals are the sums over all accounts."""
        state = self.read()
        collaterals, pools = self._all("Collateral"), self._all("MarketPool")
        assert state.free_atoms == sum(one.free_atoms for one in collaterals)
        assert state.locked_atoms == sum(one.locked_atoms for one in pools)
        assert state.insurance_atoms == sum(one.insurance_atoms for one in pools)
        owed = state.free_atoms + state.locked_atoms + state.insurance_atoms + state.fees_atoms
        assert owed == amount_of(self.chain, self.token)

    def _between(self, name: str, pool: Pubkey, amount_atoms: int, **accounts: Pubkey) -> Call:
        accounts |= {"vault_state": self.state, "pool": pool, "position_authority": POSITION_AUTHORITY}
        return Call(_PROGRAM, name, dict(accounts), {"amount_atoms": amount_atoms})

    def _admin(self, name: str, **args: Any) -> Call:
        return Call(_PROGRAM, name, {"vault_state": self.state, "admin": self.admin}, args)

    def _all(self, type_name: str) -> list[SimpleNamespace]:
        source = idl(_PROGRAM)
        accounts = self.chain.svm.get_program_accounts(PROGRAM_IDS[_PROGRAM])
        entries = accounts.items() if isinstance(accounts, dict) else accounts
        datas = [bytes(account.data) for _, account in entries]
        return [source.decode_account(data) for data in datas if source.accounts.get(data[:8]) == type_name]
