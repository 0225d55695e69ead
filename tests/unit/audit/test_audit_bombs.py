"""Archives that are made to fill the memory, the disk or the day: bounded, and told."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import archive_builder as archives
import elf_builder
import pytest

from actlite.glibc.audit.limits import Limits
from actlite.glibc.audit.report import audit

PROGRAM = elf_builder.program({"libc.so.6": {"GLIBC_2.17": ["clock_gettime"]}})
MEMORY = 200
"""MB that an audit may hold at most."""
SECONDS = 60
"""Far more than each takes (4 s at most here), far less than what any of them would."""
MIB = bytes(1 << 20)

AUDIT = """
import sys
from pathlib import Path
from actlite.glibc.audit.report import audit
folder = Path(sys.argv[1])
report = audit(folder / sys.argv[2], name=sys.argv[2])
held = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(held.split()[1]) // 1024, len(report.files), sum(file.stat().st_size for file in folder.iterdir()))
print("\\n".join(report.unseen))
"""


class Packer(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


PACKERS: dict[str, Callable[[], Packer]] = {
    "gz": lambda: zlib.compressobj(6, zlib.DEFLATED, 31),
    "bz2": lambda: bz2.BZ2Compressor(1),
    "xz": lambda: lzma.LZMACompressor(preset=0),
}


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


def zeros(end: str, before: bytes, mib: int = 100) -> bytes:
    """A compressed stream of zeros, after something else."""
    packer = PACKERS[end]()
    return b"".join([packer.compress(before), *(packer.compress(MIB) for _ in range(mib)), packer.flush()])


def nested(depth: int) -> bytes:
    content = PROGRAM
    for _ in range(depth):
        content = archives.zip_({"a.zip": content})
    return content


def fan() -> bytes:
    """Ten archives in each of ten, six deep: a million programs in 14 kB."""
    content = PROGRAM
    for _ in range(6):
        content = archives.zip_({f"{number}.zip": content for number in range(10)})
    return content


def quine() -> bytes:
    content = PROGRAM
    for _ in range(12):
        content = gzip.compress(content)
    return content


def many(count: int) -> bytes:
    block = b"".join(header(f"f{number:05}", 0) for number in range(1000))
    return gzip.compress(block * (count // 1000), 1)


def links(count: int) -> bytes:
    """A chain of links, the last one to the first."""
    out = bytearray()
    for number in range(count):
        info = tarfile.TarInfo(f"lib{number}.so")
        info.type, info.linkname = tarfile.SYMTYPE, f"lib{(number + 1) % count}.so"
        out += info.tobuf(tarfile.GNU_FORMAT)
    return bytes(out)


def records(headers: int, each: int) -> bytes:
    """Headers before one file, each with thousands of records of names that no other has."""
    out = bytearray()
    for number in range(headers):
        value = b"".join(b"16 k%03d%06d=v\n" % (number, record) for record in range(each))
        out += header("x", len(value), b"x") + value + bytes(-len(value) % 512)
    return gzip.compress(bytes(out) + header("hq", len(PROGRAM)) + PROGRAM, 1)


RATIO = "unpacks to more than 200 times its size"
BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "zeros.tar.gz": (lambda: zeros("gz", header("zeros", 1 << 40)), RATIO),
    "zeros.tar.bz2": (lambda: zeros("bz2", header("zeros", 1 << 40)), RATIO),
    "zeros.tar.xz": (lambda: zeros("xz", header("zeros", 1 << 40)), RATIO),
    "program.tar.gz": (lambda: zeros("gz", header("hq", 1 << 29) + PROGRAM), RATIO),
    "program.gz": (lambda: zeros("gz", PROGRAM), RATIO),
    "huge.tar.gz": (lambda: zeros("gz", header("hq", 1 << 40) + PROGRAM), "larger than 1 GiB"),
    "name.tar.gz": (lambda: zeros("gz", header("x", 1 << 33, b"L")), "longer than any name"),
    "pax.tar.gz": (lambda: zeros("gz", header("x", 1 << 33, b"x")), "longer than any name"),
    "records.tar.gz": (lambda: records(60, 60_000), ""),
    "many.tar.gz": (lambda: many(1_000_000), "more than 200,000 files"),
    "links.tar": (lambda: links(50_000), ""),
    "nested.zip": (lambda: nested(30), "5 archives deep"),
    "fan.zip": (fan, "more things were not looked at"),
    "quine.gz": (quine, "5 archives deep"),
    "overlapping.zip": (lambda: archives.overlapping_zip(PROGRAM, 100_000), "more than 2,000 ELF files"),
    "members.zip": (lambda: archives.overlapping_zip(b"x", 1_000_000), "more than 200,000 files"),
    "big-members.zip": (lambda: archives.overlapping_zip(PROGRAM + MIB * 100, 1000), RATIO),
    "empty.gz": (lambda: gzip.compress(b"") * 200_000, ""),
    "names.zip": (lambda: archives.zip_({"n" * 65_000: PROGRAM}), "longer than any"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_bounded_and_told(name: str, tmp_path: Path) -> None:
    make, words = BOMBS[name]
    content = make()
    (tmp_path / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", AUDIT, str(tmp_path), name],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env={"TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    numbers, _, told = done.stdout.partition("\n")
    held, _, left = map(int, numbers.split())
    assert held < MEMORY
    assert words in told
    assert left == len(content), "something was left in the temporary folder"


def test_time_may_be_bounded(tmp_path: Path) -> None:
    (tmp_path / "t.tar").write_bytes(archives.tar({f"p{number}": PROGRAM for number in range(100)}))
    report = audit(tmp_path / "t.tar", name="t.tar", limits=Limits(seconds=0.000_001))
    assert report.files == ()
    assert report.unseen == ("The rest of t.tar is not looked at: it took longer than 0 seconds.",)
    assert len(audit(tmp_path / "t.tar", limits=Limits(seconds=60)).files) == 100


def test_tables_of_many_files_are_bounded(tmp_path: Path) -> None:
    symbols = [f"symbol_{number}_{'x' * 200}" for number in range(20_000)]
    program = elf_builder.program({"libc.so.6": {"GLIBC_2.17": symbols}})
    (tmp_path / "t.tar.gz").write_bytes(archives.tar({f"p{number}": program for number in range(40)}, "w:gz"))
    done = subprocess.run(
        [sys.executable, "-c", AUDIT, str(tmp_path), "t.tar.gz"], capture_output=True, text=True, check=True
    )
    held = int(done.stdout.split()[0])
    assert held < MEMORY
    assert re.search(r"tables of the ELF files are larger than 32 MiB", done.stdout)
