"""The demo: orders in, settled on a local chain, proven. `run_demo` is all that the command calls."""
