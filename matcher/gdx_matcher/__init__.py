"""The sharded price-time matcher of GDX."""
