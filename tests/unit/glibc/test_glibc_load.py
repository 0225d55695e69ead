"""What comes of starting a program, on systems of plain data. The same with real programs: tests/docker."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actlite.events import Missing
from actlite.glibc.elf import ElfFile, VersionNeed, from_data
from actlite.glibc.loading import Loading, library_path_of, load
from actlite.glibc.system import MemorySystem
from actlite.records import replace

LOADER = "/lib64/ld-linux-x86-64.so.2"
MUSL = "/lib/ld-musl-x86_64.so.1"
STORY = json.loads(Path(__file__).with_name("story_2021.json").read_text())
SEVEN = """\
/__e/node12/bin/node: /usr/lib64/libstdc++.so.6: version `GLIBCXX_3.4.14' not found (required by /__e/node12/bin/node)
/__e/node12/bin/node: /usr/lib64/libstdc++.so.6: version `GLIBCXX_3.4.18' not found (required by /__e/node12/bin/node)
/__e/node12/bin/node: /usr/lib64/libstdc++.so.6: version `CXXABI_1.3.5' not found (required by /__e/node12/bin/node)
/__e/node12/bin/node: /usr/lib64/libstdc++.so.6: version `GLIBCXX_3.4.15' not found (required by /__e/node12/bin/node)
/__e/node12/bin/node: /lib64/libc.so.6: version `GLIBC_2.16' not found (required by /__e/node12/bin/node)
/__e/node12/bin/node: /lib64/libc.so.6: version `GLIBC_2.17' not found (required by /__e/node12/bin/node)
/__e/node12/bin/node: /lib64/libc.so.6: version `GLIBC_2.14' not found (required by /__e/node12/bin/node)
"""


def program(*libraries: str, **more: object) -> ElfFile:
    elf = ElfFile("x64", "program", interpreter=LOADER, libraries=libraries)
    return replace(elf, **more)


def library(soname: str, *libraries: str, **more: object) -> ElfFile:
    return replace(ElfFile("x64", "library", soname=soname, libraries=libraries), **more)


def system(files: Mapping[str, ElfFile], **more: object) -> MemorySystem:
    loader = library("ld-linux-x86-64.so.2", base="ld-linux-x86-64.so.2", definitions=("GLIBC_2.3",))
    return replace(MemorySystem("x64", {LOADER: loader, **files}), **more)


def lines(found: Loading) -> list[str]:
    return list(found.lines)


def test_the_story_of_2021() -> None:
    """node 12.13.1 on glibc 2.12, by the facts of real files."""
    files = {path: from_data(data) for path, data in STORY["files"].items()}
    there = MemorySystem("x64", files, STORY["cache"], STORY["directories"])
    found = load(from_data(STORY["node"]), "/__e/node12/bin/node", there)
    assert "".join(f"{line}\n" for line in found.lines) == SEVEN
    assert (found.starts, found.kind, found.exit_code) == (False, "versions", 1)
    assert found.missing[0] == Missing("libstdc++.so.6", "GLIBCXX_3.4.14")
    assert len(found.missing) == 7


def test_a_static_program_asks_for_nothing() -> None:
    assert load(ElfFile("x64", "program", is_static=True), "/p", MemorySystem("x64", {})) == Loading(True)


@pytest.mark.parametrize(
    ("elf", "arch"),
    [
        (program(machine="arm64"), "x64"),
        (program(), "arm64"),
        (program(machine="x86"), "arm64"),
        (program(machine="x32"), "x64"),
        (program(kind="object"), "x64"),
    ],
)
def test_another_machines_program(elf: ElfFile, arch: str) -> None:
    found = load(elf, "/bin/p", MemorySystem(arch, {}))
    assert (found.kind, found.exit_code) == ("format", 1)
    assert lines(found) == ["exec /bin/p: exec format error"]


def test_without_its_loader() -> None:
    found = load(program(), "/bin/p", MemorySystem("x64", {MUSL: library("libc.musl-x86_64.so.1")}))
    assert (found.kind, found.exit_code) == ("interpreter", 1)
    assert lines(found) == ["exec /bin/p: no such file or directory"]


def test_a_missing_library_ends_it_at_once() -> None:
    needs = (VersionNeed("libb.so", "B_2"),)
    there = system({"/lib64/liba.so": library("liba.so", "libgone.so"), "/lib64/libb.so": library("libb.so")})
    found = load(program("liba.so", "libb.so", versions=needs), "/p", there)
    assert lines(found) == [
        "/p: error while loading shared libraries: libgone.so: cannot open shared object file: No such file or directory"
    ]
    assert (found.kind, found.exit_code, found.missing) == ("library", 127, (Missing("libgone.so", ""),))


def test_versions_are_compared_as_names() -> None:
    """A library may define GLIBC_2.30 and not GLIBC_2.28: nothing is concluded from numbers."""
    libc = library("libc.so.6", base="libc.so.6", definitions=("GLIBC_2.2.5", "GLIBC_2.30"))
    needs = tuple(VersionNeed("libc.so.6", f"GLIBC_2.{n}") for n in ("30", "28", "2.5"))
    found = load(program("libc.so.6", versions=needs), "/p", system({"/lib64/libc.so.6": libc}))
    assert lines(found) == ["/p: /lib64/libc.so.6: version `GLIBC_2.28' not found (required by /p)"]


def test_a_weak_version_is_a_warning() -> None:
    liba = library("liba.so", base="liba.so", definitions=("A_1",))
    needs = (VersionNeed("liba.so", "A_2", True), VersionNeed("liba.so", "A_1"))
    found = load(program("liba.so", versions=needs), "/p", system({"/lib64/liba.so": liba}))
    assert lines(found) == ["/p: /lib64/liba.so: weak version `A_2' not found (required by /p)"]
    assert (found.starts, found.exit_code, found.missing) == (True, 0, ())


def test_a_librarys_needs_come_after_the_programs() -> None:
    liba = library("liba.so", "libb.so", versions=(VersionNeed("libb.so", "B_2"),))
    libb = library("libb.so", base="libb.so", definitions=("B_1",))
    there = system({"/lib64/liba.so": liba, "/usr/lib64/libb.so": libb})
    found = load(program("liba.so", versions=(VersionNeed("libb.so", "B_3"),)), "/p", there)
    assert lines(found) == [
        "/p: /usr/lib64/libb.so: version `B_3' not found (required by /p)",
        "/p: /usr/lib64/libb.so: version `B_2' not found (required by /lib64/liba.so)",
    ]


RELR = VersionNeed("libc.so.6", "GLIBC_ABI_DT_RELR")
PACKED = program("libc.so.6", has_relr=True, versions=(VersionNeed("libc.so.6", "GLIBC_2.2.5"),))


@pytest.mark.parametrize(
    ("elf", "definitions", "kind", "code"),
    [
        (replace(PACKED, versions=(*PACKED.versions, RELR)), ("GLIBC_2.2.5", "GLIBC_ABI_DT_RELR"), "", 0),
        (replace(PACKED, versions=(*PACKED.versions, RELR)), ("GLIBC_2.2.5",), "versions", 1),
        (PACKED, ("GLIBC_2.2.5", "GLIBC_ABI_DT_RELR"), "relr", 127),
        (PACKED, ("GLIBC_2.2.5",), "relr", 139),
        (replace(PACKED, versions=()), ("GLIBC_2.2.5", "GLIBC_ABI_DT_RELR"), "", 0),
    ],
    ids=["told", "told to an older loader", "untold", "untold to an older loader", "without versions"],
)
def test_packed_relocations(elf: ElfFile, definitions: tuple[str, ...], kind: str, code: int) -> None:
    libc = library("libc.so.6", base="libc.so.6", definitions=definitions)
    found = load(elf, "/p", system({"/lib64/libc.so.6": libc}))
    assert (found.kind, found.exit_code, found.starts) == (kind, code, not kind)
    if code == 127:
        assert lines(found) == [
            "/p: error while loading shared libraries: /p: DT_RELR without GLIBC_ABI_DT_RELR dependency"
        ]


A = library("liba.so", "libb.so")
B = library("libb.so")
FILES = {"/o/lib/liba.so": A, "/o/lib/libb.so": B, "/lib64/liba.so": replace(A, runpath=("/none",))}


@pytest.mark.parametrize(
    ("elf", "library_path", "paths"),
    [
        (program("liba.so", rpath=("/o/lib",)), (), ["/o/lib/liba.so", "/o/lib/libb.so"]),
        (program("liba.so", rpath=("$ORIGIN/lib",)), (), ["/o/lib/liba.so", "/o/lib/libb.so"]),
        (program("liba.so", rpath=("/x", "${ORIGIN}/lib//")), (), ["/o/lib//liba.so", "/o/lib//libb.so"]),
        (program("liba.so", runpath=("/o/lib",)), (), None),
        (program("liba.so", rpath=("/o/lib",), runpath=("/none",)), (), None),
        (program("liba.so"), ("/o/lib",), ["/o/lib/liba.so", "/o/lib/libb.so"]),
        (program("liba.so"), ("o/lib",), ["o/lib/liba.so", "o/lib/libb.so"]),
        (program("liba.so"), ("",), None),
        (program("liba.so", "libb.so"), ("/x", "$ORIGIN/lib"), ["/o/lib/liba.so", "/o/lib/libb.so"]),
        (program("/o/lib/libb.so", "libb.so"), (), ["/o/lib/libb.so"]),
        (program("$ORIGIN/lib/libb.so"), (), ["/o/lib/libb.so"]),
        (program("o/lib/libb.so"), (), ["o/lib/libb.so"]),
        (program("$UNKNOWN/libb.so"), (), None),
    ],
)
def test_where_libraries_are_looked_for(
    elf: ElfFile, library_path: Sequence[str], paths: list[str] | None
) -> None:
    found = load(elf, "/o/p", system(FILES), library_path=library_path)
    assert found.starts is (paths is not None)
    if paths is not None:
        assert [path.replace("//", "/") for _, path in found.libraries] == [
            p.replace("//", "/") for p in paths
        ]


def test_the_working_folder_is_an_empty_entry() -> None:
    for path in (("",), ("", "")):
        found = load(program("libb.so"), "/p", system(FILES), library_path=path, folder="/o/lib")
        assert found.libraries == ((("libb.so", "libb.so"),) if len(path) > 1 else ())
    relative = load(program("libb.so", rpath=("lib",)), "/p", system(FILES), folder="/o")
    assert relative.libraries == (("libb.so", "lib/libb.so"),)


def test_origin_is_where_the_file_really_is() -> None:
    elf = program("libb.so", runpath=("$ORIGIN/lib",))
    assert not load(elf, "/usr/bin/link", system(FILES)).starts
    assert load(elf, "/usr/bin/link", system(FILES), real_path="/o/p").starts


def test_the_cache_comes_before_the_default_folders() -> None:
    there = system({**FILES, "/lib64/libb.so": B}, cache={"libb.so": ["/o/lib/libb.so"]})
    assert load(program("libb.so"), "/p", there).libraries == (("libb.so", "/o/lib/libb.so"),)
    assert load(program("libb.so", no_default_lib=True), "/p", there).starts


def test_without_default_folders() -> None:
    elf = program("libb.so", no_default_lib=True)
    own = {"/lib64/libb.so": B}
    found = load(elf, "/p", system(own, others=frozenset(["/etc/ld.so.cache"])))
    assert lines(found) == [
        "/p: error while loading shared libraries: libb.so: cannot open shared object file"
    ], "nothing was opened, so there is no reason to name"
    assert lines(load(elf, "/p", system(own)))[0].endswith(": No such file or directory")


def test_libraries_of_other_machines_are_passed_over() -> None:
    narrow, arm = replace(B, machine="x86"), replace(B, machine="arm64")
    path = ("/narrow", "/arm")
    there = system({"/narrow/libb.so": narrow, "/arm/libb.so": arm, "/lib64/libb.so": B})
    assert load(program("libb.so"), "/p", there, library_path=path).starts
    there = system({"/narrow/libb.so": narrow, "/arm/libb.so": arm})
    found = load(program("libb.so"), "/p", there, library_path=path)
    assert lines(found) == ["/p: error while loading shared libraries: libb.so: wrong ELF class: ELFCLASS32"]
    found = load(program("libb.so"), "/p", there, library_path=path[1:])
    assert lines(found)[0].endswith("No such file or directory")


def test_a_text_in_a_librarys_place() -> None:
    there = system({"/lib64/libb.so": B}, others=frozenset(["/x/libb.so"]))
    found = load(program("libb.so"), "/p", there, library_path=("/x",))
    assert lines(found) == ["/p: error while loading shared libraries: /x/libb.so: invalid ELF header"]
    assert found.exit_code == 127


def test_hwcaps_folders_come_first() -> None:
    there = system({"/lib64/glibc-hwcaps/x86-64-v3/libb.so": B, "/lib64/libb.so": B})
    level = ("x86-64-v4", "x86-64-v3")
    found = load(program("libb.so"), "/p", there, hwcaps=level)
    assert found.libraries == (("libb.so", "/lib64/glibc-hwcaps/x86-64-v3/libb.so"),)
    assert load(program("libb.so"), "/p", there).libraries == (("libb.so", "/lib64/libb.so"),)


def test_lib_is_the_systems_own_word() -> None:
    elf = program("libb.so", rpath=("/o/$LIB",))
    for first, place in (("/lib64", "/o/lib64"), ("/lib/x86_64-linux-gnu", "/o/lib/x86_64-linux-gnu")):
        there = system({f"{place}/libb.so": B}, directories=(first, "/usr/lib"))
        assert load(elf, "/p", there).starts


def test_one_library_by_two_names() -> None:
    versions = (VersionNeed("libt.so", "T_2"), VersionNeed("libt.so.1", "T_2"))
    libt = library("libt.so.1", base="libt.so.1", definitions=("T_1",))
    there = system({"/lib64/libt.so": libt, "/lib64/libt.so.1": libt})
    for names in (("libt.so", "libt.so.1"), ("libt.so.1", "libt.so")):
        found = load(program(*names, versions=versions), "/p", there)
        assert len(found.libraries) == 1
        assert (
            lines(found)
            == [
                f"/p: /lib64/{names[0]}: version `T_2' not found (required by /p)",
            ]
            * 2
        )


def test_a_32_bit_program_looks_in_its_own_folders() -> None:
    elf = replace(program("libb.so"), machine="x86", interpreter="/lib/ld-linux.so.2")
    loader = replace(library("ld-linux.so.2"), machine="x86")
    narrow = replace(B, machine="x86")
    files = {"/lib/ld-linux.so.2": loader, "/lib/i386-linux-gnu/libb.so": narrow, "/lib64/libb.so": B}
    assert load(elf, "/p", system(files)).libraries == (("libb.so", "/lib/i386-linux-gnu/libb.so"),)


def test_musl_says_all_that_is_missing_and_knows_no_versions() -> None:
    elf = program("libm.so.6", "libc.so.6", "liba.so", "libgone.so", "libold.so", interpreter=MUSL)
    elf = replace(elf, versions=(VersionNeed("libc.so.6", "GLIBC_9"),))
    libold = replace(library("libold.so"), machine="arm64")
    files = {MUSL: library("libc.musl-x86_64.so.1"), "/usr/lib/liba.so": library("liba.so", "libgone2.so")}
    folders = ("/lib", "/usr/local/lib", "/usr/lib")
    there = MemorySystem("x64", {**files, "/usr/lib/libold.so": libold}, directories=folders)
    found = load(elf, "/p", there)
    assert lines(found) == [
        "Error loading shared library libgone.so: No such file or directory (needed by /p)",
        "Error loading shared library libold.so: Exec format error (needed by /p)",
        "Error loading shared library libgone2.so: No such file or directory (needed by /usr/lib/liba.so)",
    ]
    assert (found.exit_code, found.kind) == (127, "library")
    assert load(replace(elf, libraries=("libc.so.6",)), "/p", there).starts


def test_glibcs_program_where_its_loader_is_a_link_to_musl() -> None:
    """libc6-compat: musl finds the libraries; whether it has the functions isn't known."""
    elf = program("libc.so.6", "libm.so.6", versions=(VersionNeed("libc.so.6", "GLIBC_2.34"),))
    there = MemorySystem("x64", {LOADER: library("libc.musl-x86_64.so.1")})
    found = load(elf, "/p", there)
    assert (found.kind, found.lines, found.is_known) == ("unknown", (), False)
    assert "may lack functions" in found.why
    gone = load(replace(elf, libraries=("libgone.so",)), "/p", there)
    assert (gone.kind, gone.exit_code) == ("library", 127)


def test_glibcs_program_where_its_loader_is_gcompats() -> None:
    """It is a program without a name, which starts musl's loader: glibc's rules say nothing of it."""
    there = MemorySystem("x64", {LOADER: ElfFile("x64", "program"), MUSL: library("libc.musl-x86_64.so.1")})
    for elf in (program("libc.so.6"), program("libgone.so")):
        assert load(elf, "/p", there).kind == "unknown"
    assert load(program("libc.musl-x86_64.so.1", interpreter=MUSL), "/p", there).starts


def test_a_semicolon_separates_folders_for_glibc_alone() -> None:
    files = {"/y/libb.so": B, "/v;w/libm.so": B}
    path = library_path_of("/x;/y:/v;w")
    found = load(program("libb.so"), "/p", system(files), library_path=path)
    assert found.libraries == (("libb.so", "/y/libb.so"),)
    there = MemorySystem("x64", {MUSL: library("libc.musl-x86_64.so.1"), **files}, directories=("/lib",))
    assert not load(program("libb.so", interpreter=MUSL), "/p", there, library_path=path).starts
    assert load(program("libm.so", interpreter=MUSL), "/p", there, library_path=path).starts
    assert load(program("libb.so", interpreter=MUSL), "/p", there, library_path=("/x\n/y",)).starts


def test_versions_of_a_library_that_nobody_asks_for() -> None:
    found = load(
        program("libb.so", versions=(VersionNeed("libx.so", "X_1"),)), "/p", system({"/lib64/libb.so": B})
    )
    assert (found.kind, found.exit_code) == ("names", 127)


@pytest.mark.parametrize(
    ("text", "entries"), [("", ()), (":", ("", "")), ("/a:b;c", ("/a", "b;c")), ("/a", ("/a",))]
)
def test_the_entries_of_the_variable(text: str, entries: tuple[str, ...]) -> None:
    assert library_path_of(text) == entries


NAMES = [f"lib{letter}.so" for letter in "abcdef"]
VERSIONS = ["V_1", "V_2", "V_3"]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[ElfFile, dict[str, ElfFile]]:
    """A program, and libraries in any relation, cycles too."""

    def needs(libraries: Sequence[str]) -> tuple[VersionNeed, ...]:
        return tuple(
            VersionNeed(name, version, draw(st.booleans()))
            for name in libraries
            for version in draw(st.lists(st.sampled_from(VERSIONS), unique=True, max_size=2))
        )

    libraries = {}
    for name in NAMES:
        asks = tuple(draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3)))
        has = tuple(draw(st.lists(st.sampled_from(VERSIONS), unique=True)))
        libraries[name] = library(name, *asks, versions=needs(asks), definitions=has, base=name)
    asks = tuple(draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3)))
    return program(*asks, versions=needs(asks)), libraries


@given(worlds(), st.sets(st.sampled_from(NAMES), max_size=2))
def test_as_a_plain_walk_says(world: tuple[ElfFile, dict[str, ElfFile]], gone: set[str]) -> None:
    elf, libraries = world
    found = load(
        elf, "/p", system({f"/lib64/{name}": own for name, own in libraries.items() if name not in gone})
    )
    order: list[str] = []
    queue, absent = [elf], ""
    while queue and not absent:
        for name in queue.pop(0).libraries:
            if name in gone:
                absent = name
                break
            if name not in order:
                order.append(name)
                queue.append(libraries[name])
    if absent:
        assert (found.kind, found.missing) == ("library", (Missing(absent, ""),))
        return
    assert found.libraries == tuple((name, f"/lib64/{name}") for name in order)
    expected, fatal = [], False
    for path, one in [("/p", elf), *((f"/lib64/{name}", libraries[name]) for name in order)]:
        for need in one.versions:
            if need.version not in libraries[need.library].definitions:
                weak = "weak " if need.weak else ""
                expected.append(
                    f"/p: /lib64/{need.library}: {weak}version `{need.version}' not found (required by {path})"
                )
                fatal = fatal or not need.weak
    assert lines(found) == expected
    assert (found.starts, found.exit_code) == (not fatal, int(fatal))


@given(worlds())
def test_more_definitions_never_harm(world: tuple[ElfFile, dict[str, ElfFile]]) -> None:
    elf, libraries = world
    before = load(elf, "/p", system({f"/lib64/{name}": own for name, own in libraries.items()}))
    more = {name: replace(own, definitions=tuple(VERSIONS)) for name, own in libraries.items()}
    after = load(elf, "/p", system({f"/lib64/{name}": own for name, own in more.items()}))
    assert after.starts
    assert after.lines == ()
    assert after.libraries == before.libraries


def test_as_many_libraries_as_anybody_likes() -> None:
    """Each asks for ten thousand others: it ends, and soon."""
    names = tuple(f"lib{number}.so" for number in range(10_000))
    files = {f"/lib64/{name}": library(name, *names[:50]) for name in names}
    found = load(program(*names), "/p", system(files))
    assert found.starts
    assert len(found.libraries) == 10_000


@pytest.mark.parametrize("interpreter", [LOADER, MUSL])
@pytest.mark.parametrize("kind", ["rpath", "runpath"])
@pytest.mark.parametrize("place", [0, 15_999])
def test_a_file_made_to_be_looked_up_without_end(interpreter: str, kind: str, place: int) -> None:
    """64 KB of folders, and as many libraries as a file can ask for: nothing is foretold, and that soon."""
    names = tuple(f"lib{number}.so" for number in range(4096))
    folders = tuple(format(number, "x") for number in range(16_000))
    elf = program(*names, interpreter=interpreter, **{kind: folders})
    files = {f"/{folders[place]}/{name}": library(name) for name in names}
    began = time.monotonic()
    found = load(elf, "/p", system({interpreter: library("ld-linux-x86-64.so.2"), **files}))
    assert time.monotonic() - began < 3
    assert found.is_known is found.starts is (place == 0)
    assert found.lines == ()
    if not found.is_known:
        assert found.why == "its libraries are looked for at more than 20,000 places"


def test_a_folder_that_is_named_again_counts_once() -> None:
    elf = program("libb.so", runpath=("/x",) * 30_000 + ("/x/",))
    found = load(elf, "/p", system({"/lib64/libb.so": B}))
    assert found.libraries == (("libb.so", "/lib64/libb.so"),)
    assert found.is_known


def test_a_path_that_no_system_takes_finds_nothing() -> None:
    elf = program("libb.so", runpath=("$ORIGIN" * 9_000, "/x"))
    found = load(elf, "/some/where/p", system({"/x/libb.so": B}))
    assert found.starts
