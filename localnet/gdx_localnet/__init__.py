"""A local Solana chain: LiteSVM behind JSON-RPC, or solana-test-validator."""
