"""One file per keeper."""
