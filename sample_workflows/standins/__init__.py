"""Stand-in images: small images with a real shell, compiler and dynamic loader that answer like old systems.

Where a registry can't be reached, the samples and tests need containers with glibc 2.12, 2.17 and 2.28.
They are made here from Debian's packages, fetched by apt's own client. In every ELF file of an image the
symbol versions above the image's ceiling are renamed, so the real loader refuses a foreign program with its
own words, as on the real system. What is behind the labels stays Debian's code.

A stand-in never carries a real image's name; labels tell what it stands for and what it is made of.
"""

from sample_workflows.standins.recipes import RECIPES, Recipe

__all__ = ["RECIPES", "Recipe"]
