"""The GitHub that jobs talk to, on this machine."""
