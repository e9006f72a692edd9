"""GDX: read accounts, build instructions, settle and verify batches on Solana."""
