"""JSON-RPC over the embedded chain: one module per family of methods."""
