//! Price feeds.
use anchor_lang::prelude::*;

declare_id!("DmcJg89j1VAE9q23t1TZwAjfv4hQsVJrdf3V3Mky5Wrh");
