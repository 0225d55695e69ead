"""What the tests of the runner's rules share: workflows that run once for all tests of a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from conforming import RUNNER, Conform
from fault_tools import Place, owned, until_clean
from main_tools import Outcome, run


@pytest.fixture(scope="module")
def conform(
    tmp_path_factory: pytest.TempPathFactory, standin: Callable[[str], str], docker_daemon: Any
) -> Iterator[Conform]:
    """Run workflows for the tests of a module. Nothing may be left of them in the engine."""
    standin("runner")
    folder = tmp_path_factory.mktemp("conform")
    count = 0

    def go(
        workflow: str,
        *arguments: str,
        image: str = RUNNER,
        env: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        expect: int | None = 0,
        seconds: float = 120.0,
    ) -> Outcome:
        nonlocal count
        count += 1
        place = Place(folder / str(count) / "project")
        for name, text in (files or {}).items():
            place.write(name, text)
        place.workflow(workflow)
        found = run(place, *arguments, env=env, image=image, seconds=seconds)
        if expect is not None:
            found.expect(expect)
        return found

    yield go
    until_clean(docker_daemon, folder)
    assert owned(docker_daemon, folder) == {}
