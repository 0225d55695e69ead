"""The client that all of the engine uses: the docker SDK's, but for the calls that every job waits for.

Those go over the socket by hand (`rawhttp`), with the SDK as the second try, so that its errors are what is seen.
"""

from __future__ import annotations

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
