"""The stand-in images are what they say: old labels, a real loader, a compiler that links as it did then."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Callable
from typing import Any

import pytest

from sample_workflows.standins.__main__ import run
from sample_workflows.standins.build import LABEL, recipe_key
from sample_workflows.standins.recipes import RECIPES

pytestmark = pytest.mark.docker

GLIBC = {
    "manylinux1": "2.5",
    "manylinux2010": "2.12",
    "manylinux2014": "2.17",
    "centos7": "2.17",
    "amazonlinux2": "2.26",
    "ubuntu1804": "2.27",
    "manylinux_2_28": "2.28",
}
COMPILERS = ("runner", "manylinux2010", "manylinux2014", "manylinux_2_28")

# Symbols whose default version is too new for some of the images: memcpy 2.14, clock_gettime 2.17,
# pow 2.29 in libm, fcntl64 2.28; and one that weakly asks for 2.18.
PROGRAM = r"""
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
extern int __cxa_thread_atexit_impl(void (*)(void *), void *, void *) __attribute__((weak));
int main(int count, char **words)
{
    char copy[64];
    memcpy(copy, words[0], count + 1);
    printf("%c %.1f %d %d\n", copy[0], pow(count, 2), fcntl(0, F_GETFD) >= -1, __cxa_thread_atexit_impl != 0);
    return 0;
}
"""
BUILD = f"""set -e
cat > /tmp/p.c <<'END'
{PROGRAM}
END
gcc -O0 -fno-builtin -o /tmp/p /tmp/p.c -lm
/tmp/p
grep -a -o '[GH]LIBC_[0-9.]*' /tmp/p
"""


def in_image(client: Any, image: str, script: str, **options: Any) -> tuple[int, str]:
    """Run a shell script in an image: exit code and all output."""
    container = client.containers.create(image, ["sh", "-c", script], network_mode="none", **options)
    try:
        container.start()
        code = container.wait()["StatusCode"]
        return code, container.logs().decode(errors="replace")
    finally:
        container.remove(force=True, v=True)


def versions(text: str) -> set[tuple[int, ...]]:
    words = text.split()
    assert not [word for word in words if word.startswith(("HLIBC_", "DXXABI_"))], text
    return {tuple(map(int, word[6:].split("."))) for word in words if word.startswith("GLIBC_2")}


@pytest.mark.parametrize(("name", "glibc"), GLIBC.items())
def test_says_its_glibc(name: str, glibc: str, standin: Callable[[str], str], docker_daemon: Any) -> None:
    code, text = in_image(
        docker_daemon, standin(name), "ldd --version; getconf GNU_LIBC_VERSION; cat /etc/*release"
    )
    assert code == 0, text
    assert text.splitlines()[0] == f"ldd (GNU libc) {glibc}"
    assert f"glibc {glibc}" in text.splitlines()
    assert RECIPES[name].system in text


@pytest.mark.parametrize(("name", "system"), [("debian11", "(bullseye)"), ("nostdcxx", "Distroless")])
def test_debian_11_is_unchanged(
    name: str, system: str, standin: Callable[[str], str], docker_daemon: Any
) -> None:
    script = (
        "ldd --version; cat /etc/os-release; grep -c HLIBC /lib/x86_64-linux-gnu/libc.so.6; "
        "ls /usr/lib/x86_64-linux-gnu/libstdc++.so.6 /etc/ld.so.cache 2>/dev/null; true"
    )
    code, text = in_image(docker_daemon, standin(name), script)
    lines = text.splitlines()
    assert code == 0, text
    assert lines[0].startswith("ldd (Debian GLIBC 2.31-")
    assert system in text
    libraries = ["/etc/ld.so.cache", "/usr/lib/x86_64-linux-gnu/libstdc++.so.6"]
    assert lines[-1:] == ["0"] if name == "nostdcxx" else lines[-3:] == ["0", *libraries]


@pytest.mark.parametrize(("name", "loader"), [("manylinux2014_arm64", "2.17"), ("debian11_arm64", "2.31")])
def test_arm64_images_are_arm64_all_through(
    name: str, loader: str, standin: Callable[[str], str], docker_daemon: Any
) -> None:
    image = standin(name)
    assert docker_daemon.api.inspect_image(image)["Architecture"] == "arm64"
    container = docker_daemon.api.create_container(image, ["/nothing"])["Id"]
    try:
        stat = docker_daemon.api.get_archive(container, "/lib/ld-linux-aarch64.so.1")[1]
        assert stat["linkTarget"].endswith(f"/ld-{loader}.so")
        chunks, _ = docker_daemon.api.get_archive(container, stat["linkTarget"])
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
            file = archive.extractfile(archive.getmembers()[0])
            assert file is not None
            assert file.read()[18:20] == b"\xb7\0"  # EM_AARCH64
    finally:
        docker_daemon.api.remove_container(container, v=True)


@pytest.mark.parametrize("name", COMPILERS)
def test_compiler_binds_nothing_above_the_ceiling(
    name: str, standin: Callable[[str], str], docker_daemon: Any
) -> None:
    code, text = in_image(docker_daemon, standin(name), BUILD)
    assert code == 0, text
    ceiling = tuple(map(int, GLIBC[name].split("."))) if name in GLIBC else (2, 99)
    assert max(versions(text)) <= ceiling
    assert text.splitlines()[0] == f"/ 1.0 1 {int(ceiling >= (2, 18))}"


@pytest.mark.parametrize("name", ["manylinux2010", "manylinux2014"])
def test_a_function_that_came_later_can_not_be_linked(
    name: str, standin: Callable[[str], str], docker_daemon: Any
) -> None:
    script = 'cd /tmp; echo "int getrandom(); int main(void) { return getrandom(); }" > g.c; gcc g.c'
    code, text = in_image(docker_daemon, standin(name), script)
    assert code != 0
    assert "undefined reference to `getrandom'" in text


def test_the_loader_refuses_a_newer_program_in_its_own_words(
    standin: Callable[[str], str], docker_daemon: Any, tmp_path: Any
) -> None:
    volumes = {str(tmp_path): {"bind": "/o", "mode": "rw"}}
    code, text = in_image(docker_daemon, standin("runner"), BUILD + "cp /tmp/p /o/p", volumes=volumes)
    assert code == 0, text
    assert "GLIBC_2.18" in text
    code, text = in_image(docker_daemon, standin("centos7"), "/o/p", volumes=volumes)
    lines = text.splitlines()
    assert code == 1
    assert "/o/p: /lib64/libc.so.6: version `GLIBC_2.18' not found (required by /o/p)" in lines
    assert "/o/p: /lib64/libm.so.6: version `GLIBC_2.29' not found (required by /o/p)" in lines
    code, text = in_image(docker_daemon, standin("alpine"), "/o/p", volumes=volumes)
    assert code == 127
    assert "not found" in text
    code, text = in_image(docker_daemon, standin("runner"), "/o/p", volumes=volumes)
    assert code == 0, text


@pytest.mark.parametrize("name", COMPILERS)
def test_has_what_release_jobs_use(name: str, standin: Callable[[str], str], docker_daemon: Any) -> None:
    script = """set -e
        cd /tmp; git init -q r; cd r; git -c user.name=a -c user.email=b commit -q --allow-empty -m x; git tag v1
        test "$(git tag --points-at HEAD)" = v1
        echo 'int main(void) { return 0; }' > a.c; gcc a.c; strip a.out; tar czf a.tar.gz a.out; tar tzf a.tar.gz
        make --version; bash -c 'setsid true'; tail -n 1 a.c; awk 'BEGIN { print 1 }'; sed --version; grep -q . a.c
    """
    code, text = in_image(docker_daemon, standin(name), script)
    assert code == 0, text


def test_runner_has_a_docker_client_and_musl(standin: Callable[[str], str], docker_daemon: Any) -> None:
    script = "docker --version && cd /tmp && echo 'int main(void) { return 0; }' > a.c && musl-gcc -static a.c && ./a.out"
    code, text = in_image(docker_daemon, standin("runner"), script)
    assert code == 0, text
    assert text.startswith("Docker version")


def test_alpine_is_recognised_as_the_runner_does_it(
    standin: Callable[[str], str], docker_daemon: Any
) -> None:
    code, text = in_image(
        docker_daemon, standin("alpine"), "cat /etc/*release | grep ^ID && test -x /bin/tail"
    )
    assert (code, text) == (0, "ID=alpine\n")


def test_labels_tell_what_it_is(standin: Callable[[str], str], docker_daemon: Any) -> None:
    labels = docker_daemon.images.get(standin("manylinux2014")).labels
    assert labels[LABEL] == "quay.io/pypa/manylinux2014_x86_64"
    assert "renamed" in labels[f"{LABEL}.note"]
    assert labels[f"{LABEL}.key"] == recipe_key()
    assert "libc6 2." in labels[f"{LABEL}.packages"]


def test_no_stand_in_carries_a_real_name() -> None:
    for recipe in RECIPES.values():
        assert recipe.image.startswith("actlite-standin/")


def test_a_second_build_costs_nothing(standin: Callable[[str], str], capsys: Any) -> None:
    standin("centos7")
    started = time.monotonic()
    assert run(["centos7"], force=False, quiet=False) == 0
    assert time.monotonic() - started < 1
    assert capsys.readouterr().out == ""
