"""YAML as GitHub reads it: from text to nodes with places.

Importing this package loads no YAML parser; that happens when the first file is composed.
"""

from actlite.document.compose import compose as compose

__all__ = ["compose"]
