"""From a recipe to an image in the container engine."""

from __future__ import annotations

import hashlib
import platform
import posixpath
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from sample_workflows.standins.loader_cache import loader_cache
from sample_workflows.standins.packages import PackagesUnavailable, Suite
from sample_workflows.standins.recipes import Era, Recipe
from sample_workflows.standins.relabel import is_elf, rebrand_ldd, rebrand_libc, relabel
from sample_workflows.standins.saved import write_saved
from sample_workflows.standins.tree import Entry, Kind, Tree

LABEL = "dev.actlite.standin"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
TRIPLET = "(?:x86_64|aarch64)-linux-gnu"
Say = Callable[[str], None]

NOT_NEEDED = re.compile(
    r"perl.*|libperl.*|liberror-perl|debconf|dpkg|adduser|login.*|passwd|libpam.*|libaudit.*|git-man|install-info"
    r"|lib(?:db5|com-err2|krb5|k5crypto3|keyutils1|gssapi|tirpc|nsl|gdbm|systemd|udev|gcrypt|gpg-error|ssl1).*"
    r"|lib(?:a|l|t|hwa|ub)san\d|lib(?:cc1|itm|quadmath|gomp).*|lib(?:brotli|nettle|hogweed|unistring|idn2|p11).*"
    r"|lib(?:tasn1|gnutls|sasl2|ldap|nghttp|psl|rtmp|ssh|curl|expat|ffi).*|base-files|init-system-helpers"
)
"""Packages that apt brings along and that the samples never use; what can't run without them goes too."""


@cache
def recipe_key() -> str:
    """Changes when the way to make images does; an image with this label need not be built anew."""
    digest = hashlib.sha256()
    for module in sorted(Path(__file__).parent.glob("*.py")):
        if not module.name.startswith("__"):
            digest.update(module.read_bytes())
    return digest.hexdigest()[:16]


class Builder:
    """Builds stand-ins. Packages are kept in ``folder``; what several images share is read once."""

    def __init__(self, client: Any, folder: Path, say: Say) -> None:
        self._client = client
        self._folder = folder
        self._say = say
        self._roots: dict[tuple[Suite, tuple[str, ...], bool], tuple[Tree, str]] = {}
        self._suites: dict[tuple[str, ...], Suite] = {}

    def is_built(self, recipe: Recipe) -> bool:
        """Whether the engine has this very stand-in."""
        labels = self._labels(recipe.image)
        return labels.get(f"{LABEL}.key") == recipe_key()

    def _labels(self, image: str) -> dict[str, str]:
        from docker.errors import ImageNotFound

        try:
            return dict(self._client.api.inspect_image(image)["Config"].get("Labels") or {})
        except ImageNotFound:
            return {}

    def _id(self, image: str) -> str:
        from docker.errors import ImageNotFound

        try:
            return str(self._client.api.inspect_image(image)["Id"])
        except ImageNotFound:
            return ""

    def _drop(self, image: str) -> None:
        """Remove a stand-in that another has replaced, unless a container still uses it."""
        from docker.errors import APIError

        try:
            self._client.api.remove_image(image, noprune=True)
        except APIError as error:
            self._say(f"  an older image stays: {error.explanation}")

    def build(self, recipe: Recipe, force: bool = False) -> str:
        """Make the image if it is not there, and give its name.

        Raises PackagesUnavailable, or docker's own errors."""
        if not force and self.is_built(recipe):
            return recipe.image
        if platform.machine() != "x86_64":
            raise PackagesUnavailable(
                f"stand-ins are made on x86-64 machines, and this one is {platform.machine()}"
            )
        started = time.monotonic()
        tree, made_of = self._musl(recipe) if recipe.musl else self._glibc(recipe)
        add_identity(tree, recipe)
        labels = {
            LABEL: recipe.stands_for,
            f"{LABEL}.note": recipe.note,
            f"{LABEL}.key": recipe_key(),
            f"{LABEL}.packages": made_of,
        }
        before = self._id(recipe.image)
        with tempfile.TemporaryFile() as archive:
            tree.write(archive)
            size = archive.tell()
            archive.seek(0)
            if recipe.architecture == "amd64":
                self._import(recipe, archive, labels)
            else:
                self._load(recipe, archive, labels)
        if before and before != self._id(recipe.image):
            self._drop(before)
        self._say(
            f"  {recipe.image}  {size / 1e6:.0f} MB  {time.monotonic() - started:.1f} s"
            f"  in place of {recipe.stands_for}"
        )
        return recipe.image

    def _import(self, recipe: Recipe, archive: BinaryIO, labels: Mapping[str, str]) -> None:
        """An image of this machine's architecture, from a root file system."""
        changes = [f'LABEL "{name}"="{value}"' for name, value in labels.items()]
        changes += [f"ENV PATH={PATH}", f'CMD ["{"/bin/sh" if recipe.musl else "/bin/bash"}"]']
        chunks = iter(lambda: archive.read(1 << 20), b"")
        # The tag goes with the name: Podman's service does not look at the separate one.
        self._client.api.import_image_from_stream(chunks, recipe.image, changes=changes)

    def _load(self, recipe: Recipe, archive: BinaryIO, labels: Mapping[str, str]) -> None:
        """An image of another architecture: an import would give it this machine's."""
        with tempfile.TemporaryFile() as saved:
            write_saved(saved, archive, recipe.image, recipe.architecture, labels)
            saved.seek(0)
            self._client.api.load_image(saved)

    def _suite(self, *names: str, architecture: str = "amd64", exact: bool = False) -> Suite:
        """The first of these Debian suites that is to be had; else, unless ``exact``, this machine's own packages."""
        key = (architecture, "exact" if exact else "", *names)
        if key in self._suites:
            return self._suites[key]
        for name in names:
            suite = Suite(self._folder, name, architecture)
            try:
                suite.prepare()
                break
            except PackagesUnavailable as error:
                if exact:
                    raise
                self._say(f"  {error}")
        else:
            suite = Suite(self._folder, None)
            suite.prepare()
            self._say("  made from this machine's own packages instead: their glibc is newer")
        self._suites[key] = suite
        return suite

    def _root(self, suite: Suite, packages: Sequence[str], docker_client: bool) -> tuple[Tree, str]:
        """The packages and what they need, as files; and what they are, in a line."""
        key = (suite, tuple(packages), docker_client)
        if key not in self._roots:
            wanted = [pair for pair in suite.resolve(packages) if not NOT_NEEDED.fullmatch(pair[0])]
            clients: list[tuple[str, str]] = []
            if docker_client:
                name = next((n for n in ("docker-cli", "docker.io") if suite.has(n)), "")
                clients = [pair for pair in suite.resolve([name] if name else []) if pair[0] == name]
            files = suite.download(wanted + clients)
            tree = Tree()
            with ThreadPoolExecutor(2) as pool:
                parts = pool.map(lambda p: _unpack(p.path, p.name in ("docker-cli", "docker.io")), files)
                for part in parts:
                    for path, entry in part.entries.items():
                        if not (entry.kind is Kind.FOLDER and path in tree.entries):
                            tree.entries[path] = entry
            versions = "\n".join(f"{package.name} {package.version}" for package in files)
            libc = next((p.version for p in files if p.name == "libc6"), "none")
            digest = hashlib.sha256(versions.encode()).hexdigest()[:12]
            self._roots[key] = tree, f"{len(files)} of {suite.name}, libc6 {libc}, {digest}"
        tree, made_of = self._roots[key]
        return tree.copy(), made_of

    def _glibc(self, recipe: Recipe) -> tuple[Tree, str]:
        suite = self._suite("bullseye", architecture=recipe.architecture, exact=recipe.exact)
        tree, made_of = self._root(suite, recipe.packages, recipe.docker_client)
        # Packages since trixie hold no /bin and /lib any more: there the links are always needed.
        merged = recipe.era is None or recipe.era.merged or "usr/bin/bash" in tree.entries
        if recipe.era is None:
            move_links(tree, merge)
            tree.rename(merge)
        else:
            make_era(tree, recipe.era, merged)
        add_links(tree, recipe, merged)
        tree.prune()
        if recipe.has_cache:
            paths = loader_paths(tree, recipe.era, merged)
            tree.file("etc/ld.so.cache", loader_cache(paths, recipe.architecture))
        return tree, made_of

    def _musl(self, recipe: Recipe) -> tuple[Tree, str]:
        tree, _ = self._root(self._suite("bullseye"), recipe.packages, False)
        library, made_of = self._root(self._suite("trixie", "bookworm"), ["musl"], False)
        busybox = next(
            tree.entries[path] for path in ("bin/busybox", "usr/bin/busybox") if path in tree.entries
        )
        musl = next(
            entry
            for path, entry in library.entries.items()
            if re.search(r"/libc\.(so|musl)", path) and entry.data
        )
        small = Tree()
        for path in ("bin", "lib", "usr/bin", "usr/lib", "usr/local/bin"):
            small.folder(path)
        small.file("lib/ld-musl-x86_64.so.1", musl.data, 0o755)
        small.link("lib/libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1")
        small.file("bin/busybox", busybox.data, 0o755)
        for applet in busybox_applets(busybox):
            small.link(f"bin/{applet}", "busybox")
        small.link("usr/bin/env", "/bin/env")
        return small, made_of


def _unpack(deb: Path, client: bool) -> Tree:
    tree = Tree()
    tree.add_package(deb, only=("usr/bin/docker",) if client else None)
    return tree


def busybox_applets(busybox: Entry) -> list[str]:
    """The names of the commands in a static busybox: it is asked itself."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "busybox"
        program.write_bytes(busybox.data)
        program.chmod(0o755)
        done = subprocess.run([program, "--list"], capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split() if name != "busybox"]


def merge(path: str) -> str:
    """The place of a file where /bin, /lib and the like are links to /usr."""
    return re.sub(r"^(bin|sbin|lib|lib64)(?=/|$)", r"usr/\1", path)


def make_era(tree: Tree, era: Era, merged: bool) -> None:
    """Turn Debian's files into those of an older system: places, file names, versions."""
    glibc = re.compile(rf"^(usr/lib64/|lib64/|lib/{TRIPLET}/)(lib[a-zA-Z_]+|ld)-2\.\d+\.so$")

    def place(path: str) -> str:
        if not era.debian:
            path = re.sub(rf"^(usr/)?lib/{TRIPLET}(?=/|$)", r"\1lib64", path)
        if merged:
            path = merge(path)
        path = glibc.sub(rf"\1\2-{era.glibc}.so", path)
        return re.sub(r"(libstdc\+\+\.so\.)6\.\d+\.\d+$", rf"\g<1>{era.libstdcxx}", path)

    move_links(tree, place)
    tree.rename(place)
    for path, entry in tree.entries.items():
        if entry.kind is Kind.FILE and is_elf(entry.data):
            data = relabel(entry.data, era.ceilings)
            if re.search(r"/libc[-.]", path):
                data = rebrand_libc(data, era.glibc)
            tree.entries[path] = Entry(Kind.FILE, entry.mode, data)
    ldd = tree.entries["usr/bin/ldd"]
    tree.file("usr/bin/ldd", rebrand_ldd(ldd.data, era.glibc), 0o755)


def move_links(tree: Tree, place: Callable[[str], str]) -> None:
    """Let symbolic links lead to where ``place`` will put what they name."""
    for path, entry in tree.entries.items():
        if entry.kind is Kind.LINK:
            folder = posixpath.dirname(path)
            target = posixpath.normpath(posixpath.join("/", folder, entry.target)).lstrip("/")
            new, new_folder = place(target), posixpath.dirname(place(path))
            if posixpath.dirname(new) == new_folder:
                tree.entries[path] = Entry(Kind.LINK, 0o777, target=posixpath.basename(new))
            elif new != target or new_folder != folder:
                tree.entries[path] = Entry(Kind.LINK, 0o777, target="/" + new)


def loader_paths(tree: Tree, era: Era | None, merged: bool) -> dict[str, str]:
    """Under which path the loader is to find each library, and to name it in its messages."""
    paths = {}
    for name, folder in tree.libraries().items():
        short = folder.removeprefix("usr/") if merged else folder
        old_place = era is not None and not era.merged and not era.debian and name.startswith("libstdc++")
        paths[name] = f"/usr/lib64/{name}" if old_place else f"/{short}/{name}"
    return paths


def add_links(tree: Tree, recipe: Recipe, merged: bool) -> None:
    """Links that packages make when they are installed, and those that lead to where files were moved."""
    if recipe.era is not None and not recipe.era.debian:
        triplet = TRIPLETS[recipe.architecture]
        tree.entries.pop(f"usr/lib/{triplet}", None)
        tree.entries.pop(f"lib/{triplet}", None)
        tree.link(f"usr/lib/{triplet}", "../lib64")
        if not merged:
            tree.link(f"lib/{triplet}", "../lib64")
    for name in ("bin", "sbin", "lib", "lib64"):
        tree.folder(f"usr/{name}")
        if merged:
            tree.entries.pop(name, None)
            tree.link(name, f"usr/{name}")
        else:
            tree.folder(name)
    shells = "usr/bin" if merged else "bin"
    tree.entries.pop(f"{shells}/sh", None)
    tree.link(f"{shells}/sh", "bash" if recipe.era else "dash")
    tree.link("usr/bin/awk", "mawk")
    if not merged:
        tree.link("usr/bin/env", "/bin/env")
    if "usr/bin/gcc" in tree.entries:
        tree.link("usr/bin/cc", "gcc")


def add_identity(tree: Tree, recipe: Recipe) -> None:
    """The folders of every system, and the files by which programs tell which one it is."""
    for path in (
        "dev",
        "etc",
        "home",
        "opt",
        "proc",
        "root",
        "run",
        "srv",
        "sys",
        "usr/local/bin",
        "var/lib",
    ):
        tree.folder(path, 0o700 if path == "root" else 0o755)
    tree.folder("tmp", 0o1777)
    tree.folder("var/tmp", 0o1777)
    shell = "/bin/sh" if recipe.musl else "/bin/bash"
    tree.file("etc/passwd", f"root:x:0:0:root:/root:{shell}\nnobody:x:65534:65534:nobody:/:/bin/false\n")
    tree.file("etc/group", "root:x:0:\nnogroup:x:65534:\n")
    tree.file("etc/hosts", "127.0.0.1 localhost\n")
    tree.file("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
    tree.file("etc/actlite-standin", f"stands for {recipe.stands_for}\n{recipe.note}\n")
    files = recipe.release_files
    if not files:
        files = {
            "os-release": 'NAME="Debian GNU/Linux"\nID=debian\nPRETTY_NAME="Debian GNU/Linux, in place of '
            f'{recipe.stands_for}"\n'
        }
    for name, text in files.items():
        tree.file(f"etc/{name}", text)
