"""The gdx command."""
