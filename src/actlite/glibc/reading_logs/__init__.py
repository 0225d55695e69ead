"""Reads any log that somebody has: what could not start in it, and what it tells of the circumstances."""
