"""What the tests with containers share."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fault_tools import Place
from fix_images import WHEEL, wheels, with_pip, with_python

from actlite.engines.docker import DockerEngine, connect
from actlite.glibc.image_system import Described, describe_local

VOLUME = "node-for-glibc-2.17"
"""The volume of the fix node-mount."""


@pytest.fixture
def place(tmp_path: Path, standin: Callable[[str], str]) -> Place:
    """A repository with a commit, for the real program to run in; the image of the runner is there."""
    standin("runner")
    return Place(tmp_path / "project")


@pytest.fixture(scope="module")
def engine(docker_daemon: Any) -> Iterator[DockerEngine]:
    """The engine as actlite has it."""
    found = connect()
    yield found
    found.close()


@pytest.fixture
def described(engine: DockerEngine, tmp_path: Path) -> Callable[[str], Described]:
    """What is read of a local image, with an empty cache."""

    def describe(image: str) -> Described:
        found = describe_local(engine.images, image, cache=tmp_path)
        assert found is not None
        return found

    return describe


@contextlib.contextmanager
def alone(factory: pytest.TempPathFactory, what: str) -> Iterator[None]:
    """Keep the other processes that share the tests (pytest -n) from the same thing for a while."""
    # The folder above that of this process is theirs, too.
    with (factory.getbasetemp().parent / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def no_volume(docker_daemon: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The volume of node-mount is not there before the test, nor after it; and one test at a time has it."""

    def remove() -> None:
        from docker.errors import NotFound

        try:
            docker_daemon.api.remove_volume(VOLUME, force=True)
        except NotFound:
            return

    with alone(tmp_path_factory, "volume"):
        remove()
        yield
        remove()


@pytest.fixture(scope="session")
def with_node(standin: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The stand-in for manylinux2014 with a Python as such images have them, and pip."""
    found = wheels(tmp_path_factory.mktemp("wheels"), WHEEL)
    links = {"/opt/python/cp39-cp39/bin/python": "/usr/bin/python3"}
    with alone(tmp_path_factory, "with-node"):
        return with_pip(with_python("manylinux2014"), "pip", found, links=links)
