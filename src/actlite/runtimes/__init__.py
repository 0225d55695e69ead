"""The runner's releases and its node builds."""
