"""Runners of another architecture: where their jobs run, and what is said of those that can't."""

from __future__ import annotations

from pathlib import Path

import pytest

from actlite.checking import runners
from actlite.checking.runners import IMAGES, Place, architecture_of, place, runs_here


@pytest.mark.parametrize(
    ("labels", "arch"),
    [
        (["ubuntu-latest"], "x64"),
        (["ubuntu-24.04-arm"], "arm64"),
        (["self-hosted", "Linux", "ARM64"], "arm64"),
        (["my_aarch64.box"], "arm64"),
        (["charm", "alarm-clock"], "x64"),
    ],
)
def test_the_architecture_of_labels(labels: list[str], arch: str) -> None:
    assert architecture_of(labels) == arch


@pytest.fixture
def binfmt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kernel's emulators, none at first, on a machine of x64."""
    monkeypatch.setattr(runners, "_BINFMT", tmp_path)
    monkeypatch.setattr(runners, "_machine", lambda: "x64")
    monkeypatch.setattr("sys.platform", "linux")
    return tmp_path


def test_an_emulator_of_the_kernel(binfmt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert runs_here("x64")
    assert not runs_here("arm64")
    (binfmt / "qemu-aarch64").write_text("disabled\n")
    assert not runs_here("arm64")
    (binfmt / "qemu-aarch64").write_text("enabled\ninterpreter /usr/bin/qemu-aarch64-static\n")
    assert runs_here("arm64")
    (binfmt / "qemu-aarch64").unlink()
    monkeypatch.setattr("sys.platform", "darwin")
    assert runs_here("arm64"), "engines there live in virtual machines that emulate"


def test_places_of_arm64(binfmt: Path) -> None:
    image = IMAGES["ubuntu-24.04-arm"]
    problem = "ubuntu-24.04-arm is an arm64 machine, this one is x64 and has no emulator for arm64"
    assert place(["ubuntu-24.04-arm"], {}) == Place("", problem)
    assert place(["ubuntu-24.04-arm"], {"Ubuntu-24.04-ARM": "mine"}) == Place("mine", arch="")
    assert place(["ubuntu-24.04-arm"], {}, engine_is_host=True) == Place("host", arch="arm64")
    assert place(["self-hosted", "arm64"], {}).problem.startswith("self-hosted, arm64 is an arm64 machine")
    (binfmt / "qemu-aarch64").write_text("enabled\n")
    assert place(["ubuntu-24.04-arm"], {}) == Place(image, arch="arm64")
    assert place(["windows-11-arm"], {}).problem == "no Windows runner (windows-11-arm)"
