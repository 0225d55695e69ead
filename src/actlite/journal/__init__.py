"""Runs on disk: folders, events, locks."""
