"""``audit --against``: the verdict and the lines are those of the real loader in a real container."""

from __future__ import annotations

import base64
import io
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from actlite.cli.app import run
from actlite.cli.audit_images import images
from actlite.cli.settings import Settings
from actlite.glibc.audit.model import AuditReport, ImageVerdict
from actlite.glibc.audit.report import audit
from actlite.glibc.target import read_target

pytestmark = pytest.mark.docker

IMAGES = ("manylinux2010", "manylinux2014", "centos7", "manylinux_2_28", "debian11", "nostdcxx", "alpine")

SOURCES = {
    "plain.c": "int main(void) { return 0; }",
    "new.c": """
#include <math.h>
#include <sys/random.h>
int main(int count, char **words) { char c; return getrandom(&c, 1, 0) < 0 || pow(count, 2) < 0; }
""",
    # The story of 2021: nothing but a weak reference asks for glibc 2.18.
    "story.c": """
extern int __cxa_thread_atexit_impl(void (*)(void *), void *, void *) __attribute__((weak));
int main(void) { return __cxa_thread_atexit_impl ? 0 : 3; }
""",
    "lib.c": "#include <sys/random.h>\nint hq(void) { char c; return getrandom(&c, 1, 0); }",
    "uses.c": "int hq(void); int main(void) { return hq() < 0; }",
    "absent.c": "int away(void) { return 1; }",
    "needs.c": "int away(void); int main(void) { return away() - 1; }",
    "loads.c": "int away(void); int loads(void) { return away(); }",
}
BUILD = """set -e
cd /tmp
gcc plain.c -o plain
gcc plain.c -static -o static
gcc -fno-builtin new.c -o new -lm
gcc story.c -o story
gcc -shared -fPIC lib.c -o libhq.so
gcc uses.c -o uses -L. -lhq -Wl,-rpath,'$ORIGIN'
gcc -shared -fPIC absent.c -o libaway.so
gcc needs.c -o needs -L. -laway
gcc -shared -fPIC loads.c -o libloads.so -L. -laway
tar cf - plain static new story libhq.so uses needs libloads.so | base64
"""
PROGRAMS = ("plain", "static", "new", "story", "uses", "needs")
LIBRARIES = ("libhq.so", "libloads.so")


@pytest.fixture(scope="module")
def built(
    standin: Callable[[str], str], docker_daemon: Any, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Path]:
    """The programs and libraries, built in the runner's image."""
    write = "".join(f"cat > /tmp/{name} <<'END'\n{text}\nEND\n" for name, text in SOURCES.items())
    command = ["docker", "run", "--rm", "--network=none", standin("runner"), "sh", "-c", write + BUILD]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    folder = tmp_path_factory.mktemp("built")
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(done.stdout))) as archive:
        archive.extractall(folder, filter="data")
    folder.chmod(0o755)
    return {name: folder / name for name in (*PROGRAMS, *LIBRARIES)}


def really(image: str, folder: Path, *command: str) -> tuple[int, list[str]]:
    """What comes of a command in a container, by exec, which is how the runner starts programs."""
    start = ["docker", "run", "-d", "--rm", "--network=none", "-v", f"{folder}:/w:ro", image, "sleep", "60"]
    container = subprocess.run(start, capture_output=True, check=True, text=True).stdout.strip()
    try:
        done = subprocess.run(
            ["docker", "exec", container, *command], capture_output=True, check=False, text=True, timeout=60
        )
        return done.returncode, (done.stdout + done.stderr).splitlines()
    finally:
        subprocess.run(["docker", "rm", "-f", container], capture_output=True, check=True)


def against(image: str, path: Path) -> tuple[AuditReport, Mapping[str, ImageVerdict]]:
    report = audit(path, images=images([image], Settings()))
    return report, {Path(file.member or file.name).name: file.images[0] for file in report.files}


@pytest.mark.parametrize("name", IMAGES)
def test_the_verdict_is_the_loaders(
    name: str, built: Mapping[str, Path], standin: Callable[[str], str]
) -> None:
    image = standin(name)
    folder = built["plain"].parent
    _, verdicts = against(image, folder)
    for program in PROGRAMS:
        code, lines = really(image, folder, f"/w/{program}")
        verdict = verdicts[program]
        assert verdict.source == "local image"
        assert (verdict.starts, list(verdict.lines)) == (code == 0, lines), program
        assert verdict.exit_code == code


@pytest.mark.parametrize("name", ["manylinux2014", "manylinux_2_28"])
def test_a_library_is_loaded_as_bash_loads_it(
    name: str, built: Mapping[str, Path], standin: Callable[[str], str]
) -> None:
    image = standin(name)
    for library in LIBRARIES:
        _, verdicts = against(image, built[library])
        verdict = verdicts[library]
        _, lines = really(image, built[library].parent, "bash", "-c", f"enable -f /w/{library} x")
        told = lines[0].partition(f"shared object /w/{library}: ")[2]
        # Where it loads, bash misses only its own structure in it.
        assert told == (f"/w/{library}: undefined symbol: x_struct" if verdict.starts else verdict.lines[0])


def test_the_story_of_2021(
    built: Mapping[str, Path], standin: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = built["story"]
    image = standin("manylinux2014")
    assert run(["audit", str(path), "--target", "manylinux2014", "--against", image]) == 1
    text = " ".join(capsys.readouterr().out.split())
    assert "✗ not for manylinux2014 (glibc 2.17)" in text
    assert "GLIBC_2.18 __cxa_thread_atexit_impl (weak, but the loader refuses it all the same)" in text
    assert "/w/story: /lib64/libc.so.6: version `GLIBC_2.18' not found (required by /w/story)" in text
    assert "cargo zigbuild" in text or "zig cc -target x86_64-linux-gnu.2.17" in text


def test_what_fits_a_target_starts_there(built: Mapping[str, Path], standin: Callable[[str], str]) -> None:
    """The catalogue's lists and a real loader say the same of every program that only needs versions."""
    for target, name in (
        ("manylinux2010", "manylinux2010"),
        ("centos:7", "centos7"),
        ("debian:11", "debian11"),
    ):
        for program in ("plain", "static", "new", "story"):
            report = audit(built[program], target=read_target(target))
            code, lines = really(standin(name), built[program].parent, f"/w/{program}")
            assert (report.verdict == "fits") == (code == 0), (target, program, lines)


def test_an_image_of_another_architecture(built: Mapping[str, Path], standin: Callable[[str], str]) -> None:
    report, verdicts = against("quay.io/pypa/manylinux2014_aarch64", built["plain"])
    assert "x64" in verdicts["plain"].why
    assert report.verdict == "unknown"


def test_an_unknown_image_is_an_error(built: Mapping[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    from actlite.cli.ends import run_guarded

    assert run_guarded(["audit", str(built["plain"]), "--against", "no/such:image"]) == 4
    assert "docker pull no/such:image" in capsys.readouterr().err
