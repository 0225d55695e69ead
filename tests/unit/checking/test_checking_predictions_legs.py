"""Legs that are alike are met once, what is too much is told, and what is certain in a leg is not told as a doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic

import pytest
from predicting_support import OLD, findings, job, predictions, settings

from actlite.checking.predictions import predict, situations
from actlite.checking.predictions.data import data
from actlite.checking.predictions.reading import ReadImages
from actlite.checking.predictions.settings import CatalogueImages
from actlite.errors import ImageUnavailable
from actlite.glibc.elf import ElfFile
from actlite.glibc.image_system import Described
from actlite.glibc.system import System
from actlite.records import replace

CHECKOUT = "uses: actions/checkout@v4"
IMAGES = "{image: '${{ matrix.image }}'}"
JS = "name: j\ndescription: j\nruns: {using: node20, main: a.js}\n"


def composite(*uses: str, **more: str) -> str:
    """A composite action; ``more`` are keys of each of its steps."""
    keys = "".join(f"      {key.rstrip('_')}: {value}\n" for key, value in more.items())
    steps = "".join(f"    - uses: {text}\n{keys}" for text in uses)
    return f"name: c\ndescription: c\nruns:\n  using: composite\n  steps:\n{steps}"


DEEP = {
    "js/action.yml": JS,
    "a/action.yml": composite(*["./b"] * 6),
    "b/action.yml": composite(*["./js"] * 60),
}


def legs(*images: str, more: str = "") -> str:
    return f"    strategy:\n      matrix:\n        image: [{', '.join(images)}]\n{more}"


def test_many_legs_with_deep_composite_actions_hide_no_leg() -> None:
    numbers = ", ".join(map(str, range(128)))
    more = legs("'debian:12'", "'centos:7'", more=f"        number: [{numbers}]\n")
    text = job("uses: ./a", container=IMAGES, more=more)
    began = monotonic()
    found = predictions(text, files=DEEP)
    assert monotonic() - began < 10
    assert [(item.step.verdict, len(item.legs)) for item in found] == [("starts", 128), ("fails", 128)]
    (finding,) = findings(text, files=DEEP)
    assert "can't start in centos:7" in finding.message


def test_composite_actions_that_are_too_many_are_settled_or_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict, "MAX_PREDICTIONS", 300)
    text = job("uses: ./a", CHECKOUT, container=IMAGES, more=legs("'debian:12'", "'debian:11'", "'centos:7'"))
    found = predictions(text, files=DEEP)
    late = [
        (item.action, item.step.verdict, item.step.lacks)
        for item in found
        if item.legs[0] != "build (debian:12)"
    ]
    assert late == [
        ("./a", "starts", ""),
        ("./a", "unknown", "room"),
        ("actions/checkout@v4", "starts", ""),
        ("actions/checkout@v4", "fails", ""),
    ]
    assert len(findings(text, files=DEEP)) == 1


def test_legs_that_are_too_many_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    text = job(CHECKOUT, CHECKOUT, container=IMAGES, more=legs("'debian:12'", "'debian:11'", "'centos:7'"))
    monkeypatch.setattr(predict, "MAX_STEPS", 3)
    (last,) = (item for item in predictions(text) if item.step.lacks)
    assert (last.legs, last.step.why) == (("build (centos:7)",), "only 3 steps of one workflow are looked at")
    monkeypatch.setattr(predict, "MAX_LEGS", 1)
    monkeypatch.setattr(situations, "MAX_LEGS", 1)
    (last,) = (item for item in predictions(text) if item.step.lacks)
    assert (last.legs, last.step.why) == (("build (debian:11)",), "only 1 legs of one workflow are looked at")


def test_a_step_that_a_leg_has_twice_is_not_in_all_legs() -> None:
    files = {"js/action.yml": JS, "a/action.yml": composite("./js", "./js")}
    text = job("uses: ./a", container=IMAGES, more=legs(f"'{OLD}'", "'debian:12'"))
    assert [item.all_legs for item in predictions(text, files=files)] == [False, False]


@pytest.mark.parametrize(
    ("image", "verdict"), [("debian:12", "starts"), ("alpine:3.20", "starts"), (OLD, "unknown")]
)
def test_what_is_not_known_is_settled_where_every_node_starts(image: str, verdict: str) -> None:
    (item,) = predictions(job("uses: someone/unheard-of@v9", container=image))
    assert (item.step.verdict, item.step.lacks) == (verdict, "" if verdict == "starts" else "action")
    assert "not on this machine" in item.step.why
    assert ("every node of the runner of 2026-" in item.step.why) is (verdict == "starts")


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("matrix.v == '14.04'", {}),
        ("success() && matrix.v == '14.04'", {}),
        ("always()", {}),
        ("'!cancelled()'", {}),
        ("failure()", {"where it runs, that is: if failure()"}),
        (
            "matrix.v == '14.04' && github.ref_type == 'tag'",
            {"where it runs, that is: if matrix.v == '14.04' && github.ref_type == 'tag'"},
        ),
    ],
)
def test_only_what_is_not_certain_in_a_leg_is_told_of_its_condition(
    condition: str, said: Mapping[str, None]
) -> None:
    more = "    strategy:\n      matrix:\n        v: ['14.04', '24.04']\n"
    text = job(f"{CHECKOUT}\n        if: {condition}", container="'ubuntu:${{ matrix.v }}'", more=more)
    (finding,) = findings(text)
    assert {note for note in finding.notes if note.startswith("where it runs")} == set(said)


def test_what_is_said_around_an_action_counts() -> None:
    files = {"js/action.yml": JS, "a/action.yml": composite("./js", if_="inputs.x")}
    text = job("uses: ./a\n        if: github.ref_type == 'tag'\n        continue-on-error: true")
    (item,) = predictions(text, files=files)
    assert (item.condition, item.tolerated) == ("github.ref_type == 'tag' and inputs.x", True)


class WithoutLibstdcxx:
    """A system in which no libstdc++ is found."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.arch = system.arch
        self.directories = system.directories

    def cached(self, soname: str) -> Sequence[str]:
        return () if "stdc++" in soname else self._system.cached(soname)

    def file(self, path: str) -> ElfFile | None:
        return None if "stdc++" in path else self._system.file(path)

    def exists(self, path: str) -> bool:
        return "stdc++" not in path and self._system.exists(path)


class Images:
    def describe(self, name: str, arch: str) -> Described | str:
        found = CatalogueImages().describe(name.removeprefix("bare/"), arch)
        assert isinstance(found, Described)
        return replace(found, system=WithoutLibstdcxx(found.system)) if name.startswith("bare/") else found


OPEN_PATH = "env: {LD_LIBRARY_PATH: '${{ vars.FOLDER }}'}"


@pytest.mark.parametrize(
    ("image", "open_path", "verdict"),
    [
        ("bare/debian:12", False, "fails"),
        ("bare/debian:12", True, "unknown"),
        ("debian:12", True, "starts"),
        (OLD, True, "fails"),
    ],
)
@pytest.mark.parametrize("where", ["job", "step", "container"])
def test_a_library_path_of_the_run_may_bring_libstdcxx_and_no_c_library(
    image: str, open_path: bool, verdict: str, where: str
) -> None:
    env = OPEN_PATH if open_path else "env: {LD_LIBRARY_PATH: /opt}"
    text = job(
        f"{CHECKOUT}\n        {env}" if where == "step" else CHECKOUT,
        container=f"{{image: '{image}', {env}}}" if where == "container" else image,
        more=f"    {env}\n" if where == "job" else "",
    )
    (item,) = predictions(text, settings(images=Images()))
    assert item.step.verdict == verdict
    if verdict == "unknown":
        assert item.step.why == "it depends on LD_LIBRARY_PATH, whose value is only known in the run"


def test_images_in_which_the_loader_says_the_same_are_one_finding() -> None:
    more = legs("'centos:7'", f"'{OLD}'", "'amazonlinux:2'", "'ubuntu:18.04'")
    first, *others = findings(job(CHECKOUT, container=IMAGES, more=more))
    assert first.message.startswith(f"node24 can't start in centos:7 and {OLD}, so that")
    assert [label.text for label in first.labels] == ["glibc 2.17 · GLIBCXX 3.4.19 · CXXABI 1.3.7"]
    loader = [note for note in first.notes if note.startswith("/__e/")]
    assert len(loader) == len(set(loader)) == 9
    assert [finding.message.split(",")[0] for finding in others] == [
        "node24 can't start in amazonlinux:2",
        "node24 can't start in ubuntu:18.04",
    ]


def test_what_differs_between_images_of_a_finding_has_their_names() -> None:
    text = job(CHECKOUT, container=IMAGES, more=legs("'mine'", f"'{OLD}'"))
    (finding,) = findings(text, settings(stand_ins={"mine": "centos:7"}))
    assert f"node24 can't start in mine and {OLD}," in finding.message
    assert "centos:7 stands in for it" in finding.notes
    assert [note.partition(": the image's")[0] for note in finding.notes if "catalogue" in note] == [
        "mine",
        OLD,
    ]


def test_more_images_than_are_named_are_counted() -> None:
    names = [f"'registry.example.org/image:{number}'" for number in range(5)]
    by = settings(stand_ins={name.strip("'"): "centos:7" for name in names})
    text = job(CHECKOUT, container=IMAGES, more=legs(*names))
    said = "image:0, registry.example.org/image:1, registry.example.org/image:2 and 2 more, so that"
    assert [said in finding.message for finding in findings(text, by)] == [True]


def test_where_the_libraries_are_known_from_is_a_sentence() -> None:
    (finding,) = findings(job(CHECKOUT))
    said = (
        "the image's libraries are those of the offline catalogue (measured); --images reads the image itself"
    )
    assert said in finding.notes
    (item,) = predictions(job(CHECKOUT))
    assert data(item)["image"]["detail"].startswith("measured: ")

    def remote(name: str, arch: str) -> Described:
        raise ImageUnavailable(f"{name} can't be had.")

    (finding,) = findings(job(CHECKOUT), settings(images=ReadImages(lambda: None, remote)))
    said = f"offline catalogue (measured); the image itself can't be read: {OLD} can't be had"
    assert [note for note in finding.notes if note.endswith(said)]


@pytest.mark.parametrize(
    ("source", "said"),
    [("local image", "of the image on this machine"), ("registry", "of the image in its registry")],
)
def test_libraries_of_the_image_itself(source: str, said: str) -> None:
    class Read:
        def describe(self, name: str, arch: str) -> Described | str:
            found = CatalogueImages().describe(name, arch)
            assert isinstance(found, Described)
            return replace(found, source=source, detail="sha256:0123")

    (finding,) = findings(job(CHECKOUT), settings(images=Read()))
    assert f"the image's libraries are those {said}" in finding.notes


def test_a_job_that_no_edit_fits_says_why() -> None:
    text = job("uses: ./js", container="${{ fromJSON('\"centos:7\"') }}")
    (finding,) = findings(text, files={"js/action.yml": JS})
    assert finding.help.startswith(
        "no edit of --fix fits this job (node-mount: the container is an expression"
    )
    assert finding.help.endswith("): see actlite explain node-cannot-start")
    assert "\n" not in finding.help
