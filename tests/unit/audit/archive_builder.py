"""Archives for the tests, most of them as the usual programs make them, some as nobody should."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping


def tar(members: Mapping[str, bytes], mode: str = "w", *, form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar archive; ``mode`` as tarfile has it (``w:gz``). Contents beginning with ``->`` are symbolic links."""
    buffer = io.BytesIO()
    open_tar: Callable[..., tarfile.TarFile] = tarfile.open
    with open_tar(None, mode, buffer, format=form) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            if content.startswith(b"->"):
                info.type, info.linkname = tarfile.SYMTYPE, content[2:].decode()
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def zip_(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            if content.startswith(b"->"):
                info.create_system, info.external_attr = 3, 0o120777 << 16
            archive.writestr(info, content.removeprefix(b"->"))
    return buffer.getvalue()


def encrypted_zip(name: str, content: bytes) -> bytes:
    """A zip archive whose only member says that it is encrypted."""
    data = bytearray(zip_({name: content}, zipfile.ZIP_STORED))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


def far_zip(name: str, content: bytes) -> bytes:
    """A zip archive whose list says that its member is further off than any file is long."""
    data = zip_({name: content}, zipfile.ZIP_STORED)
    start = data.index(b"PK\1\2")
    entry = bytearray(data[start : data.rindex(b"PK\5\6")])
    end = bytearray(data[data.rindex(b"PK\5\6") :])
    extra = struct.pack("<2HQ", 1, 8, (1 << 64) - 1)
    struct.pack_into("<H", entry, 30, len(extra))
    struct.pack_into("<L", entry, 42, 0xFFFFFFFF)
    struct.pack_into("<L", end, 12, len(entry) + len(extra))
    return data[:start] + bytes(entry) + extra + bytes(end)


def overlapping_zip(content: bytes, count: int) -> bytes:
    """A zip archive with many members that are all the same bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    numbers = (zlib.crc32(content), len(packed), len(content))
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, *numbers, 1, 0) + b"x"
    central = bytearray()
    for number in range(count):
        name = b"%06d" % number
        central += struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, *numbers, len(name), 0, 0, 0, 0, 0, 0
        )
        central += name
    body = local + packed
    told = min(count, 0xFFFE)
    return (
        body
        + bytes(central)
        + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, told, told, len(central), len(body), 0)
    )


def ar(members: Mapping[str, bytes]) -> bytes:
    """An ar archive."""
    parts = [b"!<arch>\n"]
    for name, content in members.items():
        parts.append(b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (name.encode(), 0, 0, 0, 0o100644, len(content)))
        parts.append(content + b"\n" * (len(content) % 2))
    return b"".join(parts)


def deb(members: Mapping[str, bytes], mode: str = "w:xz") -> bytes:
    """A Debian package."""
    end = mode.partition(":")[2]
    data = {f"./{name}": content for name, content in members.items()}
    return ar(
        {
            "debian-binary": b"2.0\n",
            "control.tar.xz": tar({"./control": b"Package: x\n"}, "w:xz"),
            f"data.tar.{end}" if end else "data.tar": tar(data, mode, form=tarfile.GNU_FORMAT),
        }
    )


def cpio(members: Mapping[str, bytes]) -> bytes:
    """A cpio archive in the "newc" format."""
    out = bytearray()
    for name, content in (*members.items(), ("TRAILER!!!", b"")):
        mode = 0o120777 if content.startswith(b"->") else 0o100755
        data = content.removeprefix(b"->")
        shown = name.encode() + b"\0"
        numbers = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(shown), 0)
        out += b"070701" + b"".join(b"%08x" % number for number in numbers) + shown
        out += b"\0" * (-len(out) % 4)
        out += data
        out += b"\0" * (-len(out) % 4)
    return bytes(out)


def rpm(payload: bytes) -> bytes:
    """An RPM package with a payload and nothing in its headers but padding."""

    def header(size: int) -> bytes:
        entries = struct.pack(">4L", 1000, 6, 0, 1)
        return b"\x8e\xad\xe8\x01\0\0\0\0" + struct.pack(">2L", 1, size) + entries + b"\0" * size

    signature = header(5)
    return b"\xed\xab\xee\xdb" + b"\0" * 92 + signature + b"\0" * (-len(signature) % 8) + header(11) + payload
