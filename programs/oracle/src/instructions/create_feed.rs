use anchor_lang::prelude::*;

use crate::{
    constants::MAX_SECONDS,
    error::OracleError,
    events::FeedCreated,
    program::Oracle,
    seeds::SEED_FEED,
    state::{FeedLimits, NewFeed, PriceFeed, PublisherSet},
};

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct CreateFeedArgs {
    /// SHA-256 of the symbol.
    pub symbol_hash: [u8; 32],
    pub authority: Pubkey,
    /// Three to eight addresses.
    pub publishers: Vec<Pubkey>,
    /// How many fresh publishers make a price: at least three.
    pub min_publishers: u8,
    pub limits: FeedLimits,
    /// Delay of changes; 0 only on a local chain.
    pub delay_seconds: u32,
}

#[event_cpi]
#[derive(Accounts)]
#[instruction(args: CreateFeedArgs)]
pub struct CreateFeed<'info> {
    #[account(mut)]
    pub upgrade_authority: Signer<'info>,
    #[account(
        init,
        payer = upgrade_authority,
        space = PriceFeed::SPACE,
        seeds = [SEED_FEED, args.symbol_hash.as_ref()],
        bump
    )]
    pub feed: AccountLoader<'info, PriceFeed>,
    #[account(constraint = this_program.programdata_address()? == Some(program_data.key()) @ OracleError::NotUpgradeAuthority)]
    pub this_program: Program<'info, Oracle>,
    #[account(constraint = program_data.upgrade_authority_address == Some(upgrade_authority.key()) @ OracleError::NotUpgradeAuthority)]
    pub program_data: Box<Account<'info, ProgramData>>,
    pub system_program: Program<'info, System>,
}

impl CreateFeed<'_> {
    pub fn validate(&self, args: &CreateFeedArgs) -> Result<()> {
        args.limits.validate()?;
        require_gte!(MAX_SECONDS, args.delay_seconds, OracleError::DelayTooLong);
        require_keys_neq!(
            args.authority,
            Pubkey::default(),
            OracleError::DefaultAddressRefused
        );
        Ok(())
    }

    pub fn handle(ctx: Context<CreateFeed>, args: CreateFeedArgs) -> Result<()> {
        let clock = Clock::get()?;
        let new = NewFeed {
            symbol_hash: args.symbol_hash,
            authority: args.authority,
            publishers: PublisherSet::new(&args.publishers, args.min_publishers)?,
            limits: args.limits,
            delay_seconds: args.delay_seconds,
            bump: ctx.bumps.feed,
        };
        let head = {
            let mut feed = ctx.accounts.feed.load_init()?;
            feed.open(&new);
            feed.invariant()?;
            feed.next_head(&clock)
        };
        emit_cpi!(FeedCreated {
            head,
            feed: ctx.accounts.feed.key(),
            symbol_hash: args.symbol_hash,
            authority: args.authority,
            publishers: args.publishers,
            min_publishers: args.min_publishers,
            limits: args.limits,
            delay_seconds: u64::from(args.delay_seconds),
        });
        Ok(())
    }
}
