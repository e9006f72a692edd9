"""The sharded price-time matcher of GDX.

`gdx_matcher.shard.Shard` is the door: durable commands in, events and batches out.
`gdx_matcher.engine.Engine` is the same matching without a disk. `commands`, `events` and `market` hold what
goes in and out.
"""
