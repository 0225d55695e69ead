"""What is known without looking: images, builds of node, and other builds that start on older systems.

Four text files with their own forms (each one's head describes it): ``images.txt``, ``abi.txt``, ``nodes.txt`` and
``substitutes.txt``. They are read when first asked for. ``scripts/catalogue.py`` makes a row from the real thing.
"""

from __future__ import annotations

from actlite.glibc.catalogue.nodes import builds, node_build
from actlite.glibc.catalogue.references import image_row
from actlite.glibc.catalogue.rows import ImageRow, rows
from actlite.glibc.catalogue.substitutes import NodeSubstitute, substitutes
from actlite.glibc.catalogue.systems import system_of, versions_of

__all__ = [
    "ImageRow",
    "NodeSubstitute",
    "builds",
    "image_row",
    "node_build",
    "rows",
    "substitutes",
    "system_of",
    "versions_of",
]
