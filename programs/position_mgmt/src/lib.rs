//! Markets and positions.
use anchor_lang::prelude::*;

declare_id!("8GnFDsGV4ehaimoscP8BBBFGm6suEdKNRPdLvHpo8Yun");
