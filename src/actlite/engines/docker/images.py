"""Images of the daemon: found, pulled, built, and read without being started."""

from __future__ import annotations

import contextlib
import platform
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from actlite.engines.base import (
    ImageInfo,
    ImageSpec,
    OutputSink,
    Owner,
    Progress,
    Pull,
)
from actlite.engines.docker import sdk
from actlite.engines.docker.client import Connection, inspect_image
from actlite.engines.docker.containers import remove_image
from actlite.engines.docker.failures import disk_full, no_space, text, translated
from actlite.engines.docker.image_reader import LABEL_READER, DockerImageReader, open_image
from actlite.engines.docker.layer_folders import folders_of
from actlite.errors import CannotRun, ImageUnavailable

_PULL_TRIES = 3  # R: ContainerOperationProvider, as often as the runner
_REFUSED = ("denied", "unauthorized", "authentication required", "no basic auth credentials")
"""Words of the daemon's where a registry wants a login."""
_BASE_IS_LACKING = (
    "pull access denied",
    "manifest unknown",
    "manifest for",
    "no such host",
    "dial tcp",
    "unauthorized",
)
"""Words of the daemon's where the image of a FROM can't be pulled."""


class DockerImages:
    """The engine's images. Safe to use from several threads; one image is pulled once at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._api = connection.api
        self._known: dict[str, ImageInfo] = {}
        self._folders: dict[str, tuple[Path, ...]] = {}
        """By image id: where its layers can be read from here."""
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        self._swept = False
        self._built: dict[str, None] = {}
        """Ids of the images that were built, in their order."""

    def find(self, name: str) -> ImageInfo | None:
        """A local image, or None. Asked once per image and engine object."""
        if (known := self._known.get(name)) is not None:
            return known
        with translated(f"looking for the image {name}", image=name):
            try:
                found = inspect_image(self._api, name)
            except sdk.errors.ImageNotFound:
                return None
            except sdk.errors.APIError as e:
                if e.status_code == 400:
                    raise _invalid_name(name, text(e)) from e
                raise
        config = found.get("Config") or {}
        info = ImageInfo(
            id=str(found["Id"]),
            name=name,
            os=str(found.get("Os", "")),
            architecture=str(found.get("Architecture", "")),
            env=dict(item.partition("=")[::2] for item in config.get("Env") or ()),
            user=str(config.get("User") or ""),
            labels=dict(config.get("Labels") or {}),
        )
        self._known[name] = info
        if self._connection.local:
            self._folders[info.id] = folders_of(found)
        return info

    def ensure(self, image: ImageSpec, on_progress: Callable[[Progress], None]) -> ImageInfo:
        """Have the image locally, pulling as its policy says. Raises ImageUnavailable, DiskFull."""
        with self._guard:
            lock = self._locks.setdefault(image.name, threading.Lock())
        with lock:
            found = None if image.pull is Pull.ALWAYS else self.find(image.name)
            if found is not None and _fits(found, image.platform):
                return found
            if image.pull is Pull.NEVER:
                raise ImageUnavailable(
                    f"the image {image.name} is not on this machine",
                    why="The pull policy is never.",
                    do=f"Pull it (`docker pull {image.name}`, or `--pull missing`), or name another with"
                    f" `--image {image.name}=OTHER`.",
                )
            self._pull(image, on_progress)
            self._known.pop(image.name, None)
            found = self.find(image.name)
        if found is None:
            raise ImageUnavailable(
                f"the image {image.name} was pulled, but the engine does not find it",
                do="Does it exist for this machine's architecture? `docker pull` by hand tells more.",
            )
        return found

    def build(
        self, context: Path, dockerfile: Path, tag: str, owner: Owner, on_output: OutputSink
    ) -> ImageInfo:
        """Build an image from a Dockerfile inside ``context``. The builder's output is passed on.
        The image is removed when the engine is closed. Raises CannotRun with the builder's words
        (ImageUnavailable where the image it builds on can't be had), DiskFull."""
        self._known.pop(tag, None)
        words: list[str] = []
        with translated(f"building {tag}"):
            try:
                inside = dockerfile.resolve().relative_to(context.resolve()).as_posix()
            except ValueError:
                raise ImageUnavailable(
                    f"{dockerfile} is not inside the folder that is built, {context}",
                    do="Put the Dockerfile into the action's folder.",
                ) from None
            if not dockerfile.is_file():
                raise ImageUnavailable(
                    f"there is no {dockerfile}", do="Check `image:` in the action's `runs:`."
                )
            stream = self._api.build(
                path=str(context),
                dockerfile=inside,
                tag=tag,
                labels=owner.labels("image"),
                rm=True,
                forcerm=True,
                decode=True,
            )
            for message in stream:
                if said := message.get("stream"):
                    on_output(str(said).encode())
                elif status := message.get("status"):
                    on_output(f"{message.get('id', '')} {status}\n".lstrip().encode())
                if error := message.get("error"):
                    words.append(str(error))
        if words:
            self._raise_build_failure(tag, "\n".join(words))
        found = self.find(tag)
        if found is None:
            raise ImageUnavailable(f"the build of {tag} ended without an image")
        with self._guard:
            self._built[found.id] = None
        return found

    @staticmethod
    def _raise_build_failure(tag: str, words: str) -> None:
        if no_space(words):
            raise disk_full(f"building {tag}", words)
        low = words.lower()
        lacking = "non-zero code" not in low and any(mark in low for mark in _BASE_IS_LACKING)
        raise (ImageUnavailable if lacking else CannotRun)(
            f"the image of the action could not be built ({tag})",
            why=words,
            do="The build's output above says which instruction failed.",
        )

    def remove_built(self) -> None:
        """Remove the images that were built here. One that another container uses stays: a later sweep takes it."""
        with self._guard:
            built, self._built = self._built, {}
        for id in built:
            with contextlib.suppress(sdk.errors.APIError, sdk.broken.RequestException):
                remove_image(self._api, id)

    def read(self, image: str, paths: Sequence[str]) -> Mapping[str, bytes | None]:
        """Files of an image, symlinks followed across folders, from a container that is created, never
        started, and removed. None where there is no such file. Raises ImageUnavailable."""
        contents: dict[str, bytes] = {}

        def keep(path: str, data: bytes) -> dict[str, Any]:
            contents[path] = data
            return {}

        with self.reader(image) as reader:
            reader.facts(paths, keep)
        return {path: contents.get(path) for path in paths}

    @contextlib.contextmanager
    def reader(self, image: str) -> Iterator[DockerImageReader]:
        """Open an image. Raises ImageUnavailable."""
        info = self.find(image)
        if info is None:
            raise ImageUnavailable(
                f"the image {image} is not on this machine",
                do=f"Pull it: `docker pull {image}`.",
            )
        with translated(f"reading files of {image}", image=image):
            self._sweep_probes()
        with open_image(self._api, info.id, image, self._folders.get(info.id, ())) as reader:
            yield reader

    def _sweep_probes(self) -> None:
        """Once per engine object: remove the probes of readers that were killed."""
        with self._guard:
            if self._swept:
                return
            self._swept = True
        for probe in self._api.containers(all=True, filters={"label": [LABEL_READER]}):
            machine, _, process = str(probe["Labels"][LABEL_READER]).rpartition(":")
            if machine == platform.node() and not Path("/proc", process).exists():
                with contextlib.suppress(sdk.errors.APIError):  # another one sweeps too
                    self._api.remove_container(str(probe["Id"]), force=True, v=True)

    def _pull(self, image: ImageSpec, on_progress: Callable[[Progress], None]) -> None:
        repository, tag = _reference(image.name)
        failure: Exception | None = None
        words = ""
        for _ in range(_PULL_TRIES):
            try:
                words = self._pull_once(repository, tag, image, on_progress)
            except sdk.errors.APIError as e:
                failure, words = e, text(e)
            except sdk.errors.DockerException as e:  # a credential helper
                failure, words = e, str(e)
            except sdk.broken.RequestException as e:
                failure, words = e, f"the connection to the engine broke: {e}"
            if not words:
                return
            if not _worth_trying_again(words):
                break
        raise _pull_failure(image, words) from failure

    def _pull_once(
        self,
        repository: str,
        tag: str,
        image: ImageSpec,
        on_progress: Callable[[Progress], None],
    ) -> str:
        """Pull; the daemon's error text, or nothing."""
        auth: dict[str, Any] | None = None
        if image.credentials is not None:
            auth = {"username": image.credentials.username, "password": image.credentials.password}
        layers = Layers()
        for message in self._api.pull(
            repository,
            tag=tag,
            stream=True,
            decode=True,
            auth_config=auth,
            platform=image.platform or None,
        ):
            if error := message.get("error"):
                return str(error)
            on_progress(layers.add(message))
        return ""


class Layers:
    """Adds up the progress of a pull over the image's layers."""

    def __init__(self) -> None:
        self._layers: dict[str, tuple[int, int]] = {}

    def add(self, message: Mapping[str, Any]) -> Progress:
        """Take one message of the daemon; the progress of the whole."""
        status, id = str(message.get("status", "")), str(message.get("id", ""))
        detail = message.get("progressDetail") or {}
        if status == "Downloading":
            self._layers[id] = (int(detail.get("current") or 0), int(detail.get("total") or 0))
        elif status in ("Download complete", "Verifying Checksum", "Pull complete", "Extracting"):
            total = self._layers.get(id, (0, 0))[1]
            self._layers[id] = (total, total)
        return Progress(
            status,
            sum(current for current, _ in self._layers.values()),
            sum(total for _, total in self._layers.values()),
            id,
        )


def _fits(info: ImageInfo, platform: str) -> bool:
    """Whether a local image is of the platform that is asked for, if any."""
    return platform in ("", f"{info.os}/{info.architecture}")


def _reference(name: str) -> tuple[str, str]:
    """Repository and tag or digest; ``latest`` where none is named, as docker does."""
    repository, tag = sdk.utils.parse_repository_tag(name)
    return str(repository), str(tag or "latest")


def _worth_trying_again(words: str) -> bool:
    low = words.lower()
    certain = (
        "not found",
        *_REFUSED,
        "manifest unknown",
        "no matching manifest",
        "invalid",
        "no such host",
    )
    return not no_space(low) and not any(mark in low for mark in certain)


def _invalid_name(name: str, words: str) -> ImageUnavailable:
    return ImageUnavailable(
        f"'{name}' is not an image name", why=words, do="Write it as [REGISTRY/]NAME[:TAG], in lower case."
    )


def _pull_failure(image: ImageSpec, words: str) -> CannotRun:
    low, name = words.lower(), image.name
    if no_space(words):
        return disk_full(f"pulling {name}", words)
    if "invalid reference" in low or "must be lowercase" in low:
        return _invalid_name(name, words)
    if "no matching manifest" in low or "does not match the specified platform" in low:
        what = f"the image {name} does not exist for this machine's architecture"
        do = f"Name another with `--image {name}=OTHER`."
    elif any(mark in low for mark in _REFUSED):
        what = f"the registry refuses the image {name}: it does not exist, or needs a login"
        do = "Check the name; give `credentials:` in the workflow, or log in with `docker login`."
    elif "not found" in low or "manifest unknown" in low:
        what = f"the image {name} does not exist in its registry"
        do = "Check the name and the tag."
    elif any(
        mark in low
        for mark in (
            "no such host",
            "dial tcp",
            "timeout",
            "connection refused",
            "network is unreachable",
            "tls",
            "eof",
        )
    ):
        what = f"the image {name} can't be pulled: its registry is not reached from here"
        do = f"Check the network; with a local image: `--image {name}=OTHER`, or `--pull never`."
    else:
        what = f"the image {name} can't be pulled"
        do = f"Try `docker pull {name}` by hand, or name another with `--image {name}=OTHER`."
    return ImageUnavailable(what, why=words, do=do)
