"""Checks on a workflow, one file each."""
