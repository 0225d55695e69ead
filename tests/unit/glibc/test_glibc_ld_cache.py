"""/etc/ld.so.cache, in each of its forms."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from made_cache import LEGACY, new_cache, old_cache

from actlite.glibc.ld_cache import CacheEntry, CacheError, libraries_of, read_cache

ROWS = [
    ("libm.so.6", "/lib/i386-linux-gnu/libm.so.6", 0x3, ""),
    ("libm.so.6", "/lib64/glibc-hwcaps/x86-64-v2/libm.so.6", 0x303, "x86-64-v2"),
    ("libm.so.6", "/lib64/glibc-hwcaps/x86-64-v3/libm.so.6", 0x303, "x86-64-v3"),
    ("libm.so.6", "/lib64/tls/libm.so.6", 0x303, LEGACY),
    ("libm.so.6", "/lib64/libm.so.6", 0x303, ""),
    ("libm.so.6", "/opt/libm.so.6", 0x303, ""),
    ("libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6", 0xA03, ""),
]
PLAIN = [row for row in ROWS if not row[3]]


def entries(rows: list[tuple[str, str, int, str]]) -> tuple[CacheEntry, ...]:
    return tuple(
        CacheEntry(name, path, flags, "" if caps == LEGACY else caps, caps == LEGACY)
        for name, path, flags, caps in rows
    )


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("told", [True, False])
def test_the_new_form(order: str, told: bool) -> None:
    assert read_cache(new_cache(ROWS, order=order, told=told)) == entries(ROWS)
    assert read_cache(new_cache([], order=order, told=told)) == ()


@pytest.mark.parametrize("order", "<>")
def test_the_old_form(order: str) -> None:
    assert read_cache(old_cache(PLAIN, order=order)) == entries(PLAIN)
    assert read_cache(old_cache([], order=order)) == ()


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("align", [4, 8])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_new_form_behind_the_old_one(order: str, align: int, count: int) -> None:
    """The old entries are for libc5's time: what counts is the new form."""
    content = old_cache(
        PLAIN[:count], order=order, behind=new_cache(PLAIN, order=order, told=False), align=align
    )
    assert read_cache(content) == entries(PLAIN)


def test_the_libraries_of_a_machine() -> None:
    found = libraries_of(entries(ROWS), "x64")
    assert found == {"libm.so.6": ("/lib64/libm.so.6", "/opt/libm.so.6")}
    levels = ("x86-64-v4", "x86-64-v3", "x86-64-v2")
    assert libraries_of(entries(ROWS), "x64", levels)["libm.so.6"] == (
        "/lib64/glibc-hwcaps/x86-64-v3/libm.so.6",
        "/lib64/glibc-hwcaps/x86-64-v2/libm.so.6",
        "/lib64/libm.so.6",
        "/opt/libm.so.6",
    )
    assert libraries_of(entries(ROWS), "arm64") == {"libc.so.6": ("/lib/aarch64-linux-gnu/libc.so.6",)}
    assert libraries_of(entries(ROWS), "x86") == {"libm.so.6": ("/lib/i386-linux-gnu/libm.so.6",)}
    assert libraries_of(entries(ROWS), "sparc") == {}


NEW = new_cache(ROWS)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not an"),
        (b"INPUT(x)", "not an"),
        (NEW[:40], "cut off"),
        (NEW[:100], "cut off"),
        (NEW[:-200], "no end"),
        (old_cache(PLAIN)[:40], "cut off"),
        (old_cache(PLAIN)[:14], "cut off"),
        (NEW[:20] + b"\xff\xff\xff\x7f" + NEW[24:], "cut off"),
        (NEW[:28] + b"\1" + NEW[29:], "damaged"),
        (NEW[:52] + b"\xff\xff\xff\x7f" + NEW[56:], "no end"),
        (new_cache([("n" * 5000, "/p", 3, "")]), "no end"),
        (new_cache([("n" * 4000, "/p" + "x" * 4000, 3, "")] * 3000), "no end"),
    ],
)
def test_damage_is_named(content: bytes, why: str) -> None:
    with pytest.raises(CacheError, match=why):
        read_cache(content)


def test_a_damaged_list_of_folders_is_none() -> None:
    assert [entry.hwcaps for entry in read_cache(NEW[:-12])][1:3] == ["?", "?"]
    assert "?" not in str(libraries_of(read_cache(NEW[:-12]), "x64", ("x86-64-v3",)))


def test_as_ldconfig_tells_this_machines(tmp_path: Path) -> None:
    """Its own answer about what it wrote, in both forms that today's can write."""
    ldconfig = shutil.which("ldconfig", path="/sbin:/usr/sbin")
    assert ldconfig is not None
    for form in ("new", "compat"):
        cache = tmp_path / form
        subprocess.run([ldconfig, "-X", "-c", form, "-C", str(cache)], check=True, capture_output=True)
        told = subprocess.run([ldconfig, "-p", "-C", str(cache)], check=True, capture_output=True, text=True)
        expected = re.findall(r"^\s+(\S+) \(libc6,x86-64[^)]*\) => (\S+)$", told.stdout, re.MULTILINE)
        assert expected
        found = libraries_of(read_cache(cache.read_bytes()), "x64", ("x86-64-v4", "x86-64-v3", "x86-64-v2"))
        assert sorted(expected) == sorted((name, path) for name, paths in found.items() for path in paths)
