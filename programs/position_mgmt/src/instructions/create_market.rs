use anchor_lang::{prelude::*, system_program::System};
use collateral_vault::{
    cpi::{accounts::CreatePool, create_pool},
    program::CollateralVault,
};
use oracle::state::PriceFeed;
use solana_sha256_hasher::hash;

use crate::{
    constants::INSTRUCTIONS_SYSVAR,
    error::PositionError,
    events::{emit, MarketCreated},
    guard::{change_hash, refuse_durable_nonce},
    instruction,
    seeds::{AUTHORITY_ADDRESS, AUTHORITY_SEEDS, CONFIG_ADDRESS, SEED_MARKET, VAULT_STATE_ADDRESS},
    state::{has_current_layout, GlobalConfig, MarketParams, NewMarket, PerpMarket},
};

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct CreateMarketArgs {
    /// sha256 of the symbol without its padding.
    pub symbol_hash: [u8; 32],
    /// Printable ASCII, padded with zeros.
    pub symbol: [u8; 32],
    pub base_asset: [u8; 16],
    pub quote_asset: [u8; 16],
    pub fee_recipient: Pubkey,
    pub params: MarketParams,
}

#[event_cpi]
#[derive(Accounts)]
#[instruction(args: CreateMarketArgs)]
pub struct CreateMarket<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(
        mut,
        address = CONFIG_ADDRESS,
        constraint = has_current_layout(&config) @ PositionError::ConfigLayoutOld,
        constraint = config.load()?.admin == admin.key() @ PositionError::NotAdmin
    )]
    pub config: AccountLoader<'info, GlobalConfig>,
    pub admin: Signer<'info>,
    #[account(
        init,
        payer = payer,
        space = PerpMarket::SPACE,
        seeds = [SEED_MARKET, args.symbol_hash.as_ref()],
        bump
    )]
    pub market: AccountLoader<'info, PerpMarket>,
    pub price_feed: AccountLoader<'info, PriceFeed>,
    /// CHECK: the vault program checks it.
    #[account(address = VAULT_STATE_ADDRESS)]
    pub vault_state: UncheckedAccount<'info>,
    /// CHECK: the vault program creates it at the market's address.
    #[account(mut)]
    pub pool: UncheckedAccount<'info>,
    /// CHECK: this program's signing address.
    #[account(address = AUTHORITY_ADDRESS)]
    pub authority: UncheckedAccount<'info>,
    pub vault_program: Program<'info, CollateralVault>,
    pub system_program: Program<'info, System>,
    /// CHECK: the instructions sysvar, fixed by its address.
    #[account(address = INSTRUCTIONS_SYSVAR)]
    pub instructions: UncheckedAccount<'info>,
}

impl CreateMarket<'_> {
    pub fn validate(&self, args: &CreateMarketArgs) -> Result<()> {
        refuse_durable_nonce(&self.instructions)?;
        let length = args.symbol.iter().position(|byte| *byte == 0).unwrap_or(32);
        let (text, padding) = args.symbol.split_at(length);
        let is_text = !text.is_empty() && text.iter().all(u8::is_ascii_graphic);
        require!(
            is_text && padding.iter().all(|byte| *byte == 0),
            PositionError::BadSymbol
        );
        require!(
            hash(text).to_bytes() == args.symbol_hash,
            PositionError::WrongSymbolHash
        );
        require_keys_neq!(
            args.fee_recipient,
            Pubkey::default(),
            PositionError::DefaultAddressRefused
        );
        args.params.validate()
    }

    pub fn handle(ctx: Context<CreateMarket>, args: CreateMarketArgs) -> Result<()> {
        let clock = Clock::get()?;
        let accounts = &ctx.accounts;
        accounts.create_pool()?;
        let creation = instruction::CreateMarket { args: args.clone() };
        let change = change_hash(&creation, Some(&accounts.price_feed.key()));
        let event = {
            let mut config = accounts.config.load_mut()?;
            config.consume_change(&change, clock.unix_timestamp)?;
            let mut market = accounts.market.load_init()?;
            let market_index = config.next_market_index()?;
            let new = NewMarket {
                authority: accounts.config.key(),
                symbol_hash: args.symbol_hash,
                symbol: args.symbol,
                base_asset: args.base_asset,
                quote_asset: args.quote_asset,
                pool: accounts.pool.key(),
                price_oracle: accounts.price_feed.key(),
                fee_recipient: args.fee_recipient,
                market_index,
                chain_start: config.chain_start(&accounts.market.key(), market_index),
                bump: ctx.bumps.market,
            };
            market.open(new, clock.unix_timestamp);
            market.set_params(&args.params)?;
            market.invariant(0)?;
            MarketCreated {
                head: market.next_head(&clock),
                market: accounts.market.key(),
                symbol: market.symbol,
                market_index: market.market_index,
                price_oracle: market.price_oracle,
                pool: market.usdt_vault,
                params: args.params,
            }
        };
        emit(&event, &accounts.event_authority)
    }

    fn create_pool(&self) -> Result<()> {
        let accounts = CreatePool {
            payer: self.payer.to_account_info(),
            vault_state: self.vault_state.to_account_info(),
            pool: self.pool.to_account_info(),
            market: self.market.to_account_info(),
            position_authority: self.authority.to_account_info(),
            system_program: self.system_program.to_account_info(),
        };
        create_pool(CpiContext::new_with_signer(
            self.vault_program.key(),
            accounts,
            &[AUTHORITY_SEEDS],
        ))
    }
}
