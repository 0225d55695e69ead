"""Layers as streams: tar files of every kind, packed in every way, damaged ones among them."""

from __future__ import annotations

import gzip
import hashlib
import io
import random
import sys
import tarfile
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actlite.engines.registry import budget, layers
from actlite.engines.registry.budget import Budget
from actlite.engines.registry.layers import FILE, FOLDER, HARD, LINK, Contents, TooMany
from actlite.engines.registry.tar import TarError, members
from actlite.engines.registry.unpack import Layer, NoZstd, UnpackError
from actlite.errors import ImageUnavailable


def tar(*entries: tuple[str, str, bytes | str], form: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar file of (name, tar's letter for the type, content or target)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, kind, value in entries:
            member = tarfile.TarInfo(name)
            member.type = kind.encode()
            if isinstance(value, str):
                member.linkname = value
                archive.addfile(member)
            else:
                member.size = len(value)
                archive.addfile(member, io.BytesIO(value))
    return out.getvalue()


def layer(data: bytes, **wrong: Any) -> Layer:
    """A layer whose packed bytes come in uneven pieces."""

    def pieces() -> Iterator[bytes]:
        at, dice = 0, random.Random(7)
        while at < len(data):
            step = dice.randint(1, 5000)
            yield data[at : at + step]
            at += step

    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return Layer(pieces(), wrong.get("digest", digest), wrong.get("size", len(data)), Budget("x"))


def said(path: str, data: bytes) -> dict[str, Any]:
    return {"said": f"{path} {data.decode()}"}


def read(data: bytes, wanted: set[str] | None = None, **wrong: Any) -> Contents:
    source = layer(data, **wrong)
    found = layers.read(source, wanted or set(), lambda path: path.endswith("libc.so.6"), said)
    source.finish()
    return found


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_are_those_that_tarfile_wrote(form: int) -> None:
    deep = "/".join(["a-long-folder"] * (6 if form == tarfile.USTAR_FORMAT else 40)) + "/libü.so"
    long = "t" * (90 if form == tarfile.USTAR_FORMAT else 300)
    data = tar(
        ("d", "5", ""),
        (deep, "0", b"x" * 700),
        ("l", "2", long),
        ("h", "1", "d/x"),
        ("p", "6", ""),
        form=form,
    )
    found = [(m.name, m.kind, m.target, m.content() if m.kind == "0" else b"") for m in members(layer(data))]
    assert found == [
        ("d/", "5", "", b""),
        (deep, "0", "", b"x" * 700),
        ("l", "2", long, b""),
        ("h", "1", "d/x", b""),
        ("p", "6", "", b""),
    ]


def test_what_is_kept_of_a_layer() -> None:
    data = tar(
        ("./usr/lib/x/libc.so.6", "0", b"c"),
        ("usr/lib/x/libm.so.6", "0", b"m"),
        ("usr/share/doc/readme", "0", b"r"),
        ("usr/share/doc/link", "2", "readme"),
        ("opt/.wh.tool", "0", b""),
        ("srv/data/.wh..wh..opq", "0", b""),
        (".wh..wh.plnk", "5", ""),
        ("usr/lib/x/hard.so", "1", "./usr/lib/x/libm.so.6"),
        ("../../etc/ld.so.cache", "0", b"cache"),
        ("etc", "5", ""),
        ("a/b/c", "5", ""),
    )
    found = read(data)
    assert found.names == {
        "usr": (FOLDER, ""),
        "usr/lib": (FOLDER, ""),
        "usr/lib/x": (FOLDER, ""),
        "usr/lib/x/libc.so.6": (FILE, ""),
        "usr/lib/x/libm.so.6": (FILE, ""),
        "usr/share": (FOLDER, ""),
        "usr/share/doc": (FOLDER, ""),
        "usr/share/doc/link": (LINK, "readme"),
        "srv": (FOLDER, ""),
        "srv/data": (FOLDER, ""),
        "usr/lib/x/hard.so": (HARD, "usr/lib/x/libm.so.6"),
        "etc": (FOLDER, ""),
        "etc/ld.so.cache": (FILE, ""),
    }
    assert (found.gone, found.opaque) == ({"opt/tool"}, {"srv/data"})
    assert found.facts == {"usr/lib/x/libc.so.6": {"said": "/usr/lib/x/libc.so.6 c"}}
    assert found.hides("opt/tool/lib/x.so")
    assert found.hides("srv/data/x.so")
    assert not found.hides("srv/data")
    assert not found.hides("opt")


def test_what_is_not_in_every_list_is_known_where_it_was_asked_for() -> None:
    data = tar(("opt/program", "0", b"p"))
    assert not read(data).knows("opt/program")
    found = read(data, {"opt/program", "opt/none"})
    assert found.facts == {"opt/program": {"said": "/opt/program p"}}
    assert found.knows("opt/none")
    assert "opt/none" not in found.names
    assert found.knows("lib/none.so.1")


def test_contents_are_kept_and_spoilt_ones_are_none(tmp_path: Path) -> None:
    found = read(tar(("usr/lib/libc.so.6", "0", b"c"), ("x/.wh.y", "0", b"")), {"z"})
    path = tmp_path / "layers" / "x.json"
    layers.save(path, found)
    assert layers.load(path) == found
    for text in ("", "[]", "{}", '{"schema": 1, "names": {"a": 1}, "facts": {}}'):
        path.write_text(text)
        assert layers.load(path) is None
    (tmp_path / "file").write_text("")
    layers.save(tmp_path / "file" / "x.json", found)  # can't be written: no error


PACKED = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "gzip in parts": lambda data: (
        gzip.compress(data[:700]) + gzip.compress(b"") + gzip.compress(data[700:]) + b"\0" * 9
    ),
}


@pytest.mark.parametrize("packed", PACKED.values(), ids=PACKED)
def test_packed_layers(packed: Any) -> None:
    assert "lib/libc.so.6" in read(packed(tar(("lib/libc.so.6", "0", b"c" * 3000)))).facts


class FakeZstd:
    """A module in place of a zstd: what it packs is the bytes turned around, after the magic number."""

    class ZstdError(Exception):
        pass

    class ZstdDecompressor:
        def stream_reader(self, file: Any, *, read_across_frames: bool) -> io.BytesIO:
            data = b"".join(iter(lambda: file.read(100), b""))
            if data.endswith(b"?"):
                raise FakeZstd.ZstdError("odd")
            return io.BytesIO(data[4:][::-1])


def test_zstd_where_it_is_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "compression", None)
    monkeypatch.setitem(sys.modules, "zstandard", FakeZstd)
    data = b"\x28\xb5\x2f\xfd" + tar(("lib/libc.so.6", "0", b"c"))[::-1]
    assert "lib/libc.so.6" in read(data).facts
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(NoZstd):
        read(data)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"digest": "sha256:" + "0" * 64}, "the digest of a layer should be sha256:0000"),
        ({"size": 100}, "a layer of 100 bytes does not end there"),
        ({"size": 10**6}, "a layer of 1,000,000 bytes ends after"),
    ],
)
def test_layers_that_are_not_what_they_should_be(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(UnpackError, match=why):
        read(gzip.compress(tar(("x", "0", random.Random(1).randbytes(2000)))), **wrong)


GOOD = tar(("lib/libc.so.6", "0", b"c" * 2000), ("lib/libm.so.6", "2", "libc.so.6"))
DAMAGED = {
    "cut off in a header": GOOD[:300],
    "cut off in a file": GOOD[:1500],
    "cut off gzip": gzip.compress(GOOD)[:-20],
    "damaged gzip": gzip.compress(GOOD)[:40] + b"\xff" * 40,
    "no tar": b"<html>" * 200,
    "a wrong sum": GOOD[:10] + b"X" + GOOD[11:],
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_damaged_layers(data: bytes) -> None:
    with pytest.raises((TarError, UnpackError)):
        read(data)


def header(kind: bytes, size: bytes) -> bytes:
    """One header with a size field as given."""
    raw = bytearray(tarfile.TarInfo("x").tobuf(tarfile.GNU_FORMAT))
    raw[124:136], raw[156:157], raw[148:156] = size.ljust(12, b"\0"), kind, b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw)
    return bytes(raw)


@pytest.mark.parametrize(
    "data",
    [
        header(b"L", b"77777777777"),  # a name of 8 GB
        header(b"x", b"77777777777"),
        header(b"0", b"\x80" + b"\xff" * 11),
        header(b"0", b"\xff" * 12),
        header(b"0", b"nonsense"),
        header(b"S", b"0"),
        header(b"x", b"20") + b"99 path=x".ljust(512, b"\0"),
        header(b"x", b"20") + b"9999999999999999 path=x".ljust(512, b"\0"),
        header(b"x", b"%o" % 5000) + (b"9" * 4990 + b" path=x").ljust(5120, b"\0"),
        header(b"x", b"%o" % 5012) + (b"5012 size=" + b"9" * 5001 + b"\n").ljust(5120, b"\0"),
        header(b"x", b"%o" % 29) + (b"29 size=" + b"9" * 20 + b"\n").ljust(512, b"\0"),
    ],
)
def test_headers_that_promise_too_much(data: bytes) -> None:
    with pytest.raises(TarError):
        read(data + b"\0" * 4096)


def test_many_records_of_a_header_take_no_time() -> None:
    """A megabyte: with a copy of the rest for each record, several seconds."""
    records = b"6 a=b\n" * 170_000
    start = time.process_time()
    (member,) = members(layer(header(b"x", b"%o" % len(records)) + _whole(records) + header(b"0", b"0")))
    assert (member.name, member.size) == ("x", 0)
    assert time.process_time() - start < 1


def _whole(data: bytes) -> bytes:
    return data.ljust(-(-len(data) // 512) * 512, b"\0")


def test_a_small_layer_that_unpacks_to_much_takes_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MAX_BYTES", 200 << 20)
    packer = zlib.compressobj(9, wbits=31)
    big = tarfile.TarInfo("lib/libc.so.6")
    big.size = 300 << 20
    data = packer.compress(big.tobuf(tarfile.GNU_FORMAT))
    for _ in range(300):
        data += packer.compress(b"\0" * (1 << 20))
    data += packer.flush()
    tracemalloc.start()
    try:
        with pytest.raises(ImageUnavailable, match="too large"):
            read(data)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


def test_more_names_than_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "MAX_NAMES", 100)
    with pytest.raises(TooMany):
        read(tar(*((f"lib/x{number}.so", "2", "y") for number in range(200))))


def test_changed_bytes_are_damage_and_no_internal_error(seed: int) -> None:
    dice = random.Random(seed)
    whole = tar(
        ("usr/lib/libc.so.6", "0", b"c" * 900),
        ("a" * 200, "2", "b" * 200),
        ("lib/.wh.x", "0", b""),
        form=tarfile.PAX_FORMAT,
    )
    for number in range(2000):
        data = bytearray(whole if number % 2 else gzip.compress(whole))
        for _ in range(dice.randint(1, 6)):
            data[dice.randrange(len(data))] = dice.choice((0, 0x20, 0x37, 0x80, 0xFF, dice.randrange(256)))
        with_damage = bytes(data[: dice.randrange(len(data))] if dice.random() < 0.3 else data)
        try:
            layers.read(layer(with_damage), {"x"}, lambda path: True, lambda path, content: {})
        except (TarError, UnpackError, TooMany):
            continue
