"""Images of a registry that asks for a login: credentials of the workflow, docker's own login, pull policies."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fault_tools import Place
from main_tools import Registry, run

pytestmark = pytest.mark.docker
ALPINE = "actlite-standin/alpine:1"
CREDENTIALS = "\n  credentials:\n    username: ${{ vars.USER_NAME }}\n    password: ${{ secrets.REGISTRY }}"
SECRET = ("--var", f"USER_NAME={Registry.user}", "-s", f"REGISTRY={Registry.password}")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    found = Registry(tmp_path_factory.mktemp("of-registry") / "registry")
    yield found
    found.stop()


@pytest.fixture
def image(registry: Registry, docker_daemon: Any, standin: Callable[[str], str]) -> Iterator[str]:
    """The name of an image that is in the registry and not on this machine."""
    repository = f"{registry.address}/team/tool-{uuid.uuid4().hex[:8]}"
    docker_daemon.api.tag(standin("alpine"), repository, "1")
    for message in docker_daemon.api.push(
        repository, tag="1", stream=True, decode=True, auth_config=registry.auth()
    ):
        assert "error" not in message, message
    docker_daemon.api.remove_image(f"{repository}:1")
    yield f"{repository}:1"
    if docker_daemon.images.list(f"{repository}:1"):
        docker_daemon.api.remove_image(f"{repository}:1", force=True)


def use(place: Place, image: str, credentials: str = CREDENTIALS) -> Place:
    return place.steps(
        "- name: go\n  run: echo in-the-image", job=f"container:\n  image: {image}{credentials}"
    )


def has(client: Any, image: str) -> bool:
    return bool(client.images.list(image))


@pytest.mark.rule("containers/credentials")
def test_credentials_of_the_workflow(place: Place, image: str, docker_daemon: Any) -> None:
    use(place, image)
    found = run(place, *SECRET).expect(0)
    assert "in-the-image" in found.lines("go")
    progress = found.of("image-progress")
    assert progress
    assert {event["image"] for event in progress} == {image}
    assert any("Downloaded newer image" in event["status"] for event in progress)
    assert has(docker_daemon, image)
    for text in (found.ended.text, json.dumps(found.report), json.dumps(found.events)):
        assert Registry.password not in text


@pytest.mark.rule("services/credentials")
def test_a_private_image_of_a_service(place: Place, image: str) -> None:
    inner = CREDENTIALS.replace("\n", "\n  ")
    place.steps(
        "- name: go\n  run: echo \"id=${{ job.services.tool.id != '' }}\"",
        job=f"container: {ALPINE}\nservices:\n  tool:\n    image: {image}{inner}\n    entrypoint: sleep\n"
        "    command: '60'",
    )
    found = run(place, *SECRET).expect(0)
    assert found.values("go") == {"id": "true"}
    assert any(event["image"] == image for event in found.of("image-progress"))


@pytest.mark.parametrize(
    ("credentials", "arguments"),
    [("", ()), (CREDENTIALS, (*SECRET[:3], "REGISTRY=wrong-password"))],
    ids=["none", "wrong"],
)
@pytest.mark.rule("containers/credentials-refused")
def test_without_the_right_credentials(
    place: Place, image: str, docker_daemon: Any, credentials: str, arguments: tuple[str, ...]
) -> None:
    use(place, image, credentials)
    found = run(place, *arguments).expect(4, f"the registry refuses the image {image}", "docker login")
    assert found.step("Initialize containers")["outcome"] == "failure"
    assert found.step("go")["outcome"] == "skipped"
    assert not has(docker_daemon, image)
    assert "wrong-password" not in found.ended.text


@pytest.mark.rule("containers/credentials")
def test_dockers_own_login(place: Place, image: str, registry: Registry, tmp_path: Path) -> None:
    folder = tmp_path / "docker-config"
    folder.mkdir()
    word = base64.b64encode(f"{Registry.user}:{Registry.password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {registry.address: {"auth": word}}}))
    use(place, image, "")
    found = run(place, env={"DOCKER_CONFIG": str(folder)}).expect(0)
    assert "in-the-image" in found.lines("go")


def test_an_image_that_the_registry_does_not_have(place: Place, registry: Registry) -> None:
    use(place, f"{registry.address}/team/nothing:1")
    run(place, *SECRET).expect(
        4, f"the image {registry.address}/team/nothing:1 does not exist in its registry"
    )


@pytest.mark.rule("containers/pull")
def test_pull_policies(place: Place, image: str, docker_daemon: Any) -> None:
    use(place, image)
    never = run(place, *SECRET, "--pull", "never").expect(4, f"the image {image} is not on this machine")
    assert never.of("image-progress") == []
    assert run(place, *SECRET).expect(0).of("image-progress")
    assert run(place, *SECRET, "--pull", "missing").expect(0).of("image-progress") == []
    again = run(place, *SECRET, "--pull", "always").expect(0)
    assert any("Image is up to date" in event["status"] for event in again.of("image-progress"))
    use(place, image, "")
    run(place, "--pull", "never").expect(0)  # what is here needs no login
    run(place, "--pull", "always").expect(4, "the registry refuses")


def test_a_docker_step_of_a_registry_with_dockers_login(
    place: Place, image: str, registry: Registry, tmp_path: Path
) -> None:
    folder = tmp_path / "docker-config"
    folder.mkdir()
    word = base64.b64encode(f"{Registry.user}:{Registry.password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {registry.address: {"auth": word}}}))
    place.steps(f"- name: go\n  uses: docker://{image}\n  with: {{entrypoint: echo, args: from-there}}")
    found = run(place, env={"DOCKER_CONFIG": str(folder)}).expect(0)
    assert "from-there" in found.log("go").splitlines()
    assert found.step(f"Pull {image}")["outcome"] == "success"
    assert any(event["image"] == image for event in found.of("image-progress"))


def test_a_registry_that_does_not_answer(place: Place) -> None:
    use(place, "127.0.0.1:9/team/tool:1")
    run(place, *SECRET).expect(
        4, "the image 127.0.0.1:9/team/tool:1 can't be pulled", "not reached from here"
    )
