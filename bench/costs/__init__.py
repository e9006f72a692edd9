"""What GDX costs on chain; `bench/compute.py` runs it."""
