"""The contexts that expressions see."""
