"""Steps that may change an image's libraries before an action starts in it.

What is installed in a step can bring a library that the image lacks, and a newer libstdc++ beside the compiler; no
package of a distribution brings a newer glibc than the distribution's own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actlite.checking.predictions.model import StepVerdict

_INSTALLS = re.compile(
    r"\b(?:apt-get|apt|yum|dnf|microdnf|tdnf|zypper|apk|pacman|conda|mamba|micromamba)\b[^\n]*\s(?:install|add|-S\w*|upgrade)\b"
    r"|\b(?:rpm\s+-\w*[iU]|dpkg\s+-i)"
)
_PACKAGES = {
    "libstdc++.so.6": r"libstdc\+\+|\bg\+\+|gcc|build-essential|base-devel|\bclang|Development Tools|devtoolset|build-base",
    "libatomic.so.1": r"libatomic|\bgcc|\bg\+\+|build-essential|Development Tools|build-base",
    "libgcc_s.so.1": r"libgcc|\bgcc|\bg\+\+|build-essential|build-base",
}
_EDITS_RELEASE = re.compile(
    r"(?:\b(?:sed|perl)\b[^\n]*\s-i|\b(?:rm|mv|cp|tee)\b|>)[^\n]*(?:\b(?:os|alpine)-release|/etc/\*release)"
)
_COMPAT = re.compile(r"\b(?:gcompat|libc6-compat|glibc)\b")
_NEW_LIBSTDCXX = re.compile(r"libstdc\+\+6?\b|\bg\+\+(?:-\d+)?|gcc-\d+|ubuntu-toolchain")


def changing(script: str, verdict: StepVerdict) -> bool:
    """Whether a script may put into the image what the node of a verdict lacks."""
    loading = verdict.loading
    if loading is None:
        return False
    folder = verdict.node.removesuffix("/bin/node")
    if folder and folder in script:
        return True
    if "GITHUB_ENV" in script and "LD_LIBRARY_PATH" in script:
        return True
    lacking = {missing.library.rpartition("/")[2] for missing in loading.missing}
    installs = _INSTALLS.search(_joined(script)) is not None
    if loading.kind == "interpreter":
        return installs and _COMPAT.search(script) is not None
    if loading.kind == "library":
        return installs and any(
            re.search(_PACKAGES.get(name, re.escape(name.partition(".so")[0])), script) for name in lacking
        )
    return installs and lacking == {"libstdc++.so.6"} and _NEW_LIBSTDCXX.search(script) is not None


def edits_release(script: str) -> bool:
    """Whether a script may change the files by which the runner takes a container for Alpine."""
    return _EDITS_RELEASE.search(script) is not None


def _joined(script: str) -> str:
    """The script with its continued lines in one."""
    return script.replace("\\\n", " ")
