"""Images of a real registry, read without a pull: the same answers as from the local image, and as of the real loader."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from main_tools import Registry, built

from actlite.engines.base import Credentials
from actlite.engines.docker import DockerEngine
from actlite.engines.registry.images import RegistryImages
from actlite.errors import ImageUnavailable
from actlite.glibc import elf
from actlite.glibc.folder import FolderSystem
from actlite.glibc.image_facts import is_interesting
from actlite.glibc.image_system import Described, describe_local, describe_remote
from actlite.glibc.loading import Loading, load
from actlite.glibc.system import MountedSystem
from actlite.runtimes.store import NodeStore
from sample_workflows.standins.__main__ import cache_folder

pytestmark = pytest.mark.docker
LIB = "/usr/lib/x86_64-linux-gnu"
NODE = "/__e/node20/bin/node"
INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    found = Registry(tmp_path_factory.mktemp("of-registry") / "registry")
    yield found
    found.stop()


@pytest.fixture(scope="module")
def node() -> Path:
    """A node 20, from the user's own cache."""
    return NodeStore(cache_folder().parent / "runtimes").ensure("20.20.2").path


Push = Callable[[str], str]


@pytest.fixture
def push(registry: Registry, docker_daemon: Any) -> Push:
    """Gives a local image a name in the registry, and leaves only the registry's."""

    def give(image: str) -> str:
        # In one repository: what it has already is not sent again.
        repository, tag = f"{registry.address}/team/tool", uuid.uuid4().hex[:8]
        docker_daemon.api.tag(image, repository, tag)
        auth = registry.auth()
        for message in docker_daemon.api.push(
            repository, tag=tag, stream=True, decode=True, auth_config=auth
        ):
            assert "error" not in message, message
        docker_daemon.api.remove_image(f"{repository}:{tag}")
        return f"{repository}:{tag}"

    return give


def images(registry: Registry, cache: Path | None, name: str, **more: Any) -> RegistryImages:
    given = {name: Credentials(registry.user, registry.password)}
    return RegistryImages(cache, interesting=is_interesting, **{"credentials": given, **more})


def local(engine: DockerEngine, image: str, cache: Path | None = None) -> Described:
    found = describe_local(engine.images, image, cache=cache)
    assert found is not None
    return found


def verdict(image: Described, node: Path) -> Loading:
    system = MountedSystem(image.system, {"/__e/node20": FolderSystem(node, image.arch)})
    return load(elf.read(node / "bin" / "node"), NODE, system)


def really(client: Any, image: str, node: Path) -> tuple[int, str]:
    """The node started in the image by exec: exit code and stderr."""
    volumes = {str(node): {"bind": "/__e/node20", "mode": "ro"}}
    container = client.containers.create(
        image, ["tail", "-f", "/dev/null"], volumes=volumes, network_mode="none"
    )
    try:
        container.start()
        done = container.exec_run([NODE, "--version"], demux=True)
        return done.exit_code, (done.output[1] or b"").decode().rstrip("\n")
    finally:
        container.remove(force=True, v=True)


@pytest.mark.parametrize(
    "name", ["centos7", "manylinux1", "debian11", "nostdcxx", "alpine", "debian11_arm64"]
)
def test_as_from_the_local_image(
    name: str,
    registry: Registry,
    engine: DockerEngine,
    push: Push,
    standin: Callable[[str], str],
    node: Path,
    tmp_path: Path,
) -> None:
    here = local(engine, standin(name))
    remote = push(here.name)
    architecture = "arm64" if "arm64" in name else "amd64"
    there = describe_remote(
        images(registry, tmp_path, remote, architecture=architecture), remote, cache=tmp_path
    )
    assert (there.libc.versions, str(there.libc)) == (here.libc.versions, str(here.libc))
    assert (there.libc.distribution, there.libc.is_alpine) == (here.libc.distribution, here.libc.is_alpine)
    assert (there.arch, there.env, list(there.system.directories)) == (
        here.arch,
        here.env,
        list(here.system.directories),
    )
    assert there.source == "registry"
    assert there.detail.startswith("sha256:")
    assert "1 of 1 layers, " in there.detail
    assert verdict(there, node) == verdict(here, node)


def test_once_known_only_the_name_is_asked_for(
    registry: Registry, push: Push, standin: Callable[[str], str], node: Path, tmp_path: Path
) -> None:
    remote = push(standin("centos7"))
    first = describe_remote(images(registry, tmp_path, remote), remote, cache=tmp_path)
    again = describe_remote(images(registry, tmp_path, remote), remote, cache=tmp_path)
    assert verdict(again, node) == verdict(first, node)
    assert again.detail.endswith("known from before")
    # By its digest, the image is not asked for at all.
    fixed = f"{remote.rpartition(':')[0]}@{first.detail.partition(',')[0]}"
    registry.stop()
    try:
        offline = describe_remote(images(registry, tmp_path, fixed), fixed, cache=tmp_path)
        assert verdict(offline, node) == verdict(first, node)
        with pytest.raises(ImageUnavailable, match="not reached"):
            describe_remote(images(registry, tmp_path, remote), remote, cache=tmp_path)
    finally:
        registry.start()


def test_a_base_that_images_share_is_read_once(
    registry: Registry, docker_daemon: Any, push: Push, standin: Callable[[str], str], tmp_path: Path
) -> None:
    base = standin("debian11")
    remote = push(base)
    describe_remote(images(registry, tmp_path, remote), remote, cache=tmp_path)
    with built(docker_daemon, "local/actlite-shared:1", [f"FROM {base}", "RUN echo x > /etc/motd"]) as image:
        other = push(image)
        there = describe_remote(images(registry, tmp_path, other), other, cache=tmp_path)
    assert there.libc.glibc == "2.31"
    assert "2 of 2 layers, 0.0 MB read" in there.detail


LAYERS: Mapping[str, tuple[str, ...]] = {
    "whiteout": (f"RUN rm {LIB}/libstdc++.so.6",),
    "put back": (f"RUN mv {LIB}/libstdc++.so.6.0.28 /keep.so", f"RUN mv /keep.so {LIB}/libstdc++.so.6.0.28"),
    "moved": (f"RUN mkdir /opt/lib && mv {LIB}/libstdc++.so.6 /opt/lib/ && mv {LIB}/libstdc++.so.6.0.28 /opt/lib/", "RUN rm /etc/ld.so.cache"),
    "link to elsewhere": (f"RUN mv {LIB}/libgcc_s.so.1 /srv/ && ln -s /srv/libgcc_s.so.1 {LIB}/libgcc_s.so.1",),
    "hard link": (f"RUN ln {LIB}/libm-2.31.so {LIB}/other.so && rm {LIB}/libm.so.6 && ln {LIB}/other.so {LIB}/libm.so.6",),
    "a loop": (f"RUN rm {LIB}/libdl.so.2 && ln -s libdl.so.2 {LIB}/libdl.so.2",),
    "out of the root": (f"RUN mv {LIB}/libm-2.31.so /srv/ && ln -sf ../../../../../../srv/libm-2.31.so {LIB}/libm.so.6",),
    "no interpreter": ("RUN rm /lib64/ld-linux-x86-64.so.2", ),
}  # fmt: skip


@pytest.mark.parametrize("case", LAYERS)
def test_layers(
    case: str, registry: Registry, engine: DockerEngine, docker_daemon: Any, push: Push, standin: Callable[[str], str],
    node: Path, tmp_path: Path,
) -> None:  # fmt: skip
    name = f"local/actlite-layers-{case.replace(' ', '-')}:1"
    with built(docker_daemon, name, [f"FROM {standin('debian11')}", *LAYERS[case]]) as image:
        remote = push(image)
        there = verdict(describe_remote(images(registry, tmp_path, remote), remote, cache=tmp_path), node)
        assert there == verdict(local(engine, image), node)
        if case == "no interpreter":  # nothing starts in it, not even what waits
            assert (there.kind, there.exit_code) == ("interpreter", 1)
        elif case == "a loop":  # the loader's last words are the kernel's: Error 40
            code, text = really(docker_daemon, image, node)
            assert (there.exit_code, there.lines[0].rpartition(":")[0]) == (code, text.rpartition(":")[0])
        else:
            assert (there.exit_code, "\n".join(there.lines)) == really(docker_daemon, image, node)


def test_a_folder_made_anew_hides_what_it_held(
    registry: Registry, docker_daemon: Any, push: Push, standin: Callable[[str], str], tmp_path: Path
) -> None:
    lines = [
        f"FROM {standin('debian11')}",
        f"RUN mkdir /opt/lib && cp {LIB}/libm.so.6 {LIB}/libdl.so.2 /opt/lib/",
        f"RUN rm -r /opt/lib && mkdir /opt/lib && cp {LIB}/libm.so.6 /opt/lib/",
    ]
    with built(docker_daemon, "local/actlite-opaque:1", lines) as image:
        remote = push(image)
    there = describe_remote(images(registry, tmp_path, remote), remote, cache=tmp_path)
    assert there.system.exists("/opt/lib/libm.so.6")
    assert not there.system.exists("/opt/lib/libdl.so.2")
    kept = [json.loads(path.read_text()) for path in (tmp_path / "registry" / "layers").iterdir()]
    assert [one["opaque"] for one in kept if one["opaque"]] == [["opt/lib"]]


def test_layers_that_can_hold_no_library_are_passed_over(
    registry: Registry,
    docker_daemon: Any,
    push: Push,
    standin: Callable[[str], str],
    node: Path,
    tmp_path: Path,
) -> None:
    lines = [
        f"FROM {standin('debian11')}",
        "WORKDIR /app",
        "COPY Dockerfile /app/x",
        "COPY Dockerfile /opt/lib/libx.so.1",
    ]
    with built(docker_daemon, "local/actlite-passed:1", lines) as image:
        remote = push(image)
    found = images(registry, tmp_path, remote)
    there = describe_remote(found, remote, cache=tmp_path)
    assert verdict(there, node).starts
    assert "1 of 4 layers, " in there.detail
    assert there.system.exists("/opt/lib/libx.so.1")
    assert "2 of 4 layers, " in found.rests_on(remote)


def test_an_index_of_several_machines(
    registry: Registry, push: Push, standin: Callable[[str], str], tmp_path: Path
) -> None:
    here = {"amd64": push(standin("debian11")), "arm64": push(standin("manylinux2014_arm64"))}
    name = f"{registry.address}/team/both:1"
    entries = []
    for architecture, remote in here.items():
        repository, _, tag = remote.removeprefix(registry.address + "/").rpartition(":")
        text = get(registry, f"{repository}/manifests/{tag}").content
        manifest = json.loads(text)
        for part in (manifest["config"], *manifest["layers"]):  # into the other repository
            mount = f"team/both/blobs/uploads/?mount={part['digest']}&from={repository}"
            assert ask(registry, "POST", mount).status_code == 201
        done = ask(registry, "PUT", f"team/both/manifests/{architecture}", text, MANIFEST)
        platform = {"os": "linux", "architecture": architecture}
        digest = done.headers["Docker-Content-Digest"]
        entries.append({"mediaType": MANIFEST, "size": len(text), "digest": digest, "platform": platform})
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()
    assert ask(registry, "PUT", "team/both/manifests/1", index, INDEX).status_code == 201
    amd = describe_remote(images(registry, tmp_path, name), name, cache=tmp_path)
    arm = describe_remote(images(registry, tmp_path, name, architecture="arm64"), name, cache=tmp_path)
    assert [(one.arch, one.libc.glibc) for one in (amd, arm)] == [("x64", "2.31"), ("arm64", "2.17")]
    again = describe_remote(images(registry, tmp_path, name, architecture="arm64"), name, cache=tmp_path)
    assert again.arch == "arm64"
    with pytest.raises(ImageUnavailable, match="does not exist for linux/riscv64") as error:
        describe_remote(images(registry, tmp_path, name, architecture="riscv64"), name)
    assert error.value.why == "It exists for linux/amd64, linux/arm64."


def get(registry: Registry, path: str) -> requests.Response:
    answer = ask(registry, "GET", path)
    answer.raise_for_status()
    return answer


def ask(
    registry: Registry, method: str, path: str, data: bytes | None = None, kind: str = ""
) -> requests.Response:
    headers = {"Accept": MANIFEST, **({"Content-Type": kind} if kind else {})}
    login = (registry.user, registry.password)
    return requests.request(
        method, f"http://{registry.address}/v2/{path}", data=data, headers=headers, auth=login, timeout=20
    )


@pytest.mark.parametrize("harm", ["cut off", "changed", "longer"])
def test_a_layer_that_is_not_what_its_digest_says(
    harm: str,
    registry: Registry,
    push: Push,
    docker_daemon: Any,
    standin: Callable[[str], str],
    tmp_path: Path,
) -> None:
    lines = [f"FROM {standin('debian11')}", f"RUN echo {uuid.uuid4()} > /etc/motd"]
    with built(docker_daemon, f"local/actlite-harm-{harm.replace(' ', '-')}:1", lines) as image:
        remote = push(image)
    found = images(registry, tmp_path, remote)
    digest = found.find(remote).layers[-1].digest.removeprefix("sha256:")
    (blob,) = registry.folder.rglob(f"sha256/{digest[:2]}/{digest}/data")
    data = blob.read_bytes()
    blob.write_bytes({"cut off": data[:-9], "changed": data[:-1] + b"?", "longer": data + b"x"}[harm])
    with pytest.raises(ImageUnavailable, match="damaged, or not what it says") as error:
        describe_remote(found, remote, cache=tmp_path)
    assert digest in error.value.why
    assert not list((tmp_path / "registry" / "layers").glob(f"*{digest}*")), "nothing of it is kept"


def test_what_is_not_there(registry: Registry) -> None:
    name = f"{registry.address}/team/none:1"
    with pytest.raises(ImageUnavailable, match="does not exist in its registry"):
        describe_remote(images(registry, None, name), name)


@pytest.mark.parametrize("given", [None, "wrong"])
def test_without_the_right_login(
    given: str | None, registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    name = f"{registry.address}/team/tool:1"
    credentials = {name: Credentials("tester", given)} if given else {}
    with pytest.raises(ImageUnavailable, match="needs a login") as error:
        describe_remote(images(registry, None, name, credentials=credentials), name)
    assert f"docker login {registry.address}" in error.value.do
    assert "wrong" not in str(error.value)


def test_dockers_own_login(
    registry: Registry,
    push: Push,
    standin: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    word = base64.b64encode(f"{registry.user}:{registry.password}".encode()).decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {registry.address: {"auth": word}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    remote = push(standin("alpine"))
    found = describe_remote(images(registry, None, remote, credentials={}), remote)
    assert found.libc.kind == "musl"
