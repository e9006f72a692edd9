"""What `gdx localnet` is made of: the flags of `up`, and the controls of a chain that is up."""
