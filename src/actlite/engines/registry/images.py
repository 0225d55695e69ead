"""Images of registries as ``actlite.engines.base`` has those of an engine: found by name, read without a pull."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from actlite.engines.base import Credentials, Distil
from actlite.engines.registry import layers, manifests
from actlite.engines.registry.budget import Budget
from actlite.engines.registry.client import Client
from actlite.engines.registry.credentials import docker_login, login_of
from actlite.engines.registry.failures import unsound
from actlite.engines.registry.history import can_hold
from actlite.engines.registry.layers import FOLDER, HARD, LINK, Contents, Interesting, TooMany, is_indexed
from actlite.engines.registry.manifests import LayerInfo, RemoteImage
from actlite.engines.registry.reference import parse
from actlite.engines.registry.tar import TarError
from actlite.engines.registry.unpack import Layer, NoZstd, UnpackError
from actlite.errors import ImageUnavailable
from actlite.records import changeable, field

MAX_LINKS = 40


class RegistryImages:
    """Images that are read where they are. A name is asked for once per object. Used by one thread.

    ``cache`` is a folder of actlite's; ``interesting`` says which files are looked at whenever a layer is read, so that
    a later question does not read it again; ``credentials`` are those that the workflow gives, by image name; docker's
    own login counts for the others.
    """

    def __init__(
        self,
        cache: Path | None,
        *,
        architecture: str = "amd64",
        interesting: Interesting = lambda path: False,
        credentials: Mapping[str, Credentials] | None = None,
    ) -> None:
        self._cache = cache / "registry" if cache is not None else None
        self._architecture = architecture
        self._interesting = interesting
        self._credentials = credentials or {}
        self._known: dict[str, RemoteImage] = {}
        self._read: dict[str, _Read] = {}
        self._budgets: dict[str, Budget] = {}

    def find(self, name: str) -> RemoteImage:
        """What a name stands for. Raises ImageUnavailable."""
        if name not in self._known:
            with self._client(name) as client:
                self._known[name] = manifests.find(client, name, self._architecture, self._cache)
        return self._known[name]

    @contextmanager
    def reader(self, image: str) -> Iterator[RegistryReader]:
        """Open an image; what is not kept on this machine is fetched when it is asked for. Raises ImageUnavailable."""
        found = self.find(image)
        with self._client(image) as client:
            folder = self._cache / "layers" if self._cache is not None else None
            read = self._read.setdefault(image, _Read())
            yield RegistryReader(client, image, found.layers, folder, self._interesting, read)

    def rests_on(self, image: str) -> str:
        """What the answers about an image rest on: its digest, and what was read of it here."""
        found = self.find(image)
        read = self._read.get(image) or _Read()
        if not read.bytes:
            return f"{found.id}, known from before"
        return f"{found.id}, {len(read.layers)} of {len(found.layers)} layers, {read.bytes / 1e6:.1f} MB read"

    @contextmanager
    def _client(self, name: str) -> Iterator[Client]:
        reference = parse(name)
        given = self._credentials.get(name)
        login = login_of(given) if given is not None else docker_login(reference.registry)
        budget = self._budgets.setdefault(name, Budget(name))
        client = Client(reference, name, login, budget)
        try:
            with budget.running():
                yield client
        finally:
            client.close()


@changeable
class _Read:
    """What was read of an image."""

    layers: dict[str, Contents] = field(default_factory=dict)
    """By digest: those that were looked into."""
    bytes: int = 0


class RegistryReader:
    """See ``actlite.engines.base.ImageReader``: the layers as one tree, the upper ones first."""

    def __init__(
        self,
        client: Client,
        name: str,
        infos: Sequence[LayerInfo],
        folder: Path | None,
        interesting: Interesting,
        read: _Read,
    ) -> None:
        """``folder`` is where contents of layers are kept; ``read`` what was read before, and will be."""
        self._client = client
        self._name = name
        self._infos = tuple(reversed(infos))
        self._folder = folder
        self._interesting = interesting
        self._read = read
        self._contents = read.layers
        self._asked: set[str] = set()
        """What is asked for now and is in no layer's list unless it is looked for."""

    def facts(self, paths: Sequence[str], distil: Distil) -> Mapping[str, dict[str, Any] | None]:
        """See ``actlite.engines.base.ImageReader``."""
        asked = (posixpath.normpath(path).lstrip("/") for path in paths)
        self._asked = {path for path in asked if not is_indexed(path)}
        found: dict[str, dict[str, Any] | None] = {}
        lacking: dict[LayerInfo, dict[str, list[str]]] = {}
        for path in paths:
            place = self._resolve(path, distil)
            if place is None:
                found[path] = None
                continue
            info, real = place
            facts = self._contents[info.digest].facts.get(real)
            if facts is None and real not in self._contents[info.digest].asked:
                lacking.setdefault(info, {}).setdefault(real, []).append(path)
            found[path] = facts or {}
        for info, files in lacking.items():
            contents = self._fetch(info, distil, files)
            for real, names in files.items():
                found |= dict.fromkeys(names, contents.facts.get(real, {}))
        return found

    def _resolve(self, path: str, distil: Distil) -> tuple[LayerInfo, str] | None:
        """The layer and the path of the regular file that a path means; None where there is none."""
        left = [part for part in path.split("/") if part not in ("", ".")][::-1]
        at = ""
        links = 0
        while left:
            part = left.pop()
            if part == "..":
                at = posixpath.dirname(at)
                continue
            here = posixpath.join(at, part)
            entry = self._lookup(here, distil, is_last=not left)
            if entry is None:
                if not left:
                    return None
                at = here  # a folder of which no layer says anything
                continue
            info, kind, target = entry
            if kind == LINK:
                links += 1
                if links > MAX_LINKS:
                    return None
                at = "" if target.startswith("/") else at
                left += [piece for piece in target.split("/") if piece not in ("", ".")][::-1]
            elif kind == FOLDER:
                at = here
            else:
                # A hard link names a file of the same layer.
                return (info, target if kind == HARD else here) if not left else None
        return None

    def _lookup(self, path: str, distil: Distil, *, is_last: bool) -> tuple[LayerInfo, str, str] | None:
        """What is at a path, none of whose folders is a link: the uppermost layer that has or hides it says it."""
        for info in self._infos:
            if not can_hold(info.place, f"/{path}"):
                continue
            contents = self._of(info, distil)
            if is_last and not contents.knows(path):
                contents = self._fetch(info, distil, (path,))
            if (found := contents.names.get(path)) is not None:
                return info, *found
            if contents.hides(path):
                return None
        return None

    def _of(self, info: LayerInfo, distil: Distil) -> Contents:
        if info.digest not in self._contents:
            kept = self._kept(info)
            known = layers.load(kept) if kept is not None else None
            self._contents[info.digest] = known or self._fetch(info, distil, ())
        return self._contents[info.digest]

    def _fetch(self, info: LayerInfo, distil: Distil, more: Iterable[str]) -> Contents:
        """Fetch a layer and read it to its end, whatever is found on the way. ``more`` are paths to look at besides
        those that were asked for before."""
        known = self._contents.get(info.digest)
        wanted = self._asked.union(more, known.asked if known is not None else ())
        before = self._client.bytes
        try:
            with self._client.blob(info.digest) as pieces:
                source = Layer(pieces, info.digest, info.size, self._client.budget)
                contents = layers.read(source, wanted, self._interesting, distil)
                source.finish()
        except (TarError, UnpackError, TooMany) as error:
            raise unsound(self._name, f"Layer {info.digest}: {error}.") from error
        except NoZstd:
            raise ImageUnavailable(
                f"the image {self._name} has layers packed with zstd, which this Python can't unpack",
                do="Install the Python package zstandard, or pull the image: a local one is read.",
            ) from None
        finally:
            self._read.bytes += self._client.bytes - before
        self._contents[info.digest] = contents
        if (kept := self._kept(info)) is not None:
            layers.save(kept, contents)
        return contents

    def _kept(self, info: LayerInfo) -> Path | None:
        return self._folder / f"{info.digest.replace(':', '-')}.json" if self._folder is not None else None
