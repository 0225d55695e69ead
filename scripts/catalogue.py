"""Makes rows of the offline catalogue from real things, and checks those that are there.

``python scripts/catalogue.py image NAME [--arch ARCH]`` reads a local image's libraries; ``node VERSION [--arch ARCH]
[--musl]`` a build of node; ``action OWNER/REPO[/PATH]@REF`` an action's manifest. Each prints the row as it belongs into
its file; ``--write`` puts it there. ``check`` compares every row with what is on this machine: local images, builds of
node in the cache, fetched actions. docs/reference/catalogue.md tells of the files.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

if TYPE_CHECKING:
    from actlite.actions.reference import RemoteAction
    from actlite.glibc.catalogue.rows import ImageRow
    from actlite.glibc.elf import ElfFile
    from actlite.glibc.image_system import Described

DATA = ROOT / "src" / "actlite" / "glibc" / "catalogue"
ACTIONS = ROOT / "src" / "actlite" / "actions" / "known.txt"
ARCHES = ("x64", "arm64")


def main(arguments: Sequence[str] | None = None) -> int:
    """0; 1 where a check found differences; 4 where a thing can't be had."""
    from actlite.errors import ActliteError

    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except ActliteError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="catalogue.py", description="Rows of the offline catalogue.")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder with images.txt and nodes.txt")
    parser.add_argument("--actions", type=Path, default=ACTIONS, help="the table of well-known actions")
    parser.add_argument("--cache", type=Path, default=_cache(), help="actlite's cache folder")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    image = verbs.add_parser("image", help="a row from a local image")
    image.add_argument("name")
    image.add_argument("--arch", choices=ARCHES, default="x64")
    image.add_argument("--row", help="the row's name, where it is another than the image's")
    node = verbs.add_parser("node", help="a block from a build of node")
    node.add_argument("version")
    node.add_argument("--arch", choices=ARCHES, default="x64")
    node.add_argument("--musl", action="store_true")
    action = verbs.add_parser("action", help="lines from an action's manifest")
    action.add_argument("uses", metavar="OWNER/REPO[/PATH]@REF")
    action.add_argument("--server", default="https://github.com", help="where the repository is")
    for verb, run in ((image, _image), (node, _node), (action, _action)):
        verb.add_argument("--write", action="store_true", help="put it into its file")
        verb.set_defaults(run=run)
    verbs.add_parser("check", help="every row against what is here").set_defaults(run=_check)
    return parser


def _cache() -> Path:
    from actlite.cli.listing import cache_folder

    return Path(cache_folder())


# Images


def _image(options: argparse.Namespace) -> int:
    from actlite.errors import UsageError

    described = _described(options.name, options.arch, options.cache)
    if described is None:
        raise UsageError(
            f"There is no local image {options.name} for {options.arch}.",
            do=f"Pull it first: docker pull {options.name}",
        )
    block = image_block(described, options.row or options.name)
    _give(options, options.data / "images.txt", block, put_block)
    return 0


def _described(name: str, arch: str, cache: Path) -> Described | None:
    from actlite.engines.docker import connect
    from actlite.glibc.image_system import describe_local

    engine = connect()
    try:
        return describe_local(engine.images, name, cache=cache, arch=arch)
    finally:
        engine.close()


def image_block(image: Described, name: str) -> str:
    """The block of ``images.txt`` that a read image comes to; its names, system, end and note are for people to add."""
    lines = [f"[{name}]", f"layout {_layout(image)}", f"arch {image.arch}"]
    if image.libc.kind == "glibc":
        versions = _defined(image)
        newest = {kind: _newest(versions, kind) for kind in ("GLIBCXX", "CXXABI", "GCC")}
        lines += [f"glibc {image.libc.glibc}"]
        if newest["GLIBCXX"]:
            lines += [f"libstdc++ {newest['GLIBCXX']} {newest['CXXABI']}", f"libgcc {newest['GCC']}"]
        lines += [f"stdcxx {'yes' if newest['GLIBCXX'] else 'no'}"]
        lines += [f"atomic {'yes' if _place(image, 'libatomic.so.1') else 'no'}"]
        lines += [
            f"adds {image.arch} {library} {' '.join(names)}" for library, names in _added(image, newest)
        ]
    elif image.libc.release:
        lines.append(f"musl {image.libc.release}")
    source = f"read from the image {image.name}, {image.detail}"
    return "\n".join([*lines, "confidence measured", f"source {source}"])


def _defined(image: Described) -> dict[str, tuple[str, ...]]:
    """Library to what it defines, of the libraries that the catalogue knows."""
    from actlite.glibc.catalogue.definitions import definitions

    known = definitions(image.arch, glibc="2.99", gcc="99", GLIBCXX="99", CXXABI="99")
    found = {}
    for library in known:
        elf = image.system.file(_place(image, library))
        if elf is not None:
            found[library] = elf.definitions
    return found


def _place(image: Described, library: str) -> str:
    """Where the image's loader finds a library; empty where it does not."""
    paths = [*image.system.cached(library), *(f"{folder}/{library}" for folder in image.system.directories)]
    return next((path for path in paths if image.system.exists(path)), "")


def _newest(versions: dict[str, tuple[str, ...]], kind: str) -> str:
    from actlite.glibc.elf import newest_of

    return newest_of([name for names in versions.values() for name in names]).get(kind, "")


def _added(image: Described, newest: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    """What libraries define beyond what their release does."""
    from actlite.glibc.catalogue.definitions import definitions

    usual = definitions(
        image.arch,
        glibc=image.libc.glibc,
        gcc=newest["GCC"],
        GLIBCXX=newest["GLIBCXX"],
        CXXABI=newest["CXXABI"],
    )
    for library, names in _defined(image).items():
        more = [name for name in names if name not in usual.get(library, names)]
        if more and not image.libc.standin:
            yield library, more


def _layout(image: Described) -> str:
    """The layout whose places are the image's own."""
    from actlite.glibc.catalogue.layouts import LAYOUTS

    if image.libc.kind != "glibc":
        return "alpine" if image.libc.is_alpine else "none"
    libraries = ("libc.so.6", "libstdc++.so.6")
    places = {library: place for library in libraries if (place := _place(image, library))}
    for name, layout in LAYOUTS.items():
        if all(layout.path(library, image.arch) == path for library, path in places.items()) and places:
            return name
    return "unknown: " + " ".join(places.values())


def put_block(text: str, block: str) -> str:
    """The file's text with a block in the place of the one of that name, or at the end. Fields that the new one does
    not have, and people gave, are kept."""
    from actlite.glibc.catalogue.rows import FIELDS

    name = block.partition("\n")[0]
    old = re.search(rf"^{re.escape(name)}\n(?:(?!\[|#).+\n?)*", text, re.MULTILINE)
    if old is None:
        return f"{text.rstrip()}\n\n{block}\n"
    fields: dict[str, list[str]] = {}
    for line in old[0].splitlines()[1:]:
        key = line.partition(" ")[0]
        if key in ("names", "system", "ends", "points", "moving", "note"):
            fields.setdefault(key, []).append(line)
    for line in block.splitlines()[1:]:
        fields.setdefault(line.partition(" ")[0], []).append(line)
    lines = [line for key in FIELDS for line in fields.get(key, ())]
    return text[: old.start()] + "\n".join([name, *lines]) + "\n" + text[old.end() :]


# Builds of node


def _node(options: argparse.Namespace) -> int:
    elf, source = read_node(options.version, options.arch, options.musl, options.cache)
    kind = f"{options.arch}-musl" if options.musl else options.arch
    _give(options, options.data / "nodes.txt", node_block(options.version, kind, elf, source), put_build)
    return 0


def read_node(version: str, arch: str, musl: bool, cache: Path) -> tuple[ElfFile, str]:
    """What the loader reads in a build's ``bin/node``, and where the build is from. Raises RuntimeUnavailable."""
    from actlite.glibc import elf
    from actlite.runtimes.store import NodeStore

    build = NodeStore(cache / "runtimes").ensure(version, arch=arch, musl=musl)
    return elf.read(build.path / "bin" / "node"), build.source


def node_block(version: str, kind: str, elf: ElfFile, source: str) -> str:
    """The block of ``nodes.txt`` for a build."""
    from actlite.glibc.catalogue.nodes import write_build

    return f"[{kind} {version}]\n{write_build(elf)}\nsource {source}"


def put_build(text: str, block: str) -> str:
    """The file's text with a build: in the block that says the same, else in a block of its own."""
    head, _, lines = block.partition("\n")
    kind, version = head.strip("[]").split()
    asked = _without_source(lines)
    blocks = re.split(r"\n\n(?=\[)", text.rstrip())
    for at, old in enumerate(blocks):
        first, _, rest = old.partition("\n")
        if not first.startswith(f"[{kind} "):
            continue
        versions = first.strip("[]").split()[1:]
        if version in versions and _without_source(rest) != asked:
            versions.remove(version)
        elif version not in versions and _without_source(rest) == asked:
            versions.append(version)
            block = ""
        elif version in versions:
            block = ""
        blocks[at] = f"[{kind} {' '.join(sorted(versions, key=_numbers))}]\n{rest}" if versions else ""
    return "\n\n".join(filter(None, [*blocks, block])) + "\n"


def _without_source(lines: str) -> list[str]:
    return [line for line in lines.splitlines() if not line.startswith("source ")]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


# Actions


def _action(options: argparse.Namespace) -> int:
    from actlite.actions.reference import RemoteAction, parse
    from actlite.errors import UsageError

    action = parse(options.uses)
    if not isinstance(action, RemoteAction):
        raise UsageError(f"No action of a repository: {options.uses}", do="Give OWNER/REPO[/PATH]@REF.")
    lines = action_lines(action, options.cache / "actions", options.server)
    _give(options, options.actions, "\n".join(lines), put_action)
    return 0


def action_lines(action: RemoteAction, cache: Path, server: str) -> list[str]:
    """The lines of ``known.txt`` for an action at a ref, by its manifest. Raises ActionUnavailable."""
    from actlite.actions.store import ActionStore

    fetched = ActionStore(cache, server=server).get(action)
    using, steps = declared(fetched.folder / action.path)
    name = "/".join(filter(None, (action.owner, action.repo, action.path)))
    entry = f"{'' if action.is_pinned else action.ref}={fetched.sha[:12]}"
    lines = [f"{name} {using} {entry}"]
    return lines if steps is None else [*lines, f"{name} steps {entry} : {' '.join(steps)}".rstrip()]


def declared(folder: Path) -> tuple[str, tuple[str, ...] | None]:
    """What the manifest in a folder declares, and what the steps of a composite action use. Raises ActionUnavailable."""
    from actlite.actions.store import load_manifest
    from actlite.errors import ActionUnavailable
    from actlite.source import SourceFile
    from actlite.workflow.manifest import read_declared
    from actlite.workflow.model import CompositeRuns, NodeRuns, PluginRuns, UsesStep

    path = load_manifest(folder)
    if path.name.lower() == "dockerfile":
        return "docker", None
    manifest = read_declared(SourceFile.read(path))
    if manifest is None:
        raise ActionUnavailable(f"{path} is no manifest that a runner would read.")
    match manifest.runs:
        case NodeRuns(using=using):
            return using, None
        case PluginRuns(plugin=plugin):
            return f"plugin:{plugin}", None
        case CompositeRuns(steps=steps):
            return "composite", tuple(step.uses.text for step in steps if isinstance(step, UsesStep))
        case _:
            return "docker", None


def put_action(text: str, lines: str) -> str:
    """The table's text with an action's lines; what it said of the same ref and of the same commit is left out."""
    for line in lines.splitlines():
        name, what, *rest = line.split()
        entry, uses = rest[0], rest[1:]
        kept = [_without(old, name, what, entry) for old in text.splitlines()]
        text = "\n".join(filter(None, kept)) + "\n"
        same = re.compile(
            rf"^({re.escape(name)} {re.escape(what)} [^:\n]*?)({re.escape(' '.join(['', *uses]))})$",
            re.MULTILINE,
        )
        found = same.search(text)
        if found:
            text = f"{text[: found.end(1)].rstrip()} {entry}{text[found.start(2) :]}"
        else:
            text += f"{line}\n"
    return text


def _without(line: str, name: str, what: str, entry: str) -> str:
    """A line without what it says of a ref; empty where nothing is left of it."""
    words = line.split()
    kind = "steps" if what == "steps" else ""
    if len(words) < 3 or words[0].lower() != name.lower() or words[1] in ("moved", "same"):
        return line
    if (words[1] == "steps") != bool(kind):
        return line
    ref, _, sha = entry.partition("=")
    end = words.index(":") if ":" in words else len(words)
    refs = [one for one in words[2:end] if one.partition("=")[0] != ref or (not ref and one != f"={sha}")]
    return " ".join([*words[:2], *refs, *words[end:]]) if refs else ""


# What all do


def _give(options: argparse.Namespace, path: Path, block: str, put: Callable[[str, str], str]) -> None:
    """Print a row, and write it where that is asked for. ``put`` makes the file's new text of its text and the row."""
    from actlite.atomic import write_file

    print(block)
    if options.write:
        write_file(path, put(path.read_text("utf-8"), block))
        print(f"written to {os.path.relpath(path)}", file=sys.stderr)


def _check(options: argparse.Namespace) -> int:
    wrong = [*_check_images(options), *_check_nodes(options), *_check_actions(options)]
    print("\n".join(wrong) if wrong else "No differences.")
    return 1 if wrong else 0


def _check_images(options: argparse.Namespace) -> Iterator[str]:
    """Rows whose image is here: what each library defines."""
    from actlite.glibc.catalogue.rows import rows
    from actlite.glibc.catalogue.systems import machine_of, versions_of

    seen = 0
    for row in rows():
        for name in (row.name, *row.names):
            arch = machine_of(row, "x64")
            image = _described(name, arch, options.cache)
            if image is not None:
                seen += 1
                yield from compare(row, name, image, versions_of(row, arch))
    print(f"{seen} images compared", file=sys.stderr)


def compare(row: ImageRow, name: str, image: Described, said: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """How a row differs from a read image: a line for each library. ``said`` is what the row says that they define."""
    real = _defined(image)
    for library in sorted({*said, *real}):
        if library == "libatomic.so.1" and row.has_libatomic is None:
            continue
        ours, theirs = set(said.get(library, ())), set(real.get(library, ()))
        if ours != theirs and (library in real or library not in ("libmvec.so.1", "libanl.so.1")):
            more, less = sorted(theirs - ours), sorted(ours - theirs)
            yield f"{row.name}: {library} of {name} also defines {more or 'nothing'} and lacks {less or 'nothing'}"


def _check_nodes(options: argparse.Namespace) -> Iterator[str]:
    """Builds that are in the cache."""
    from actlite.glibc import elf
    from actlite.glibc.catalogue.nodes import node_build
    from actlite.runtimes.store import NodeStore

    store, seen = NodeStore(options.cache / "runtimes", offline=True), 0
    for folder in sorted((options.cache / "runtimes" / "node").glob("*-*")):
        version, arch, *musl = folder.name.split("-")
        table = node_build(version, arch)
        if musl or table is None:
            continue  # musl builds here are rebuilds, not the runner's own
        seen += 1
        real = elf.read(store.ensure(version, arch=arch).path / "bin" / "node")
        if (table.interpreter, table.libraries, table.versions) != (
            real.interpreter,
            real.libraries,
            real.versions,
        ):
            yield f"node {version} {arch}: scripts/catalogue.py node {version} --arch {arch} --write"
    print(f"{seen} node builds compared", file=sys.stderr)


def _check_actions(options: argparse.Namespace) -> Iterator[str]:
    """Commits of well-known actions that were fetched."""
    from actlite.actions.known import known_plugin, known_steps, known_using

    seen = 0
    for folder in sorted((options.cache / "actions").glob("*/*/*")):
        sha, owner, repo = folder.name, folder.parent.parent.name, folder.parent.name
        plugin = known_plugin(owner, repo, sha)
        said = f"plugin:{plugin}" if plugin else known_using(owner, repo, "", sha)
        if said is None or not re.fullmatch("[0-9a-f]{40}", sha):
            continue
        seen += 1
        using, steps = declared(folder)
        if using != said or (steps is not None and known_steps(owner, repo, "", sha) != steps):
            yield f"{owner}/{repo}@{sha}: scripts/catalogue.py action {owner}/{repo}@{sha} --write"
    print(f"{seen} actions compared", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
