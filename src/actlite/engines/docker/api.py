"""The client that all of the engine uses: the docker SDK's, but for the calls that every job waits for.

Those go over the socket by hand (`rawhttp`), with the SDK as the second try, so that its errors are what is seen.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from actlite.engines.docker.rawhttp import RawDaemon, RawError

if TYPE_CHECKING:
    from docker import APIClient as _Base
else:
    _Base = object


STAT_HEADER = "X-Docker-Container-Path-Stat"
NO_SUCH_PATH = (400, 404, 500)
"""The daemon's answers where a path leads to nothing: 400 and 500 where a folder on the way is none, or for a loop."""


def archive_stat(client: Any, container: str, path: str) -> dict[str, Any] | None:
    """As :meth:`LazyClient.archive_stat`, through the SDK, which has no call for it."""
    url = f"{client.base_url}/v{client.api_version}{_archive(container, path)}"
    answer = client.head(url, timeout=client.timeout)
    if answer.status_code in NO_SUCH_PATH:
        return None
    answer.raise_for_status()
    return decoded_stat(str(answer.headers.get(STAT_HEADER, "")))


def archive(client: Any, container: str, path: str) -> bytes:
    """As :meth:`LazyClient.archive`, through the SDK."""
    chunks, _ = client.get_archive(container, path, encode_stream=False)
    return b"".join(chunks)


def decoded_stat(header: str) -> dict[str, Any] | None:
    """The header's value; None where it can't be read."""
    try:
        found = json.loads(base64.b64decode(header))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _archive(container: str, path: str) -> str:
    return f"/containers/{container}/archive?path={quote(path, safe='/')}"


class LazyClient(_Base):
    """Looks like an SDK client; makes the real one when something else than its own few calls is asked for.

    ``make`` makes the real client. Safe to use from several threads.
    """

    def __init__(self, raw: RawDaemon, make: Callable[[], Any]) -> None:
        self._raw = raw
        self._make = make
        self._lock = threading.Lock()
        self._real: Any = None

    def real(self) -> Any:
        """The SDK's own client."""
        with self._lock:
            if self._real is None:
                self._real = self._make()
            return self._real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real(), name)

    def create_container_from_config(
        self, config: Mapping[str, Any], name: str | None = None, platform: str | None = None
    ) -> Any:
        """Create a container from a request's body."""
        asked = "&".join(f"{k}={quote(v, safe='')}" for k, v in (("name", name), ("platform", platform)) if v)
        try:
            return self._raw.post(f"/containers/create?{asked}", config)
        except RawError:
            return self.real().create_container_from_config(config, name, platform)

    def start(self, container: Any, *args: Any, **kwargs: Any) -> None:
        """Start a container."""
        try:
            self._raw.post(f"/containers/{container}/start")
        except RawError:
            self.real().start(container, *args, **kwargs)

    def remove_container(
        self, container: Any, v: bool = False, link: bool = False, force: bool = False
    ) -> None:
        """Remove a container."""
        try:
            self._raw.delete(f"/containers/{container}?v={int(v)}&force={int(force)}")
        except RawError:
            self.real().remove_container(container, v=v, link=link, force=force)

    def inspect_image(self, image: Any) -> Any:
        """What is known of an image."""
        try:
            return self._raw.get(f"/images/{quote(str(image), safe='/:@')}/json")
        except RawError:
            return self.real().inspect_image(image)

    def inspect_container(self, container: Any) -> Any:
        """What is known of a container."""
        try:
            return self._raw.get(f"/containers/{container}/json")
        except RawError:
            return self.real().inspect_container(container)

    def containers(self, *args: Any, **kwargs: Any) -> Any:
        """Containers, all of them, by filters."""
        return self._list("/containers/json", "containers", args, kwargs, "all=1&")

    def networks(self, *args: Any, **kwargs: Any) -> Any:
        """Networks by filters."""
        return self._list("/networks", "networks", args, kwargs)

    def volumes(self, *args: Any, **kwargs: Any) -> Any:
        """Volumes by filters."""
        return self._list("/volumes", "volumes", args, kwargs)

    def images(self, *args: Any, **kwargs: Any) -> Any:
        """Images by filters."""
        return self._list("/images/json", "images", args, kwargs)

    def archive_stat(self, container: str, path: str) -> dict[str, Any] | None:
        """What the daemon knows of a path in a container: ``mode`` (Go's), ``size``, ``linkTarget``; None where there
        is nothing."""
        try:
            header = self._raw.head(_archive(container, path), STAT_HEADER)
        except RawError as error:
            return None if error.status in NO_SUCH_PATH else archive_stat(self.real(), container, path)
        return decoded_stat(header)

    def archive(self, container: str, path: str) -> bytes:
        """A file of a container, as a tar file of one member."""
        try:
            return self._raw.content(_archive(container, path))
        except RawError:
            return archive(self.real(), container, path)

    def close(self) -> None:
        """Close the real client, where there is one."""
        with self._lock:
            if self._real is not None:
                self._real.close()

    def _list(self, path: str, name: str, args: Any, kwargs: dict[str, Any], flags: str = "") -> Any:
        plain = kwargs.keys() <= {"filters", "all"} and kwargs.get("all", True) and not args
        if plain:
            filters = quote(json.dumps(kwargs.get("filters") or {}), safe="")
            try:
                return self._raw.get(f"{path}?{flags}filters={filters}")
            except RawError:
                pass
        return getattr(self.real(), name)(*args, **kwargs)
