"""python sample_workflows/archive.py REPORT.json REPOSITORY: where a run's archives are, and which glibc the
programs in them need."""

from __future__ import annotations

import json
import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from sample_workflows.standins.relabel import is_elf, required


def archives(report: dict[str, object], repository: Path) -> list[Path]:
    """The archives that the report names as artifacts; else those in the run's folder."""
    named = [Path(path) for path in sorted(set(_paths(report))) if path.endswith(".tar.gz")]
    found = [path for path in named if path.is_file()]
    if not found:
        kept = (repository / ".actlite").rglob("*.tar.gz")
        found = sorted(kept, key=lambda path: path.stat().st_mtime)[-1:]
    return found


def _paths(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "path" and isinstance(inner, str):
                yield inner
            yield from _paths(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner)


def glibc_needed(program: bytes) -> str:
    """The newest GLIBC version that the program asks for, in words."""
    versions = [re.fullmatch(r"GLIBC_(\d+(?:\.\d+)+)", name) for name in required(program)]
    numbers = [tuple(int(part) for part in match[1].split(".")) for match in versions if match]
    if not numbers:
        return "no glibc at all"
    return "glibc " + ".".join(str(part) for part in max(numbers)) + " or newer"


def describe(archive: Path) -> bool:
    """Say what is in an archive. False when there is no program in it, or one with a stand-in's names."""
    print(f"archive   {archive}  ({archive.stat().st_size / 1000:.1f} kB)")
    good = False
    with tarfile.open(archive) as content:
        for member in content:
            file = content.extractfile(member) if member.isfile() else None
            data = file.read() if file is not None else b""
            if is_elf(data):
                odd = [name for name in required(data) if name.startswith(("HLIBC", "DXXABI", "HCC_"))]
                if odd:
                    print(f"  {member.name}: needs {', '.join(odd)}: names that only stand-in images have")
                    return False
                print(f"  {member.name}: needs {glibc_needed(data)}")
                good = True
    return good


def main() -> int:
    """0, or 1 when there is no archive with a sound program."""
    report, repository = Path(sys.argv[1]), Path(sys.argv[2])
    found = archives(json.loads(report.read_text()), repository)
    if not found:
        print(
            f"No archive was found: neither in {report} nor below {repository / '.actlite'}", file=sys.stderr
        )
        return 1
    return 0 if all(describe(archive) for archive in found) else 1


if __name__ == "__main__":
    sys.exit(main())
