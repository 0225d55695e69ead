"""Small images for the engine's tests, made from this machine's own files: nothing is pulled."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path

import docker.errors

from actlite.engines.docker import connect
from actlite.engines.docker.client import inspect_image

PREFIX = "local/actlite-engine"
PATH = "/usr/local/bin:/usr/bin:/bin"
TOOLS = [
    "dash",
    "bash",
    "tail",
    "env",
    "cat",
    "ls",
    "id",
    "stat",
    "sleep",
    "setsid",
    "head",
    "tr",
    "sort",
    "test",
    "touch",
    "mkdir",
    "chmod",
    "rm",
    "yes",
    "dd",
    "seq",
    "true",
    "nohup",
    "timeout",
    "tty",
    "printf",
    "readlink",
    "cut",
    "sed",
    "grep",
]
PASSWD = b"root:x:0:0:root:/root:/bin/sh\nbob:x:1000:1000::/home/bob:/bin/sh\n"
GROUP = b"root:x:0:\nbob:x:1000:\nextra:x:1001:bob\n"


class Unavailable(Exception):
    """This machine lacks what an image is made of."""


@cache
def image(kind: str) -> str:
    """The name of an image, made when it isn't there: dash, bash, busybox; notail and nosh, which lack
    that program; empty. Raises Unavailable."""
    name = f"{PREFIX}-{kind}:1"
    engine = connect()
    try:
        try:
            inspect_image(engine.connection.api, name)
        except docker.errors.ImageNotFound:
            engine.connection.api.import_image_from_data(
                _archive(kind),
                repository=name.partition(":")[0],
                tag="1",
                changes=[f"ENV PATH={PATH}", 'LABEL kind="engine test"'],
            )
    finally:
        engine.close()
    return name


def _archive(kind: str) -> bytes:
    files: dict[str, bytes] = {"etc/passwd": PASSWD, "etc/group": GROUP}
    links: dict[str, str] = {}
    if kind == "busybox":
        _busybox(files, links)
    elif kind != "empty":
        _tools(files, [tool for tool in TOOLS if not (kind == "notail" and tool == "tail")])
        if kind != "nosh":
            links["bin/sh"] = "/usr/bin/bash" if kind == "bash" else "/usr/bin/dash"
    links["etc/relative"] = "../etc/passwd"
    links["linked"] = "etc"
    links["etc/loop"] = "loop"
    return _tar(files, links)


def _tar(files: dict[str, bytes], links: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for folder in ("tmp", "root", "proc", "sys", "dev", "bin", "home", "home/bob", "etc"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            if folder == "home/bob":
                entry.uid = entry.gid = 1000
            archive.addfile(entry)
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o644 if path.startswith("etc/") else 0o755
            archive.addfile(entry, io.BytesIO(content))
        for path, target in links.items():
            entry = tarfile.TarInfo(path)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return out.getvalue()


def _tools(files: dict[str, bytes], names: list[str]) -> None:
    for name in names:
        program = shutil.which(name)
        if program is None:
            raise Unavailable(f"this machine has no {name}")
        files[f"usr/bin/{name}"] = Path(program).read_bytes()
        listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
        for library in re.findall(r"(/\S+)", listed):
            files[library.lstrip("/")] = Path(library).read_bytes()


def _busybox(files: dict[str, bytes], links: dict[str, str]) -> None:
    program = shutil.which("busybox")
    with tempfile.TemporaryDirectory() as folder:
        if program is None:
            subprocess.run(
                ["apt-get", "download", "-qq", "busybox-static"], cwd=folder, check=False, capture_output=True
            )
            packages = list(Path(folder).glob("*.deb"))
            if not packages:
                raise Unavailable("there is no busybox here, and apt does not get one")
            subprocess.run(["dpkg", "-x", str(packages[0]), f"{folder}/x"], check=True)
            program = str(
                next(
                    path
                    for path in (f"{folder}/x/bin/busybox", f"{folder}/x/usr/bin/busybox")
                    if Path(path).is_file()
                )
            )
        files["bin/busybox"] = Path(program).read_bytes()
        applets = subprocess.run(
            [program, "--list"], capture_output=True, text=True, check=True
        ).stdout.split()
    links.update({f"bin/{applet}": "busybox" for applet in applets if applet != "busybox"})
