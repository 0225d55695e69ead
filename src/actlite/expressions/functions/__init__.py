"""The functions of expressions, one file each."""
