"""What is said of a file in an image, where the loader's answer can't be foretold."""

from __future__ import annotations

from collections.abc import Mapping

from actlite.glibc.audit.against import judge
from actlite.glibc.audit.model import AuditedFile
from actlite.glibc.elf import ElfFile
from actlite.glibc.system import MemorySystem, System
from actlite.records import frozen

LOADER = "/lib64/ld-linux-x86-64.so.2"


@frozen
class Image:
    name: str
    system: System
    env: Mapping[str, str]
    source: str = "local image"
    detail: str = ""

    def on(self, arch: str) -> Image:
        return self


def test_a_program_that_names_folders_without_end_gets_no_verdict() -> None:
    names = [f"lib{number}.so" for number in range(4096)]
    files = {f"/last/{name}": ElfFile("x64", "library", soname=name) for name in names}
    loader = ElfFile("x64", "library", soname="ld-linux-x86-64.so.2")
    folders = (*(format(number, "x") for number in range(10_000)), "/last")
    elf = ElfFile("x64", "program", LOADER, tuple(names), runpath=folders)
    image = Image("an-image", MemorySystem("x64", {LOADER: loader, **files}), {})
    found = judge(AuditedFile("p", "program", 1, arch="x64"), elf, image)
    assert found.why == "its libraries are looked for at more than 20,000 places"
