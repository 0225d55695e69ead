"""What a file is, by its first bytes."""

from __future__ import annotations

import os

from actlite.glibc.audit import packages, tar
from actlite.glibc.audit.streams import DECODERS

HEAD = 1024
"""Bytes that are looked at."""

COMPRESSIONS = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_CLOSED = {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"hsqs": "a squashfs file system",
    b"xar!": "a xar archive",
    b"MSCF": "a Windows cabinet",
    b"LZIP": "an lzip file",
    b"\x04\x22\x4d\x18": "an lz4 file",
    b"\x1f\x9d": "a compress (.Z) file",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "a Windows installer or document",
}
"""Archives that are not looked into."""
_MACHO = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")
_FAT = b"\xca\xfe\xba\xbe"
_FIRST_JAVA = 45
"""The least class file version; a universal Mach-O has its number of machines there, which is small."""
_OTHER_ELF = {1: "an object file, not linked yet", 4: "a core dump"}


def archive_kind(head: bytes) -> str:
    """``zip``, ``tar``, ``deb``, ``rpm``, ``cpio``, or a compression of :data:`COMPRESSIONS`; empty for no archive."""
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return "zip"
    for magic, name in COMPRESSIONS.items():
        if head.startswith(magic):
            return name
    if packages.is_debian(head):
        return "deb"
    if head.startswith(packages.RPM):
        return "rpm"
    if head.startswith(packages.CPIO):
        return "cpio"
    return "tar" if tar.is_tar(head) else ""


def is_known(compression: str) -> bool:
    """Whether Python itself has a decoder."""
    return compression in DECODERS


def closed_archive(head: bytes) -> str:
    """What an archive is that is not looked into, such as ``a 7z archive``; empty for anything else."""
    return next((name for magic, name in _CLOSED.items() if head.startswith(magic)), "")


def other_elf(head: bytes) -> str:
    """What an ELF file is that is neither program nor library; empty for those."""
    if len(head) < 18:
        return ""
    return _OTHER_ELF.get(head[17] if head[5] == 2 else head[16], "")


def program_of_other_kind(head: bytes) -> str:
    """What a program is that no loader of Linux has to do with, such as ``a script for /bin/sh``; empty for data."""
    if head.startswith(b"#!"):
        line = head[2:].partition(b"\n")[0].split()
        words = [word.decode("utf-8", "replace") for word in line[:3]]
        if words and os.path.basename(words[0]) == "env" and len(words) > 1:
            words = words[1:2] if words[1] != "-S" else words[2:3]
        return f"a script for {words[0]}" if words else "a script"
    if head.startswith(b"MZ") and (at := int.from_bytes(head[60:64], "little")):
        return "a Windows program" if head[at : at + 4] in (b"PE\0\0", b"") else ""
    if head.startswith(_MACHO):
        return "a macOS program"
    if head.startswith(_FAT) and len(head) >= 8:
        return "a macOS program" if int.from_bytes(head[4:8], "big") < _FIRST_JAVA else "a Java class"
    if head.startswith(b"\0asm"):
        return "a WebAssembly module"
    if head.startswith(packages.AR):
        return "a static library, not linked yet"
    return ""


def is_appimage(head: bytes) -> bool:
    """Whether an ELF file is an AppImage's runtime, with a file system behind it (AppImage specification, type 2)."""
    return head[8:10] == b"AI"
