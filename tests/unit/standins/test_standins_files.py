"""Relabelling, the loader's cache and trees, on this machine's own C library and on files made up."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerDefSection, GNUVerNeedSection, GNUVerSymSection
from elftools.elf.sections import SymbolTableSection

from sample_workflows.standins import __main__ as standins_main
from sample_workflows.standins.__main__ import main
from sample_workflows.standins.build import busybox_applets, loader_paths, make_era
from sample_workflows.standins.loader_cache import loader_cache
from sample_workflows.standins.recipes import ERAS, RECIPES
from sample_workflows.standins.relabel import (
    is_elf,
    needed,
    parse,
    rebrand_ldd,
    rebrand_libc,
    relabel,
    required,
    sysv_hash,
    too_new,
)
from sample_workflows.standins.saved import write_saved
from sample_workflows.standins.tree import Entry, Kind, Tree

ERA = ERAS["2.17"]
LIBC = next((path for path in Path("/").glob("lib*/**/libc.so.6") if path.is_file()), None)
needs_libc = pytest.mark.skipif(LIBC is None, reason="this machine has no glibc to read")


@pytest.fixture(scope="module")
def libc() -> bytes:
    assert LIBC is not None
    return LIBC.read_bytes()


def defined(data: bytes) -> dict[str, int]:
    """Version definitions and their hashes, as an independent reader sees them."""
    section = next(s for s in ELFFile(io.BytesIO(data)).iter_sections() if isinstance(s, GNUVerDefSection))
    return {next(iter(names)).name: version["vd_hash"] for version, names in section.iter_versions()}


def defaults(data: bytes, symbol: str) -> list[str]:
    """The versions under which a symbol is linked when no version is asked for."""
    elf = ELFFile(io.BytesIO(data))
    sections = list(elf.iter_sections())
    marks = next(s for s in sections if isinstance(s, GNUVerSymSection))
    definitions = next(s for s in sections if isinstance(s, GNUVerDefSection))
    found = []
    symbols = elf.get_section_by_name(".dynsym")
    assert isinstance(symbols, SymbolTableSection)
    for number, each in enumerate(symbols.iter_symbols()):
        mark = marks.get_symbol(number)["ndx"]
        if each.name == symbol and isinstance(mark, int) and not mark & 0x8000:
            version = definitions.get_version(mark)
            assert version is not None
            found.append(next(iter(version[1])).name)
    return found


@needs_libc
class TestRelabel:
    def test_versions_above_the_ceiling_are_renamed_and_hashed_anew(self, libc: bytes) -> None:
        before, after = defined(libc), defined(relabel(libc, ERA.ceilings))
        assert "GLIBC_2.18" in before
        assert "GLIBC_2.17" in after
        assert "GLIBC_2.18" not in after
        assert after["HLIBC_2.18"] == sysv_hash(b"HLIBC_2.18")
        assert after["GLIBC_2.17"] == before["GLIBC_2.17"] == sysv_hash(b"GLIBC_2.17")
        assert len(after) == len(before)

    def test_nothing_moves(self, libc: bytes) -> None:
        assert len(relabel(libc, ERA.ceilings)) == len(libc)

    def test_is_done_once(self, libc: bytes) -> None:
        once = relabel(libc, ERA.ceilings)
        assert relabel(once, ERA.ceilings) == once

    def test_the_newest_old_version_becomes_the_default(self, libc: bytes) -> None:
        assert defaults(relabel(libc, ERAS["2.12"].ceilings), "memcpy") == ["GLIBC_2.2.5"]
        assert defaults(relabel(libc, ERA.ceilings), "memcpy") == ["GLIBC_2.14"]

    def test_what_came_later_has_no_default(self, libc: bytes) -> None:
        assert defaults(libc, "getrandom") == ["GLIBC_2.25"]
        assert defaults(relabel(libc, ERA.ceilings), "getrandom") == []

    def test_needs_of_programs_are_renamed_alike(self) -> None:
        program = Path(shutil.which("bash") or "/bin/sh").resolve().read_bytes()
        ceilings: dict[str, tuple[int, ...]] = {"GLIBC": (2, 1)}
        assert "libc.so.6" in needed(program)
        renamed = relabel(program, ceilings)
        assert [name.replace("HLIBC", "GLIBC") for name in required(renamed)] == required(program)
        assert not [name for name in required(renamed) if too_new(name.encode(), ceilings)]
        section = next(
            s for s in ELFFile(io.BytesIO(renamed)).iter_sections() if isinstance(s, GNUVerNeedSection)
        )
        for _, names in section.iter_versions():
            for name in names:
                assert name["vna_hash"] == sysv_hash(name.name.encode())

    def test_banner(self, libc: bytes) -> None:
        assert b"stable release version 2.17." in rebrand_libc(libc, "2.17")
        assert len(rebrand_libc(libc, "2.17")) == len(libc)


def test_other_files_stay_as_they_are() -> None:
    for data in (b"", b"#!/bin/sh\n", b"\x7fELF\x01\x01 a 32-bit program"):
        assert relabel(data, ERA.ceilings) == data
        assert not is_elf(data)
    assert rebrand_libc(b"no banner", "2.17") == b"no banner"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"GLIBC_2.17", ("GLIBC", (2, 17))),
        (b"GLIBCXX_3.4.19", ("GLIBCXX", (3, 4, 19))),
        (b"GLIBC_PRIVATE", None),
        (b"GLIBC_ABI_DT_RELR", None),
        (b"HLIBC_2.18", None),
        (b"OPENSSL_1.1.0", None),
    ],
)
def test_parse(name: bytes, expected: object) -> None:
    assert parse(name) == expected


@pytest.mark.parametrize(
    "line", ["ldd (Debian GLIBC 2.31-13+deb11u11) 2.31", "ldd (Ubuntu GLIBC 2.39-0ubuntu8.3) 2.39"]
)
def test_ldd_says_the_old_version(line: str) -> None:
    script = f"    echo '{line}'\n    printf $\"Copyright\"\n".encode()
    assert rebrand_ldd(script, "2.12").splitlines()[0] == b"    echo 'ldd (GNU libc) 2.12'"


def test_loader_cache_is_read_by_ldconfig(tmp_path: Path) -> None:
    ldconfig = shutil.which("ldconfig", path="/sbin:/usr/sbin:/usr/bin")
    if ldconfig is None:
        pytest.skip("this machine has no ldconfig")
    names = [
        "libc.so.6",
        "libm.so.6",
        "libz.so.1",
        "libz.so.1.2.11",
        "libx10.so.2",
        "libx9.so.2",
        "lib_a.so.1",
    ]
    (tmp_path / "cache").write_bytes(loader_cache({name: f"/lib64/{name}" for name in names}))
    text = subprocess.run(
        [ldconfig, "-p", "-C", tmp_path / "cache"], capture_output=True, text=True, check=True
    ).stdout
    assert text.startswith(f"{len(names)} libs found")
    for name in names:
        assert f"{name} (libc6,x86-64) => /lib64/{name}" in text


def test_old_places_and_those_of_ubuntu() -> None:
    tree = Tree()
    tree.file("lib/x86_64-linux-gnu/libc-2.31.so", "x")
    tree.link("lib/x86_64-linux-gnu/libc.so.6", "libc-2.31.so")
    tree.file("usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.28", "x")
    tree.link("usr/lib/x86_64-linux-gnu/libstdc++.so.6", "libstdc++.so.6.0.28")
    tree.file("usr/bin/ldd", "echo 'ldd (Debian GLIBC 2.31-1) 2.31'")
    make_era(tree, ERAS["2.27"], merged=False)
    assert tree.entries["lib/x86_64-linux-gnu/libc.so.6"].target == "libc-2.27.so"
    assert loader_paths(tree, ERAS["2.27"], merged=False) == {
        "libc-2.27.so": "/lib/x86_64-linux-gnu/libc-2.27.so",
        "libc.so.6": "/lib/x86_64-linux-gnu/libc.so.6",
        "libstdc++.so.6": "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
        "libstdc++.so.6.0.25": "/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.25",
    }


def test_loader_cache_goes_from_great_to_small() -> None:
    data = loader_cache(
        {name: "/" + name for name in ("libx9.so.2", "libx10.so.2", "liba.so.1", "libx_.so.1")}
    )
    places = [data.index(name) for name in (b"libx10.so.2", b"libx9.so.2", b"libx_.so.1", b"liba.so.1")]
    assert places == sorted(places)


def test_busybox_is_asked_for_its_commands() -> None:
    busybox = Entry(Kind.FILE, data=b"#!/bin/sh\necho '['; echo ash; echo busybox; echo run-parts\n")
    assert busybox_applets(busybox) == ["[", "ash", "run-parts"]


def test_files_of_an_era_are_where_an_old_system_has_them() -> None:
    tree = Tree()
    tree.file("lib/x86_64-linux-gnu/libc-2.31.so", "x")
    tree.link("lib/x86_64-linux-gnu/libc.so.6", "libc-2.31.so")
    tree.file("lib/x86_64-linux-gnu/ld-2.31.so", "x")
    tree.link("lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/ld-2.31.so")
    tree.link("usr/lib/x86_64-linux-gnu/libz.so", "/lib/x86_64-linux-gnu/libz.so.1")
    tree.file("usr/bin/ldd", "echo 'ldd (Debian GLIBC 2.31-1) 2.31'")
    old, new = tree.copy(), tree
    make_era(old, ERAS["2.12"], merged=False)
    make_era(new, ERAS["2.17"], merged=True)
    assert old.entries["lib64/libc.so.6"].target == "libc-2.12.so"
    assert old.entries["usr/lib64/libz.so"].target == "/lib64/libz.so.1"
    assert new.entries["usr/lib64/libc.so.6"].target == "libc-2.17.so"
    assert new.entries["usr/lib64/ld-linux-x86-64.so.2"].target == "ld-2.17.so"
    assert new.entries["usr/lib64/libz.so"].target == "libz.so.1"


def test_the_loader_of_newer_packages_is_no_link_to_itself() -> None:
    tree = Tree()
    tree.file("lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "the loader")
    tree.link("lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")
    tree.file("usr/bin/ldd", "echo 'ldd (Debian GLIBC 2.36-9) 2.36'")
    make_era(tree, ERAS["2.17"], merged=True)
    assert tree.entries["usr/lib64/ld-linux-x86-64.so.2"].data == b"the loader"


def test_hard_links_follow_what_they_name() -> None:
    tree = Tree()
    tree.file("bin/a", "text")
    tree.entries["bin/b"] = Entry(Kind.HARD_LINK, target="bin/a")
    tree.folder("bin")
    tree.rename(lambda path: "usr/" + path)
    out = io.BytesIO()
    tree.write(out)
    out.seek(0)
    with tarfile.open(fileobj=out) as archive:
        assert archive.getnames() == ["usr/bin", "usr/bin/a", "usr/bin/b"]
        file = archive.extractfile("usr/bin/b")
        assert file is not None
        assert file.read() == b"text"


@needs_libc
def test_programs_without_their_libraries_go_and_links_to_them_too() -> None:
    program = Path(shutil.which("bash") or "/bin/sh").resolve().read_bytes()
    tree = Tree()
    tree.file("usr/bin/bash", program, 0o755)
    tree.link("usr/bin/sh", "bash")
    tree.file("usr/bin/script", "#!/bin/sh\n", 0o755)
    assert tree.prune() == ["usr/bin/bash"]
    assert set(tree.entries) == {"usr/bin/script"}


def test_a_name_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "windows"]) == 2
    assert "No stand-in is called windows" in capsys.readouterr().err


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    assert "actlite-standin/manylinux2014:1" in capsys.readouterr().out


def test_images_for_tests_are_made_when_they_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[list[str]] = []

    def note(names: Sequence[str], force: bool, quiet: bool) -> int:
        made.append(list(names))
        return 0

    monkeypatch.setattr(standins_main, "run", note)
    for arguments in (["build"], ["build", "debian11"], ["build", "--all"]):
        assert main(arguments) == 0
    assert "runner" in made[0]
    assert "debian11" not in made[0]
    assert made[1:] == [["debian11"], list(RECIPES)]


def test_an_image_of_another_architecture_is_written_as_docker_saves_it() -> None:
    out = io.BytesIO()
    write_saved(out, io.BytesIO(b"the layer"), "actlite-standin/x:1", "arm64", {"a": "b"})
    out.seek(0)
    with tarfile.open(fileobj=out) as archive:
        parts = {member.name: archive.extractfile(member) for member in archive.getmembers()}
        texts = {name: part.read() for name, part in parts.items() if part is not None}
    manifest = json.loads(texts["manifest.json"])[0]
    assert manifest["RepoTags"] == ["actlite-standin/x:1"]
    config = json.loads(texts[manifest["Config"]])
    assert (config["architecture"], config["config"]["Labels"]) == ("arm64", {"a": "b"})
    assert texts[manifest["Layers"][0]] == b"the layer"
    assert config["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(b"the layer").hexdigest()]
