"""YAML as GitHub reads it: from text to nodes with places."""
