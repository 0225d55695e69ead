"""actlite: run a GitHub Actions release job on your own machine, as GitHub's runner would."""

__version__ = "0.1.0"
