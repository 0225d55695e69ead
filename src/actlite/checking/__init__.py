"""What needs a plan and the catalogue together."""
