"""What would work where a program that is no runtime of the runner's can't start: one line for each way, best first.

For the runner's own node see :mod:`actlite.glibc.ways`.
"""

from __future__ import annotations

from actlite.glibc.ways import FLOORS, older


def for_program(glibc: str, needs: str, lacks: str = "") -> tuple[str, ...]:
    """Ways out where a program that is no runtime of the runner's needs a newer glibc than there is.

    ``glibc`` is what there is, empty where that isn't known; ``needs`` the newest version that the program asks for;
    ``lacks`` the oldest of those that are missing.
    """
    fixes = []
    if glibc:
        floor, name = next((pair for pair in reversed(FLOORS) if not older(glibc, pair[0])), ("", ""))
        where = _in(floor, name) if name else f"on a system with glibc {glibc}"
        fixes.append(f"Build it {where}: what is built there runs here")
        fixes.append(_cross_build(glibc))
    elif lacks and (below := [pair for pair in FLOORS if older(pair[0], lacks)]):
        floor, name = below[-1]
        fixes.append(
            f"Build it {_in(floor, name)}: what is built there asks for nothing that is missing here"
        )
        fixes.append(_cross_build(floor))
    fixes.append(
        "Or link it statically: target x86_64-unknown-linux-musl (Rust), `zig cc -target x86_64-linux-musl` (C)"
    )
    if needs:
        fixes.append(f"Or run it in an image with glibc {needs} or later")
    return tuple(fixes)


def _in(floor: str, name: str) -> str:
    return f"in quay.io/pypa/{name}_x86_64 (glibc {floor})"


def _cross_build(glibc: str) -> str:
    return (
        f"Or cross-build for glibc {glibc}: `cargo zigbuild --target x86_64-unknown-linux-gnu.{glibc}`, "
        f"`zig cc -target x86_64-linux-gnu.{glibc}`"
    )


def for_library(library: str) -> tuple[str, ...]:
    """Ways out where a library is absent."""
    packages = {
        "libstdc++.so.6": "`dnf install libstdc++` or `apt-get install libstdc++6`",
        "libatomic.so.1": "`dnf install libatomic` or `apt-get install libatomic1`",
        "libgcc_s.so.1": "`dnf install libgcc` or `apt-get install libgcc-s1`",
    }
    how = packages.get(library, f"the package that has {library}")
    return (f"Install it in the image, or in a run: step before this one: {how}",)
