"""Names of images, as docker reads them: which registry, which repository, which tag or digest."""

from __future__ import annotations

import re

from actlite.errors import ImageUnavailable
from actlite.records import frozen

DOCKER_HUB = "docker.io"
_HUB_HOST = "registry-1.docker.io"
_NAME = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_LOCAL = re.compile(r"(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?")


@frozen
class Reference:
    """A name, taken apart."""

    registry: str
    """``docker.io``, ``quay.io``, ``localhost:5000``."""
    repository: str
    """``library/debian``."""
    tag: str = ""
    digest: str = ""

    @property
    def version(self) -> str:
        """What the registry is asked for: the digest, else the tag."""
        return self.digest or self.tag

    @property
    def is_local(self) -> bool:
        """The registry is on this machine: it may be asked without TLS, as docker does."""
        return bool(_LOCAL.fullmatch(self.registry))

    @property
    def base(self) -> str:
        """The address of the registry's API."""
        host = _HUB_HOST if self.registry == DOCKER_HUB else self.registry
        return f"{'http' if self.is_local else 'https'}://{host}/v2"


def is_safe(address: str) -> bool:
    """Whether an address may be shown a password and believed: over TLS, or on this machine."""
    scheme, _, rest = address.partition("://")
    return scheme == "https" or (scheme == "http" and bool(_LOCAL.fullmatch(rest.partition("/")[0])))


def parse(name: str) -> Reference:
    """Take a name apart. Raises ImageUnavailable for what docker would not take."""
    rest, _, digest = name.partition("@")
    first, slash, path = rest.partition("/")
    is_host = slash and ("." in first or ":" in first or first == "localhost" or first.lower() != first)
    registry, path = (first, path) if is_host else (DOCKER_HUB, rest)
    path, _, tag = path.partition(":")
    if registry in (DOCKER_HUB, "index.docker.io"):
        registry, path = DOCKER_HUB, path if "/" in path else f"library/{path}"
    sound = (
        _HOST.fullmatch(registry)
        and _NAME.fullmatch(path)
        and (not tag or _TAG.fullmatch(tag))
        and (not digest or _DIGEST.fullmatch(digest))
        and not rest.endswith(":")
        and not name.endswith("@")
    )
    if not sound:
        raise ImageUnavailable(
            f"'{name}' is not an image name",
            do="Write it as [REGISTRY/]NAME[:TAG] or [REGISTRY/]NAME@sha256:DIGEST, in lower case.",
        )
    return Reference(registry, path, tag or ("" if digest else "latest"), digest)
