"""Where distributions have their libraries: the folders that the loader names in its messages.

Sources: the loaders and ``ld.so.cache`` of Debian 11 and 12; the messages in actions/checkout#1809 (CentOS 7) and
actions/runner#337 (CentOS 6); the distributions' change of ``/lib64`` into a link to ``usr/lib64`` (RHEL 7, Fedora 17,
openSUSE Leap 16) and of ``/lib`` into one to ``usr/lib`` (Ubuntu 20.04, Debian 12 images).
"""

from __future__ import annotations

from collections.abc import Mapping

from actlite.records import frozen

CORE = frozenset(
    {
        "ld-linux-x86-64.so.2",
        "ld-linux-aarch64.so.1",
        "libc.so.6",
        "libm.so.6",
        "libpthread.so.0",
        "libdl.so.2",
        "librt.so.1",
        "libutil.so.1",
        "libanl.so.1",
        "libresolv.so.2",
        "libmvec.so.1",
        "libgcc_s.so.1",
    }
)
"""What stands below ``/lib…`` where that is not ``/usr/lib…``."""
LOADERS: Mapping[str, str] = {
    "x64": "/lib64/ld-linux-x86-64.so.2",
    "arm64": "/lib/ld-linux-aarch64.so.1",
}
MUSL_LOADERS: Mapping[str, str] = {"x64": "/lib/ld-musl-x86_64.so.1", "arm64": "/lib/ld-musl-aarch64.so.1"}
_TRIPLETS = {"x64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}


@frozen
class Layout:
    """The folders of a distribution; ``{}`` is the architecture's triplet."""

    core: str
    """Where the C library's own files are, as the loader finds them."""
    rest: str
    """Where libstdc++ is."""
    default: tuple[str, ...]
    """The loader's own default folders."""

    def path(self, soname: str, arch: str) -> str:
        """Where the loader finds a library."""
        folder = self.core if soname in CORE else self.rest
        return f"{folder.format(_TRIPLETS[arch])}/{soname}"

    def folders(self, arch: str) -> tuple[str, ...]:
        """The loader's own default folders, in order."""
        return tuple(folder.format(_TRIPLETS[arch]) for folder in self.default)


_64 = ("/lib64", "/usr/lib64")
_DEBIAN = ("/lib/{}", "/usr/lib/{}", "/lib", "/usr/lib")
LAYOUTS: Mapping[str, Layout] = {
    "redhat": Layout("/lib64", "/lib64", _64),
    "redhat-split": Layout("/lib64", "/usr/lib64", _64),
    "debian": Layout("/lib/{}", "/lib/{}", _DEBIAN),
    "debian-split": Layout("/lib/{}", "/usr/lib/{}", _DEBIAN),
    "debian-gcc": Layout("/lib/{}", "/usr/local/lib64", _DEBIAN),
    "arch": Layout("/usr/lib", "/usr/lib", ("/usr/lib", "/usr/lib64")),
    "photon": Layout("/lib", "/lib", ("/lib", "/usr/lib")),
}
"""``debian-gcc`` is that of the official image ``gcc``, whose own libstdc++ stands before Debian's."""
