"""``--fix=no-node``, tried: a release that fails with the real node in the stand-in, the edit, and the same run green.

Real are: the loader that refuses node, the image's shell, git, sed, awk and od, and the scripts that the edit writes.
Stand-ins are: for FelixSchwarz/checkout-action a composite action of the test's own with the same inputs, as it is on
GitHub alone; for GitHub, a folder that git takes for it and a ``curl`` that keeps what it is sent (the scripts with a
real curl and a server: tests/unit/checking/test_checking_fixes_no_node.py); small rustup, rustc and cargo.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from fault_tools import WORKFLOW, Place
from fix_images import layered, mend
from main_tools import node_action, run

from actlite.glibc.alternatives import alternative

pytestmark = [pytest.mark.docker, pytest.mark.slow]
MANYLINUX = "quay.io/pypa/manylinux2014_x86_64"
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
          - name: rust
            uses: actions-rs/toolchain@v1
            with: {{toolchain: stable, override: true, profile: minimal}}
          - name: cache
            uses: Swatinem/rust-cache@v1
          - name: build
            uses: actions-rs/cargo@v1
            with:
              command: build
              args: --release --features "a b"
          - name: release
            id: release
            uses: actions/create-release@v1
            env:
              GITHUB_TOKEN: ${{{{ github.token }}}}
            with:
              tag_name: ${{{{ github.ref }}}}
              release_name: The "first"
              body: |
                What is new:
                  all of it
          - name: upload
            uses: actions/upload-release-asset@v1
            env:
              GITHUB_TOKEN: ${{{{ github.token }}}}
            with:
              upload_url: ${{{{ steps.release.outputs.upload_url }}}}
              asset_path: target/release/tool
              asset_name: tool
              asset_content_type: application/octet-stream
          - name: after
            run: cat target/release/tool /tmp/sent-*
"""
CHECKOUT = """
name: checkout
inputs:
  token: {default: "${{ github.token }}"}
  persist-credentials: {default: true}
runs:
  using: composite
  steps:
    - shell: bash
      run: |
        test -n "$TOKEN"
        git config --global --add safe.directory '*'
        git init -q
        git fetch -q --depth 1 "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY" "+$GITHUB_SHA:$GITHUB_REF"
        git checkout -q "$GITHUB_REF"
      env:
        TOKEN: ${{ inputs.token }}
"""
TOOLS = {
    "rustup": 'echo "rustup $*"\n',
    "rustc": "echo rustc 1.0\n",
    "cargo": """\
for word; do printf '<%s>' "$word"; done
echo
case $1 in build) mkdir -p target/release && getconf GNU_LIBC_VERSION > target/release/tool ;; esac
""",
    "curl": """\
# keeps what it is sent; answers as GitHub does
while [ $# -gt 0 ]; do
  case $1 in
    -o) answer=$2; shift ;;
    --data-binary) sent=${2#@}; shift ;;
    -H | -K | -w | -X) shift ;;
    http*) url=$1 ;;
  esac
  shift
done
read -r header
echo "$url" >&2
case $header in *"Authorization: token "?*) ;; *) exit 9 ;; esac
case $url in
  */assets?name=*)
    cp "$sent" /tmp/sent-2
    echo '{"browser_download_url":"https://github.com/x"}' > "$answer" ;;
  */releases)
    cp "$sent" /tmp/sent-1
    echo '{"html_url":"https://github.com/a/releases/b","upload_url":"https://uploads/repos/a/releases/7/assets{?name,label}"}' > "$answer" ;;
esac
printf 201
""",
}


@pytest.fixture
def own_image(docker_daemon: Any) -> Iterator[Callable[[str, str, dict[str, bytes]], str]]:
    """Makes images with files of the test's own, and removes them after it."""
    made: list[str] = []

    def make(base: str, tag: str, files: dict[str, bytes]) -> str:
        made.append(layered(base, tag, files, {}, {}))
        return made[-1]

    yield make
    for name in reversed(made):
        docker_daemon.api.remove_image(name, force=True)


def node_actions(folder: Path) -> Sequence[str]:
    """The options that have actions which declare node12, as the real ones do."""
    options: list[str] = []
    for name in (
        "actions-rs/toolchain@v1",
        "actions-rs/cargo@v1",
        "Swatinem/rust-cache@v1",
        "actions/create-release@v1",
        "actions/upload-release-asset@v1",
    ):
        at = folder / name.partition("@")[0]
        at.mkdir(parents=True)
        for file, text in node_action("console.log('node');", using="node12").items():
            (at / file).write_text(text)
        options += ["--action", f"{name}={at}"]
    return options


def served(place: Place) -> dict[str, bytes]:
    """The repository as it is now, as files where the image's git looks for GitHub's."""
    folder = place.path.parent / "served" / "some" / "project"
    subprocess.run(["git", "clone", "-q", "--bare", str(place.path), str(folder)], check=True, env=place.env)
    files = {
        f"/repository/some/project/{path.relative_to(folder)}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    return files | {"/repository/some/project/refs/heads/.keep": b""}


def test_no_node(
    place: Place, standin: Callable[[str], str], own_image: Callable[..., str], tmp_path: Path
) -> None:
    place.git("remote", "add", "origin", "https://github.com/some/project.git")
    place.write("Cargo.toml", "[package]\n")
    place.workflow(BROKEN)
    files = {f"/usr/local/bin/{name}": f"#!/bin/sh\n{text}".encode() for name, text in TOOLS.items()}
    files["/etc/gitconfig"] = b'[url "/repository/"]\n\tinsteadOf = https://github.com/\n'
    image = own_image(standin("manylinux2014"), "no-node", files)
    options = ["--image", f"{MANYLINUX}={image}", *node_actions(tmp_path / "actions")]
    broken = run(place, *options).expect(1)
    assert broken.step("sources")["outcome"] == "failure"
    assert "GLIBC_2.28' not found (required by /__e/node24/bin/node)" in broken.log("sources")

    diff = mend(place, "no-node")
    assert "+        uses: FelixSchwarz/checkout-action@" in diff
    text = (place.path / WORKFLOW).read_text()
    assert "container: quay.io/pypa/manylinux2014_x86_64   # glibc 2.17" in text
    assert "rust-cache" not in text
    other = alternative("actions/checkout")
    assert other is not None
    composite = tmp_path / "composite"
    composite.mkdir()
    (composite / "action.yml").write_text(CHECKOUT)
    place.workflow(text.replace("   # glibc 2.17", ""))
    options = ["--action", f"{other.name}={composite}"]
    image = own_image(image, "no-node-served", served(place))
    found = run(place, "--image", f"{MANYLINUX}={image}", *options).expect(0)
    assert {step["outcome"] for step in found.job["steps"]} == {"success"}
    assert found.lines("rust") == [
        "/usr/local/bin/rustup",
        "rustup set profile minimal",
        "rustup toolchain install stable",
        "rustup override set stable",
        "rustc 1.0",
        "<--version>",
    ]
    assert found.lines("build") == ["<build><--release><--features><a b>"]
    assert found.lines("upload") == ["https://uploads/repos/a/releases/7/assets?name=%74%6f%6f%6c"]
    tool, sent, asset = found.lines("after")[0], *found.lines("after")[1].rsplit("}", 1)
    assert tool == asset == "glibc 2.17"
    release = json.loads(sent + "}")
    assert (release["name"], release["body"]) == ('The "first"', "What is new:\n  all of it")
    assert release["draft"] is False
