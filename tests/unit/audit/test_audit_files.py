"""What is said of single files: facts, remarks, verdicts, systems and advice."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import archive_builder as archives
import elf_builder as elves
import pytest

from actlite.glibc.audit.model import FITS, REFUSED, UNKNOWN, AuditedFile
from actlite.glibc.audit.report import audit
from actlite.glibc.target import Target, read_target

Look = Callable[..., AuditedFile]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Audits one file."""

    def look(content: bytes, target: str = "", max_glibc: str = "") -> AuditedFile:
        path = tmp_path / "hq"
        path.write_bytes(content)
        wanted: Target | None = read_target(target) if target else None
        return audit(path, name="hq", target=wanted, max_glibc=max_glibc).files[0]

    return look


def libc(*versions: str) -> bytes:
    return elves.program({"libc.so.6": {version: ["f"] for version in versions}})


@pytest.mark.parametrize(
    ("content", "kind", "arch", "linkage", "name"),
    [
        (libc("GLIBC_2.17"), "program", "x64", "dynamic", "glibc"),
        (
            elves.program({"libc.so.6": {"GLIBC_2.17": ["f"]}}, machine="arm64"),
            "program",
            "arm64",
            "dynamic",
            "glibc",
        ),
        (
            elves.program({"libc.so.6": {"GLIBC_2.4": ["f"]}}, machine="arm"),
            "program",
            "arm",
            "dynamic",
            "glibc",
        ),
        (
            elves.program({"libc.so.6": {"GLIBC_2.0": ["f"]}}, machine="x86"),
            "program",
            "x86",
            "dynamic",
            "glibc",
        ),
        (elves.static(), "program", "x64", "static", ""),
        (elves.static(pie=True), "program", "x64", "static-pie", ""),
        (elves.library(soname="libx.so.1"), "library", "x64", "dynamic", ""),
        (
            elves.program(libraries=["libc.musl-x86_64.so.1"], interpreter="/lib/ld-musl-x86_64.so.1"),
            *("program", "x64", "dynamic", "musl"),
        ),
    ],
)
def test_what_a_file_is(content: bytes, kind: str, arch: str, linkage: str, name: str, look: Look) -> None:
    file = look(content)
    assert (file.kind, file.arch, file.linkage, file.libc) == (kind, arch, linkage, name)


def test_symbols_stand_with_their_version(look: Look) -> None:
    content = elves.program(
        {
            "libm.so.6": {"GLIBC_2.29": ["pow", "exp"]},
            "libc.so.6": {"GLIBC_2.18": ["__cxa_thread_atexit_impl?"]},
        }
    )
    first, second = look(content).needs
    assert [symbol.name for symbol in first.symbols] == ["pow", "exp"]
    assert not first.is_weak_only
    assert second.is_weak_only
    assert (second.library, second.version, second.weak) == ("libc.so.6", "GLIBC_2.18", False)


def test_a_weak_reference_is_refused_all_the_same(look: Look) -> None:
    content = elves.program({"libc.so.6": {"GLIBC_2.18": ["__cxa_thread_atexit_impl?"]}})
    assert look(content, "centos:7").verdict == REFUSED
    assert look(content, max_glibc="2.17").verdict == REFUSED
    assert [remark.kind for remark in look(content).remarks] == ["weak"]


def test_a_version_that_is_weak_itself_is_let_pass(look: Look) -> None:
    content = elves.program({"libc.so.6": {"GLIBC_2.17": ["a"], "GLIBC_2.25?": ["getentropy?"]}})
    file = look(content, "centos:7")
    assert file.verdict == FITS
    assert file.newest == {"GLIBC": "2.17"}
    assert file.needs[1].weak


@pytest.mark.parametrize(
    ("versions", "target", "verdict"),
    [
        (["GLIBC_2.17"], "centos:7", FITS),
        (["GLIBC_2.18"], "centos:7", REFUSED),
        # Debian 11 has glibc 2.31, and its libc.so.6 no such version: sets count, not numbers.
        (["GLIBC_2.31"], "debian:11", REFUSED),
        (["GLIBC_2.30"], "debian:11", FITS),
        (["GLIBC_ABI_DT_RELR"], "debian:11", REFUSED),
        (["GLIBC_ABI_DT_RELR"], "debian:12", FITS),
        (["GLIBC_2.99"], "debian:12", REFUSED),
    ],
)
def test_a_target_is_a_set_of_versions(versions: list[str], target: str, verdict: str, look: Look) -> None:
    assert look(libc(*versions), target).verdict == verdict


@pytest.mark.parametrize(
    ("versions", "newest", "verdict"),
    [
        (["GLIBC_2.17", "GLIBC_2.9"], "2.17", FITS),
        (["GLIBC_2.17"], "2.9", REFUSED),
        (["GLIBC_ABI_DT_RELR"], "2.35", REFUSED),
        (["GLIBC_ABI_DT_RELR"], "2.36", FITS),
        (["GLIBC_PRIVATE"], "2.17", FITS),
    ],
)
def test_max_glibc_is_a_number(versions: list[str], newest: str, verdict: str, look: Look) -> None:
    assert look(libc(*versions), max_glibc=newest).verdict == verdict


def test_only_the_cxx_library_is_too_new(look: Look) -> None:
    content = elves.program(
        {
            "libstdc++.so.6": {"GLIBCXX_3.4.21": ["_ZN3abc"], "CXXABI_1.3.9": ["_ZdlPvm"]},
            "libc.so.6": {"GLIBC_2.17": ["f"]},
        }
    )
    file = look(content, "centos:7")
    assert file.verdict == REFUSED
    assert [need.fits for need in file.needs] == [False, False, True]
    assert file.advice == (
        "link the C++ library in, which is all it lacks: -static-libstdc++ -static-libgcc",
    )
    assert {refusal.system: refusal.missing for refusal in file.not_on}["CentOS 7"] == (
        "GLIBCXX_3.4.21",
        "CXXABI_1.3.9",
    )


def test_packed_relocations_have_advice_of_their_own(look: Look) -> None:
    content = elves.program({"libc.so.6": {"GLIBC_2.17": ["f"], "GLIBC_ABI_DT_RELR": []}}, relr=True)
    file = look(content, "debian:11")
    assert file.advice == ("link without packed relocations: -Wl,-z,nopack-relative-relocs",)
    assert file.newest == {"GLIBC": "2.36"}
    assert "before 2.36 refuses it" in file.remarks[0].text


def test_the_compiler_decides_the_advice(look: Look) -> None:
    plain = libc("GLIBC_2.34")
    rust = look(plain + b"\0/rustc/0123/library/std/src/rt.rs", "centos:7").advice
    assert "or cross-build: cargo zigbuild --release --target x86_64-unknown-linux-gnu.2.17" in rust
    assert look(plain + b"\xff Go buildinf:", "centos:7").advice == (
        "build without cgo, which makes it static: CGO_ENABLED=0 go build",
    )
    arm = elves.program({"libc.so.6": {"GLIBC_2.34": ["f"]}}, machine="arm64")
    assert "or cross-build: zig cc -target aarch64-linux-gnu.2.28" in look(arm, "glibc2.28").advice


def test_there_is_always_something_to_do(look: Look) -> None:
    libraries = (libc("GLIBC_2.34"), elves.library({"libc.so.6": {"GLIBC_2.34": ["f"]}}))
    for content in libraries:
        assert look(content, max_glibc="2.5").advice
    for machine in ("x86", "arm"):
        advice = look(
            elves.program({"libc.so.6": {"GLIBC_2.34": ["f"]}}, machine=machine), max_glibc="2.17"
        ).advice
        assert advice == ("build on a system that has glibc 2.17 or older",)
    musl = elves.program(libraries=["libc.musl-x86_64.so.1"], interpreter="/lib/ld-musl-x86_64.so.1")
    assert look(musl, "centos:7").advice[0].startswith("link it statically")
    cxx = elves.program({"libc.so.6": {"GLIBC_2.34": ["f"]}}, libraries=["libstdc++.so.6"])
    assert "or cross-build: zig c++ -target x86_64-linux-gnu.2.17" in look(cxx, "centos:7").advice


def test_a_wheel_with_static_programs_is_for_what_it_claims(tmp_path: Path) -> None:
    for tag, policy in (("musllinux_1_2_x86_64", "musllinux_1_2"), ("manylinux2014_x86_64", "manylinux_2_5")):
        path = tmp_path / f"hq-1.0-py3-none-{tag}.whl"
        path.write_bytes(archives.zip_({"hq-1.0.data/scripts/hq": elves.static()}))
        assert audit(path).policy == policy


def test_systems_by_the_catalogue(look: Look) -> None:
    file = look(libc("GLIBC_2.34"))
    assert {"Debian ≥ 12", "Ubuntu ≥ 22.04", "RHEL ≥ 9"} <= set(file.runs_on)
    assert {"Debian 11", "Ubuntu 20.04", "RHEL 8", "CentOS 7", "Amazon Linux 2"} <= {
        r.system for r in file.not_on
    }
    assert file.policy == "manylinux_2_34"
    assert look(libc("GLIBC_2.99")).runs_on == ()
    assert look(elves.static()).runs_on == ("every Linux for x86-64",)
    assert look(elves.program({"libc.so.6": {"GLIBC_2.4": ["f"]}}, machine="arm")).runs_on == ()


def test_musl_is_no_glibc(look: Look) -> None:
    content = elves.program(libraries=["libc.musl-x86_64.so.1"], interpreter="/lib/ld-musl-x86_64.so.1")
    file = look(content, "centos:7")
    assert file.verdict == REFUSED
    assert "centos:7 has glibc and not musl's loader." in [remark.text for remark in file.remarks]
    assert look(content, max_glibc="2.17").verdict == FITS


def test_static_programs_fit_everything(look: Look) -> None:
    assert look(elves.static(), "manylinux1").verdict == FITS


def test_a_target_on_another_architecture(look: Look) -> None:
    # On arm64 the first glibc is 2.17, and its version is in every list.
    arm = elves.program({"libc.so.6": {"GLIBC_2.17": ["f"]}}, machine="arm64")
    assert look(arm, "manylinux2014").verdict == FITS
    assert (
        look(elves.program({"libc.so.6": {"GLIBC_2.18": ["f"]}}, machine="x86"), "centos:7").verdict
        == REFUSED
    )
    small = look(elves.program({"libc.so.6": {"GLIBC_2.0": ["f"]}}, machine="x86"), "centos:7")
    assert small.verdict == FITS
    assert [remark.kind for remark in small.remarks] == ["arch"]


def test_a_policy_of_an_architecture_that_the_catalogue_has_not(look: Look) -> None:
    new = elves.program({"libc.so.6": {"GLIBC_2.18": ["f"]}}, machine="x86")
    found = look(new, "manylinux2014_i686")
    assert found.verdict == REFUSED
    assert [remark.kind for remark in found.remarks] == ["arch"]
    old = elves.program({"libc.so.6": {"GLIBC_2.17": ["f"]}}, machine="x86")
    assert look(old, "manylinux2014_i686").verdict == FITS


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        ({"runpath": "/home/me/target/release"}, "a folder of the machine that built it"),
        ({"rpath": "$ORIGIN/../lib:/opt/hq/lib:/usr/lib/x86_64-linux-gnu"}, ""),
        ({"rpath": "lib:$ORIGIN"}, "means the folder that it is started in"),
        ({"runpath": "$ORIGIN::/usr/lib"}, "The empty RUNPATH entry"),
        ({"interpreter": "/nix/store/abc/ld-linux-x86-64.so.2"}, "patchelf --set-interpreter"),
    ],
)
def test_odd_paths(paths: elves.Paths, words: str, look: Look) -> None:
    told = " ".join(remark.text for remark in look(elves.program(libraries=["libc.so.6"], **paths)).remarks)
    assert words in told
    assert bool(words) == bool(told)


def test_libraries_that_are_not_everywhere(look: Look) -> None:
    needed = ["libc.so.6", "libatomic.so.1", "libssl.so.1.1", "libhq.so.3", "/opt/x/liby.so"]
    told = [remark.text for remark in look(elves.program(libraries=needed)).remarks]
    assert [text.split(",")[0].removeprefix("It needs ") for text in told] == [
        "libatomic.so.1",
        "libssl.so.1.1",
        "libhq.so.3",
        "/opt/x/liby.so at that very path.",
    ]


@pytest.mark.parametrize("size", [5, 20, 60, 100, 200, 300])
def test_a_damaged_file_is_told(size: int, look: Look) -> None:
    file = look(libc("GLIBC_2.17")[:size])
    assert file.kind == "damaged"
    assert file.why
    assert file.verdict == UNKNOWN


def test_a_pipe_or_a_device_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(OSError, match="a pipe or a device"):
            audit(path)


def test_a_large_program_is_quick(tmp_path: Path) -> None:
    path = tmp_path / "hq"
    path.write_bytes(libc(*(f"GLIBC_2.{minor}" for minor in range(2, 40))))
    os.truncate(path, 100 << 20)
    target = read_target("centos:7")
    audit(path, target=target)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        assert audit(path, target=target).verdict == REFUSED
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.3
