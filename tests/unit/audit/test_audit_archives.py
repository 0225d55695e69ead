"""Every kind of archive: what is found in it, and what is said of the rest."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import archive_builder as archives
import elf_builder
import pytest

from actlite.glibc.audit.model import AuditReport
from actlite.glibc.audit.report import audit

PROGRAM = elf_builder.program({"libc.so.6": {"GLIBC_2.17": ["clock_gettime"]}})
LIBRARY = elf_builder.library({"libc.so.6": {"GLIBC_2.14": ["memcpy"]}}, soname="libhq.so.1")
MEMBERS = {
    "bin/hq": PROGRAM,
    "lib/libhq.so.1": LIBRARY,
    "lib/libhq.so": b"->libhq.so.1",
    "bin/start": b"#!/usr/bin/env bash\necho\n",
    "share/notes.txt": b"notes\n",
}


def zstd(data: bytes) -> bytes:
    program = shutil.which("zstd")
    assert program is not None, "install zstd: scripts/setup.sh does"
    return subprocess.run([program, "-q"], input=data, stdout=subprocess.PIPE, check=True).stdout


@pytest.fixture
def look(tmp_path: Path) -> Callable[[str, bytes], AuditReport]:
    """Audits bytes as a file of that name."""

    def look(name: str, content: bytes) -> AuditReport:
        path = tmp_path / name
        path.write_bytes(content)
        return audit(path, name=name)

    return look


Look = Callable[[str, bytes], AuditReport]

ARCHIVES: dict[str, Callable[[], bytes]] = {
    "hq.tar": lambda: archives.tar(MEMBERS),
    "hq.gnu.tar": lambda: archives.tar(MEMBERS, form=tarfile.GNU_FORMAT),
    "hq.ustar.tar": lambda: archives.tar(MEMBERS, form=tarfile.USTAR_FORMAT),
    "hq.tar.gz": lambda: archives.tar(MEMBERS, "w:gz"),
    "hq.tar.xz": lambda: archives.tar(MEMBERS, "w:xz"),
    "hq.tar.bz2": lambda: archives.tar(MEMBERS, "w:bz2"),
    "hq.tar.zst": lambda: zstd(archives.tar(MEMBERS)),
    "hq.zip": lambda: archives.zip_(MEMBERS),
    "hq.stored.zip": lambda: archives.zip_(MEMBERS, zipfile.ZIP_STORED),
    "hq.bzip2.zip": lambda: archives.zip_(MEMBERS, zipfile.ZIP_BZIP2),
    "hq-1.0-py3-none-linux_x86_64.whl": lambda: archives.zip_(MEMBERS),
    "hq.xz.deb": lambda: archives.deb(MEMBERS),
    "hq.gz.deb": lambda: archives.deb(MEMBERS, "w:gz"),
    "hq.plain.deb": lambda: archives.deb(MEMBERS, "w"),
    "hq.gz.rpm": lambda: archives.rpm(gzip.compress(archives.cpio(MEMBERS))),
    "hq.xz.rpm": lambda: archives.rpm(lzma.compress(archives.cpio(MEMBERS))),
    "hq.zst.rpm": lambda: archives.rpm(zstd(archives.cpio(MEMBERS))),
    "hq.cpio": lambda: archives.cpio(MEMBERS),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_what_an_archive_holds(name: str, look: Look) -> None:
    report = look(name, ARCHIVES[name]())
    assert [(file.member, file.kind, file.glibc) for file in report.files] == [
        ("bin/hq", "program", "2.17"),
        ("lib/libhq.so.1", "library", "2.14"),
    ]
    assert [(other.name, other.what) for other in report.others] == [
        (f"{name}!/bin/start", "a script for bash")
    ]
    assert report.unseen == ()
    assert report.newest == {"GLIBC": "2.17"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("hq.gz", gzip.compress(PROGRAM)),
        ("hq.xz", lzma.compress(PROGRAM)),
        ("hq.bz2", bz2.compress(PROGRAM)),
        ("hq.twice.gz", gzip.compress(PROGRAM[:99]) + gzip.compress(PROGRAM[99:]) + b"\0" * 700),
    ],
)
def test_a_file_compressed_by_itself(name: str, content: bytes, look: Look) -> None:
    report = look(name, content)
    assert [file.glibc for file in report.files] == ["2.17"]
    assert report.files[0].size == len(PROGRAM)
    assert report.unseen == ()


def test_archives_in_archives(look: Look) -> None:
    inner = archives.zip_({"hq.tar.gz": archives.tar(MEMBERS, "w:gz")})
    report = look("outer.tar", archives.tar({"a/inner.zip": inner}))
    assert report.files[0].name == "outer.tar!/a/inner.zip!/hq.tar.gz!/bin/hq"
    assert len(report.files) == 2


def test_a_folder_and_its_links_are_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    folder = tmp_path / "dist"
    (folder / "sub").mkdir(parents=True)
    elsewhere.mkdir()
    (elsewhere / "secret").write_bytes(PROGRAM)
    (folder / "sub" / "hq").write_bytes(PROGRAM)
    (folder / "out").symlink_to(elsewhere)
    (folder / "file").symlink_to(elsewhere / "secret")
    (folder / "loop").symlink_to("loop")
    (folder / "up").symlink_to("..")
    report = audit(folder, name="dist")
    assert [file.name for file in report.files] == ["dist/sub/hq"]
    assert report.kind == "folder"


def test_libraries_of_the_archive_count_through_links(look: Look) -> None:
    program = elf_builder.program({}, libraries=["libhq.so", "libaway.so.3"])
    links = {"lib/loop.so": b"->loop.so", "lib/l2.so": b"->libhq.so.1", "lib/libaway.so.3": b"->/etc/passwd"}
    report = look("hq.tar", archives.tar({**MEMBERS, **links, "bin/x": program}))
    told = [remark.text for remark in report.files[-1].remarks if remark.kind == "library"]
    assert told == ["It needs libaway.so.3, which is no part of a base system."]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("e.zip", archives.encrypted_zip("hq", PROGRAM), "it is encrypted"),
        ("l.zip", archives.zip_(MEMBERS, zipfile.ZIP_LZMA), "compressed with lzma"),
        ("c.zip", archives.zip_(MEMBERS)[:-40], "its list of members is missing"),
        ("f.zip", archives.far_zip("hq", PROGRAM), "hq is not looked at: it is cut off"),
        ("c.tar.gz", archives.tar(MEMBERS, "w:gz")[:300], "it is cut off"),
        ("c.tar.xz", archives.tar(MEMBERS, "w:xz")[:300], "it is cut off"),
        ("c.tar", archives.tar(MEMBERS)[:2000], "it is cut off"),
        ("c.deb", archives.deb(MEMBERS)[:500], "it is cut off"),
        ("c.rpm", archives.rpm(gzip.compress(archives.cpio(MEMBERS)))[:300], "it is cut off"),
        ("d.rpm", archives.rpm(b"?" * 900), "its compression is not known here"),
        ("d.tar.gz", b"\x1f\x8b\x08\0" + b"?" * 900, "it is damaged"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c" + b"?" * 99, "a 7z archive"),
    ],
)
def test_what_cannot_be_read_is_said(name: str, content: bytes, words: str, look: Look) -> None:
    report = look(name, content)
    assert any(words in sentence and sentence.startswith(name) for sentence in report.unseen), report.unseen


def test_an_appimage_is_its_runtime(look: Look) -> None:
    report = look("HQ.AppImage", PROGRAM[:8] + b"AI\2" + PROGRAM[11:])
    assert report.kind == "AppImage"
    assert len(report.files) == 1
    assert "--appimage-extract" in report.unseen[0]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"#!/bin/sh -e\n", "a script for /bin/sh"),
        (b"#! /usr/bin/env -S python3 -u\n", "a script for python3"),
        (b"MZ" + b"\0" * 58 + b"\x40\0\0\0PE\0\0", "a Windows program"),
        (b"\xcf\xfa\xed\xfe" + b"\0" * 60, "a macOS program"),
        (b"\xca\xfe\xba\xbe\0\0\0\2" + b"\0" * 60, "a macOS program"),
        (b"\xca\xfe\xba\xbe\0\0\0\x37" + b"\0" * 60, "a Java class"),
        (b"\0asm\1\0\0\0", "a WebAssembly module"),
        (archives.ar({"x.o": b"??"}), "a static library, not linked yet"),
        (elf_builder.make(1, {}), "an object file, not linked yet"),
        (elf_builder.make(4, {}), "a core dump"),
    ],
)
def test_files_of_other_kinds(content: bytes, what: str, look: Look) -> None:
    report = look("x", content)
    assert [other.what for other in report.others] == [what]
    assert report.files == ()


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/etc/passwd", "a\x1b[31mb", "a\nb", "a" * 4000])
def test_hostile_names_lead_nowhere(name: str, look: Look, tmp_path: Path) -> None:
    before = set(tmp_path.rglob("*"))
    for kind, make in (("tar", archives.tar), ("zip", archives.zip_)):
        report = look(f"h.{kind}", make({name: PROGRAM}))
        assert report.files[0].member == name
        assert report.files[0].glibc == "2.17"
    assert set(tmp_path.rglob("*")) - before == {tmp_path / "h.tar", tmp_path / "h.zip"}


def test_names_that_are_no_text_are_kept(look: Look) -> None:
    data = archives.tar({"x" * 20: PROGRAM}, form=tarfile.USTAR_FORMAT)
    header = bytearray(data[:512])
    header[:4] = b"\xff\xfe\x01x"
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + 8 * 32 + sum(header[156:512]))
    report = look("n.tar", bytes(header) + data[512:])
    assert report.files[0].member.startswith("\udcff\udcfe")
