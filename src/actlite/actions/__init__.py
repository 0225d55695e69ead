"""Where actions come from."""
