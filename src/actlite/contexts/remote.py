"""The owner and name of a repository, from the address of its remote."""

from __future__ import annotations

import re

from actlite.records import frozen

_SCP = re.compile(r"(?:[^@/:\s]+@)?(?P<host>\[[^\]]+\]|[^/:\s]+):(?!//)(?P<path>[^\s].*)\Z")
_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:[^@/]*@)?(?P<host>\[[^\]]+\]|[^/:]*)(?::\d*)?/(?P<path>.*)\Z", re.I
)
_BAD = re.compile(r"[^A-Za-z0-9._-]+")


@frozen
class RepositoryName:
    """What GitHub calls a repository. ``host`` is '' and ``note`` says why where the name is made up."""

    owner: str
    name: str
    host: str = ""
    note: str = ""

    @property
    def full(self) -> str:
        """``owner/name``."""
        return f"{self.owner}/{self.name}"


def parse_remote(url: str) -> RepositoryName | None:
    """The name in a remote's address: ``https://host/owner/name.git``, ``ssh://git@host:22/owner/name``,
    ``git@host:owner/name.git``; of any host. None for other addresses, such as folders."""
    url = url.strip()
    found = _URL.match(url)
    if found is not None:
        if found["scheme"].lower() == "file" or not found["host"]:
            return None
    elif "://" in url or url.startswith(("/", ".", "~")) or re.match(r"[A-Za-z]:[\\/]", url):
        return None
    else:
        found = _SCP.match(url)
    if found is None:
        return None
    parts = [part for part in found["path"].split("?")[0].split("/") if part]
    if len(parts) < 2:
        return None
    host = found["host"].strip("[]").lower()
    return named(f"{parts[-2]}/{parts[-1].removesuffix('.git')}", host)


def named(full: str, host: str = "") -> RepositoryName | None:
    """A name from ``owner/name``; None where that is no such name. It becomes part of paths: see ``clean``."""
    owner, _, name = full.partition("/")
    owner, name = clean(owner), clean(name)
    return RepositoryName(owner, name, host) if owner and name else None


def local_name(folder: str, why: str) -> RepositoryName:
    """A made-up name for a repository without a usable remote."""
    name = clean(folder) or "repository"
    return RepositoryName("local", name, note=f"{why}: the repository is called local/{name} here")


def clean(text: str) -> str:
    """A text as GitHub would take it for a name; '' where nothing is left, as of ``..``."""
    name = _BAD.sub("-", text).strip("-")
    return name if name.strip(".") else ""
