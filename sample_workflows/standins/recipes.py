"""What each stand-in is: which system it answers like, and which packages it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

Ceilings = dict[str, tuple[int, ...]]
"""Per family of symbol versions (GLIBC, GLIBCXX, CXXABI, GCC) the newest one that the system has."""

PREFIX = "actlite-standin/"
VERSION = "1"
"""The tag of all stand-ins."""

SHELL = ("bash", "dash", "coreutils", "tar", "gzip", "sed", "grep", "findutils", "util-linux", "debianutils")
LIBRARIES = ("libc6", "libc-bin", "libstdc++6", "libgcc-s1", "mawk")
TOOLCHAIN = ("gcc", "libc6-dev", "make", "binutils", "git")


@dataclass(frozen=True, slots=True)
class Era:
    """A system's libraries: its glibc and the newest symbol versions.

    The ceilings are those of the manylinux policies (PEP 571, 599, 600) and of the systems behind them."""

    glibc: str
    gcc: str
    ceilings: Ceilings
    libstdcxx: str
    """The last part of libstdc++'s file name."""
    merged: bool
    """Whether /lib64 is /usr/lib64, as from CentOS 7 on."""
    debian: bool = False
    """The libraries are where Debian's and Ubuntu's are, and not in /lib64."""


ERAS = {
    "2.5": Era(
        "2.5",
        "4.1.2",
        {"GLIBC": (2, 5), "GLIBCXX": (3, 4, 8), "CXXABI": (1, 3, 1), "GCC": (4, 2, 0)},
        "6.0.8",
        merged=False,
    ),
    "2.12": Era(
        "2.12",
        "4.4.7",
        {"GLIBC": (2, 12), "GLIBCXX": (3, 4, 13), "CXXABI": (1, 3, 3), "GCC": (4, 3, 0)},
        "6.0.13",
        merged=False,
    ),
    "2.17": Era(
        "2.17",
        "4.8.5",
        {"GLIBC": (2, 17), "GLIBCXX": (3, 4, 19), "CXXABI": (1, 3, 7), "GCC": (4, 8, 0)},
        "6.0.19",
        merged=True,
    ),
    "2.26": Era(
        "2.26",
        "7.3.1",
        {"GLIBC": (2, 26), "GLIBCXX": (3, 4, 24), "CXXABI": (1, 3, 11), "GCC": (7, 0, 0)},
        "6.0.24",
        merged=True,
    ),
    "2.27": Era(
        "2.27",
        "7.5.0",
        {"GLIBC": (2, 27), "GLIBCXX": (3, 4, 25), "CXXABI": (1, 3, 11), "GCC": (7, 0, 0)},
        "6.0.25",
        merged=False,
        debian=True,
    ),
    "2.28": Era(
        "2.28",
        "8.5.0",
        {"GLIBC": (2, 28), "GLIBCXX": (3, 4, 25), "CXXABI": (1, 3, 11), "GCC": (7, 0, 0)},
        "6.0.25",
        merged=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """One stand-in."""

    name: str
    stands_for: str
    """The image, or the kind of machine, that it is put in place of."""
    packages: tuple[str, ...]
    system: str
    """The system that it answers like, in that system's own words."""
    era: Era | None = None
    """None: the packages' libraries stay as they are."""
    release_files: dict[str, str] = field(default_factory=dict)
    docker_client: bool = False
    musl: bool = False
    architecture: str = "amd64"
    """As Debian and Docker name it. Images of another than this machine's can be read, and not started."""
    exact: bool = False
    """Made of bullseye's packages or not at all: the release of the libraries matters."""
    has_cache: bool = True
    """Whether it has /etc/ld.so.cache; without one the loader searches its own folders."""
    for_tests: bool = False
    """Made only when it is named."""

    @property
    def image(self) -> str:
        """The stand-in's image name."""
        return f"{PREFIX}{self.name}:{VERSION}"

    @property
    def note(self) -> str:
        """What it really is, in one sentence."""
        if self.musl:
            return "musl and busybox from Debian packages; not Alpine's own files"
        if self.exact and self.era is None:
            return "packages of Debian 11, unchanged; fewer than the image that it stands for has"
        if self.era is None:
            return "Debian packages, unchanged; much smaller than the machine it stands for"
        return (
            f"Debian packages with symbol versions above glibc {self.era.glibc} renamed (GLIBC_2.99 became "
            "HLIBC_2.99); the code behind the labels is newer"
        )


def _os_release(name: str, id_: str, like: str, version: str, pretty: str) -> str:
    return (
        f'NAME="{name}"\nVERSION="{version}"\nID="{id_}"\nID_LIKE="{like}"\n'
        f'VERSION_ID="{version}"\nPRETTY_NAME="{pretty}"\n'
    )


def _red_hat(pretty: str, os_release: str | None) -> dict[str, str]:
    files = dict.fromkeys(("redhat-release", "centos-release", "system-release"), pretty + "\n")
    if os_release is not None:
        files["os-release"] = os_release
    return files


def _debian_11(pretty: str) -> dict[str, str]:
    text = 'NAME="Debian GNU/Linux"\nVERSION_ID="11"\nID=debian\n'
    return {"os-release": f'PRETTY_NAME="{pretty}"\n{text}', "debian_version": "11.11\n"}


_CENTOS_5 = "CentOS release 5.11 (Final)"
_CENTOS_6 = "CentOS release 6.10 (Final)"
_CENTOS_7 = "CentOS Linux release 7.9.2009 (Core)"
_ALMA_8 = "AlmaLinux release 8.10 (Cerulean Leopard)"
_AMAZON_2 = "Amazon Linux release 2 (Karoo)"
_UBUNTU_18 = "Ubuntu 18.04.6 LTS"
_DEBIAN_11 = "Debian GNU/Linux 11 (bullseye)"
_CENTOS_7_FILES = _red_hat(
    _CENTOS_7, _os_release("CentOS Linux", "centos", "rhel fedora", "7", "CentOS Linux 7 (Core)")
)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="runner",
            stands_for="ubuntu-latest",
            packages=SHELL + LIBRARIES + TOOLCHAIN + ("musl-tools",),
            system="Debian, for GitHub's virtual machine",
            docker_client=True,
        ),
        Recipe(
            name="manylinux2010",
            stands_for="quay.io/pypa/manylinux2010_x86_64",
            packages=SHELL + LIBRARIES + TOOLCHAIN,
            system=_CENTOS_6,
            era=ERAS["2.12"],
            release_files=_red_hat(_CENTOS_6, None),
        ),
        Recipe(
            name="manylinux2014",
            stands_for="quay.io/pypa/manylinux2014_x86_64",
            packages=SHELL + LIBRARIES + TOOLCHAIN,
            system=_CENTOS_7,
            era=ERAS["2.17"],
            release_files=_CENTOS_7_FILES,
        ),
        Recipe(
            name="manylinux_2_28",
            stands_for="quay.io/pypa/manylinux_2_28_x86_64",
            packages=SHELL + LIBRARIES + TOOLCHAIN,
            system=_ALMA_8,
            era=ERAS["2.28"],
            release_files=_red_hat(
                _ALMA_8,
                _os_release("AlmaLinux", "almalinux", "rhel centos fedora", "8.10", "AlmaLinux 8.10"),
            ),
        ),
        Recipe(
            name="centos7",
            stands_for="centos:7",
            packages=SHELL + LIBRARIES,
            system=_CENTOS_7,
            era=ERAS["2.17"],
            release_files=_CENTOS_7_FILES,
        ),
        Recipe(
            name="alpine",
            stands_for="alpine:3",
            packages=("busybox-static",),
            system="Alpine Linux v3.21",
            release_files={
                "alpine-release": "3.21.3\n",
                "os-release": 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.21.3\n'
                'PRETTY_NAME="Alpine Linux v3.21"\n',
            },
            musl=True,
        ),
        Recipe(
            name="manylinux1",
            stands_for="quay.io/pypa/manylinux1_x86_64",
            packages=SHELL + LIBRARIES,
            system=_CENTOS_5,
            era=ERAS["2.5"],
            release_files=_red_hat(_CENTOS_5, None),
            for_tests=True,
        ),
        Recipe(
            name="amazonlinux2",
            stands_for="amazonlinux:2",
            packages=SHELL + LIBRARIES,
            system=_AMAZON_2,
            era=ERAS["2.26"],
            release_files={
                "system-release": _AMAZON_2 + "\n",
                "os-release": _os_release(
                    "Amazon Linux", "amzn", "centos rhel fedora", "2", "Amazon Linux 2"
                ),
            },
            for_tests=True,
        ),
        Recipe(
            name="ubuntu1804",
            stands_for="ubuntu:18.04",
            packages=SHELL + LIBRARIES,
            system=_UBUNTU_18,
            era=ERAS["2.27"],
            release_files={"os-release": _os_release("Ubuntu", "ubuntu", "debian", "18.04", _UBUNTU_18)},
            for_tests=True,
        ),
        Recipe(
            name="debian11",
            stands_for="debian:11",
            packages=SHELL + LIBRARIES,
            system=_DEBIAN_11,
            release_files=_debian_11(_DEBIAN_11),
            exact=True,
            for_tests=True,
        ),
        Recipe(
            name="nostdcxx",
            stands_for="gcr.io/distroless/base-debian11:debug",
            packages=("bash", "dash", "coreutils", "grep", "mawk", "libc6", "libc-bin"),
            system="Distroless",
            release_files=_debian_11("Distroless"),
            exact=True,
            has_cache=False,
            for_tests=True,
        ),
        Recipe(
            name="manylinux2014_arm64",
            stands_for="quay.io/pypa/manylinux2014_aarch64",
            packages=SHELL + LIBRARIES,
            system=_CENTOS_7,
            era=ERAS["2.17"],
            release_files=_CENTOS_7_FILES,
            architecture="arm64",
            exact=True,
            for_tests=True,
        ),
        Recipe(
            name="debian11_arm64",
            stands_for="debian:11 for arm64",
            packages=SHELL + LIBRARIES,
            system=_DEBIAN_11,
            release_files=_debian_11(_DEBIAN_11),
            architecture="arm64",
            exact=True,
            for_tests=True,
        ),
    )
}
"""All stand-ins by name."""
