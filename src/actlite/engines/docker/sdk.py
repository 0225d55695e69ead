"""The docker SDK, loaded when something of it is first needed: it takes longer to import than Python to start.

``sdk.errors`` and ``sdk.broken`` in an ``except`` clause are looked up only when there is an exception to match.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests.exceptions as broken
    from docker import APIClient, errors, utils

__all__ = ["APIClient", "broken", "errors", "utils"]


def __getattr__(name: str) -> Any:
    if name == "errors":
        import docker.errors

        return docker.errors
    if name == "utils":
        import docker.utils

        return docker.utils
    if name == "broken":
        import requests.exceptions

        return requests.exceptions
    if name == "APIClient":
        from docker import APIClient

        return APIClient
    raise AttributeError(name)
