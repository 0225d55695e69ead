"""``check --images``: the images themselves, those of this machine and those of a registry; nothing is started."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from main_tools import Registry

from actlite.checking.files import TextFiles
from actlite.checking.predictions.settings import Predicting
from actlite.checking.repository import check
from actlite.cli.reading_images import images_of
from actlite.cli.settings import Settings
from actlite.engines.docker.image_reader import LABEL_READER, this_reader

pytestmark = pytest.mark.docker

OLD = "quay.io/pypa/manylinux2014_x86_64"
NAME = ".github/workflows/release.yml"
WORKFLOW = f"""\
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    container: {OLD}
    steps:
      - uses: actions/checkout@v2
"""


def predicted(by: Predicting, text: str = WORKFLOW) -> dict[str, Any]:
    """The only prediction of a workflow, as data."""
    checked = check(TextFiles({NAME: text}), [NAME], predicting=by)
    (item,) = checked.files[0].predicted["predictions"]
    return dict(item)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ACTLITE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def of_day(**more: Any) -> Predicting:
    return Predicting(as_of=date(2026, 11, 23), images=images_of(Settings()), **more)


@pytest.mark.usefixtures("cache")
def test_a_local_image_says_the_same_as_the_catalogue(
    standin: Callable[[str], str], docker_daemon: Any
) -> None:
    image = standin("manylinux2014")
    found = predicted(of_day(stand_ins={OLD: image}))
    catalogue = predicted(Predicting(as_of=date(2026, 11, 23)))
    assert (found["image"]["source"], catalogue["image"]["source"]) == ("local image", "catalogue")
    assert found["loader_lines"] == catalogue["loader_lines"]
    assert found["image"]["libraries"] == catalogue["image"]["libraries"]
    ours = {"label": f"{LABEL_READER}={this_reader()}"}
    assert docker_daemon.containers.list(all=True, filters=ours) == [], "none is left"


def test_what_was_read_is_kept(cache: Path, standin: Callable[[str], str]) -> None:
    image = standin("manylinux2014")
    first = predicted(of_day(stand_ins={OLD: image}))
    assert list((cache / "images").glob("*.json"))
    assert predicted(of_day(stand_ins={OLD: image})) == first


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    ("name", "verdict", "line"),
    [
        ("alpine", "starts", ""),
        ("nostdcxx", "fails", "libstdc++.so.6: cannot open shared object file: No such file or directory"),
        ("debian11", "starts", ""),
    ],
)
def test_other_images(standin: Callable[[str], str], name: str, verdict: str, line: str) -> None:
    found = predicted(of_day(stand_ins={OLD: standin(name)}))
    assert found["verdict"] == verdict
    assert line in "\n".join(found["loader_lines"])


@pytest.mark.usefixtures("cache")
def test_an_image_of_a_registry(
    standin: Callable[[str], str], docker_daemon: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry(tmp_path / "registry")
    try:
        repository, tag = f"{registry.address}/team/tool", uuid.uuid4().hex[:8]
        docker_daemon.api.tag(standin("manylinux2014"), repository, tag)
        for message in docker_daemon.api.push(
            repository, tag=tag, stream=True, decode=True, auth_config=registry.auth()
        ):
            assert "error" not in message, message
        docker_daemon.api.remove_image(f"{repository}:{tag}")
        login = base64.b64encode(f"{registry.user}:{registry.password}".encode()).decode()
        (tmp_path / "config.json").write_text(json.dumps({"auths": {registry.address: {"auth": login}}}))
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        found = predicted(of_day(stand_ins={OLD: f"{repository}:{tag}"}))
    finally:
        registry.stop()
    assert (found["image"]["source"], found["verdict"]) == ("registry", "fails")
    assert found["loader_lines"] == predicted(Predicting(as_of=date(2026, 11, 23)))["loader_lines"]


@pytest.mark.usefixtures("cache", "docker_daemon")
def test_an_image_that_is_nowhere_is_known_from_the_catalogue_or_not_at_all() -> None:
    text = WORKFLOW.replace(OLD, "127.0.0.1:9/none:1")
    found = predicted(of_day(), text)
    assert found["verdict"] == "unknown"
    assert "127.0.0.1:9" in found["why"]
    assert "the catalogue of images does not have it" in found["why"]
