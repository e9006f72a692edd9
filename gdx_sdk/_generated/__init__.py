"""Written by `gdx idl generate`; imported only inside gdx_sdk."""
