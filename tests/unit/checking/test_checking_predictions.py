"""What is foretold of single steps: mounts, composite actions, legs, calls, architectures, what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from time import monotonic

import pytest
from predicting_support import NAME, OLD, TODAY, findings, job, predictions, settings

from actlite.checking.predictions.changing import changing, edits_release
from actlite.checking.predictions.settings import CatalogueImages, Predicting
from actlite.checking.predictions.verdict import NO_ALPINE
from actlite.checking.predictions.volumes import of_options, over
from actlite.diagnostics import Severity
from actlite.glibc.image_system import Described

CHECKOUT = "uses: actions/checkout@v4"
UNPACK = "run: curl -sSL https://example.org/node.tar.gz | tar -xz -C /n"


def verdicts(
    text: str, by: Predicting | None = None, files: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    return [(item.action, item.step.verdict) for item in predictions(text, by, files)]


def test_a_finding_for_a_job_not_for_each_step() -> None:
    (finding,) = findings(
        job("run: ldd --version", CHECKOUT, "uses: actions/cache@v4", "uses: actions/upload-artifact@v4")
    )
    assert finding.severity is Severity.ERROR
    assert finding.span is not None
    assert finding.span.text == "actions/checkout@v4"
    assert finding.label == "declares node20; the runner uses node24 since 2026-06-16; and 2 more steps"
    assert [label.text for label in finding.labels] == ["glibc 2.17 · GLIBCXX 3.4.19 · CXXABI 1.3.7"]
    assert "actlite check --fix=" in finding.help


def test_a_new_image_has_no_finding_and_its_predictions_are_there_all_the_same() -> None:
    text = job(CHECKOUT, container="debian:12")
    assert findings(text) == []
    assert verdicts(text) == [("actions/checkout@v4", "starts")]


def test_what_needs_no_node_is_immune() -> None:
    text = job("uses: docker://alpine:3.20", "uses: actions/checkout@v1", "uses: ./docker", "uses: ./shell")
    files = {
        "docker/action.yml": "name: d\ndescription: d\nruns: {using: docker, image: Dockerfile}\n",
        "docker/Dockerfile": "FROM scratch\n",
        "shell/action.yml": "name: s\ndescription: s\nruns:\n  using: composite\n  steps:\n    - {run: x, shell: sh}\n",
    }
    assert {verdict for _, verdict in verdicts(text, files=files)} == {"immune"}
    assert len(verdicts(text, files=files)) == 4


def test_jobs_without_a_container_are_not_predicted() -> None:
    assert (
        predictions(f"on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - {CHECKOUT}\n")
        == ()
    )


def test_composite_actions_are_followed_into() -> None:
    inner = "name: i\ndescription: i\nruns:\n  using: composite\n  steps:\n    - uses: ./js\n    - {run: x, shell: sh}\n"
    files = {
        "outer/action.yml": inner.replace("./js", "./inner"),
        "inner/action.yml": inner,
        "js/action.yml": "name: j\ndescription: j\nruns: {using: node20, main: a.js, pre: p.js, post: b.js}\n",
    }
    (item,) = predictions(job("uses: ./outer"), files=files)
    assert (item.action, item.through, item.place.text) == ("./js", ("./outer", "./inner"), "./outer")
    assert item.declared.parts == ("main", "post"), "the runner does not run the pre of a local action"
    assert item.fails
    (finding,) = findings(job("uses: ./outer"), files=files)
    assert finding.notes[0] == "./js is used by ./inner, which is used by ./outer"


def test_a_composite_action_that_uses_itself_comes_to_an_end() -> None:
    files = {
        "a/action.yml": "name: a\ndescription: a\nruns:\n  using: composite\n  steps:\n    - uses: ./a\n"
    }
    (item,) = predictions(job("uses: ./a"), files=files)
    assert (item.step.verdict, len(item.through)) == ("unknown", 9)
    assert item.step.why == "so many composite actions in each other are not allowed"


def test_neither_composite_actions_nor_legs_grow_without_end() -> None:
    uses = "".join("    - uses: ./a\n" for _ in range(12))
    files = {
        "a/action.yml": f"name: a\ndescription: a\nruns:\n  using: composite\n  steps:\n{uses}    - uses: ./js\n"
    }
    files["js/action.yml"] = "name: j\ndescription: j\nruns: {using: node20, main: a.js}\n"
    began = monotonic()
    every = predictions(job("uses: ./a"), files=files)
    assert 0 < len(every) < 7000
    assert "only 500 composite actions are followed" in {item.step.why for item in every}
    numbers = ", ".join(map(str, range(250)))
    text = job(*([CHECKOUT] * 400), more=f"    strategy:\n      matrix:\n        a: [{numbers}]\n")
    assert len(predictions(text)) == 400
    assert monotonic() - began < 20


def test_steps_in_parallel_are_predicted() -> None:
    text = job("parallel:\n          - uses: actions/checkout@v4\n          - run: x")
    assert verdicts(text) == [("actions/checkout@v4", "fails")]


def test_legs_have_their_own_images() -> None:
    text = job(
        CHECKOUT,
        container="${{ matrix.image }}",
        more=f"    strategy:\n      matrix:\n        image: ['{OLD}', 'debian:12', 'centos:7', '']\n",
    )
    found = predictions(text)
    assert [(item.step.verdict, item.legs, item.all_legs) for item in found] == [
        ("fails", (f"build ({OLD})",), False),
        ("starts", ("build (debian:12)",), False),
        ("fails", ("build (centos:7)",), False),
    ]
    (finding,) = findings(text)
    assert finding.message.startswith(f"node24 can't start in {OLD} and centos:7, so that")
    assert finding.notes[0] == f"in {f'build ({OLD})'[:39]}…, build (centos:7)"


def test_legs_that_come_out_the_same_are_one_prediction() -> None:
    more = "    strategy:\n      matrix:\n        a: [1, 2, 3, 4, 5]\n"
    (item,) = predictions(job(CHECKOUT, more=more))
    assert (len(item.legs), item.all_legs) == (5, True)
    (finding,) = findings(job(CHECKOUT, more=more))
    assert not any(note.startswith("in ") for note in finding.notes)


def test_a_matrix_of_the_run_is_not_known() -> None:
    text = job(
        CHECKOUT,
        container="${{ matrix.image }}",
        more="    strategy:\n      matrix: ${{ fromJSON(vars.MATRIX) }}\n",
    )
    (item,) = predictions(text)
    assert item.step.verdict == "unknown"
    assert item.step.why == "the image is only known in the run: ${{ matrix.image }}"
    assert findings(text) == []


def test_inputs_of_a_call_make_the_image() -> None:
    called = (
        "on:\n  workflow_call:\n    inputs: {image: {type: string}}\njobs:\n  inner:\n    runs-on: ubuntu-latest\n"
        f"    container: ${{{{ inputs.image }}}}\n    steps:\n      - {CHECKOUT}\n"
    )
    caller = (
        f"on: push\njobs:\n  outer:\n    uses: ./.github/workflows/called.yml\n    with: {{image: '{OLD}'}}\n"
    )
    files = {".github/workflows/called.yml": called}
    (item,) = predictions(caller, files=files)
    assert (item.job, item.workflow, item.fails) == ("outer / inner", ".github/workflows/called.yml", True)
    (finding,) = findings(caller, files=files, names=[NAME, ".github/workflows/called.yml"])
    assert finding.span is not None
    assert (finding.span.source.name, finding.span.text) == (NAME, "./.github/workflows/called.yml")


def test_inputs_of_a_call_make_the_matrix() -> None:
    called = (
        "on:\n  workflow_call:\n    inputs: {images: {type: string}}\njobs:\n  inner:\n    strategy:\n"
        "      matrix: {image: '${{ fromJSON(inputs.images) }}'}\n    runs-on: ubuntu-latest\n"
        f"    container: ${{{{ matrix.image }}}}\n    steps:\n      - {CHECKOUT}\n"
    )
    caller = (
        "on: push\njobs:\n  outer:\n    uses: ./.github/workflows/called.yml\n"
        '    with: {images: \'["centos:7", "debian:12"]\'}\n'
    )
    files = {".github/workflows/called.yml": called}
    found = predictions(caller, files=files)
    assert [(item.legs, item.step.verdict) for item in found] == [
        (("inner (centos:7)",), "fails"),
        (("inner (debian:12)",), "starts"),
    ]
    (finding,) = findings(caller, files=files, names=[NAME, *files])
    assert finding.span is not None
    assert finding.span.source.name == NAME


def test_what_is_wrong_in_a_called_workflow_anyway_is_told_there() -> None:
    called = (
        "on: workflow_call\njobs:\n  inner:\n    runs-on: ubuntu-latest\n"
        f"    container: {OLD}\n    steps:\n      - {CHECKOUT}\n"
    )
    caller = "on: push\njobs:\n  outer:\n    uses: ./.github/workflows/called.yml\n"
    files = {".github/workflows/called.yml": called}
    places = [f.span.source.name for f in findings(caller, files=files, names=[NAME, *files]) if f.span]
    assert places == [".github/workflows/called.yml"]
    places = [f.span.source.name for f in findings(caller, files=files) if f.span]
    assert places == [NAME], "the called file is not checked itself"


@pytest.mark.parametrize(
    ("volumes", "verdict"),
    [
        ("['/n:/n', '/n:/__e/node24:ro']", "mounted"),
        ("['/n:/n', '/n:/__e/node24/bin']", "mounted"),
        ("['/n:/n', '/n:/__e']", "mounted"),
        ("['/n:/n', '/n:/__e/node20:ro,rshared']", "fails"),
        ("['/n:/n', '/n:/__e/node2']", "fails"),
        ("['/n:/n', '${{ github.ref }}:/__e/node24']", "unknown"),
        ("['/n:/n', '${{ github.ref }}:/data']", "fails"),
    ],
)
def test_volumes_over_the_runtime(volumes: str, verdict: str) -> None:
    text = job(UNPACK, CHECKOUT, container=f"{{image: '{OLD}', volumes: {volumes}}}")
    assert verdicts(text) == [("actions/checkout@v4", verdict)]
    assert len(findings(text)) == (verdict == "fails")


def test_the_old_recipe_is_named_in_the_finding() -> None:
    (finding,) = findings(
        job(UNPACK, CHECKOUT, container=f"{{image: '{OLD}', volumes: ['/n:/n', '/n:/__e/node20:ro']}}")
    )
    assert (
        "the volume /n:/__e/node20:ro lies over node20, which is not what runs here: node24 is"
        in finding.notes
    )


def test_the_old_recipe_helped_in_its_time() -> None:
    text = job(UNPACK, CHECKOUT, container=f"{{image: '{OLD}', volumes: ['/n:/n', '/n:/__e/node20:ro']}}")
    assert [v for _, v in verdicts(text, by=settings(date(2025, 6, 1)))] == ["mounted"]
    assert findings(text, settings(date(2025, 6, 1))) == []


@pytest.mark.parametrize("volume", ["/n:/__e/node24:ro", "/__e/node24"])
def test_a_mounted_folder_that_nothing_fills(volume: str) -> None:
    (finding,) = findings(job("run: echo", CHECKOUT, container=f"{{image: '{OLD}', volumes: ['{volume}']}}"))
    assert (finding.code, finding.severity) == ("empty-runtime-mount", Severity.WARNING)


def test_volumes_in_the_options() -> None:
    assert of_options(
        "--cpus 1 -v /a:/b --volume=/c:/__e/node24:ro --mount type=bind,source=/d,target=/e"
    ) == (
        "/a:/b",
        "/c:/__e/node24:ro",
        "/d:/e",
    )
    assert of_options("-v 'unclosed") == ()
    found, _ = over(["/a:/__e", "/b:/__e/node24"], "node24")
    assert found is not None
    assert (found.source, found.below) == ("/b", "bin/node")


def test_alpine_takes_the_musl_build_and_has_none_for_arm() -> None:
    assert verdicts(job(CHECKOUT, container="alpine:3.20")) == [("actions/checkout@v4", "starts")]
    (item,) = predictions(job(CHECKOUT, container="alpine:3.20", runs_on="ubuntu-24.04-arm"))
    assert (item.fails, item.step.lines, item.step.loading) == (True, (NO_ALPINE,), None)
    (item,) = predictions(job(CHECKOUT, container="alpine:3.20", runs_on="[self-hosted, linux, ARM64]"))
    assert item.fails


def test_a_step_that_hides_alpine() -> None:
    """What projects do to have actions in Alpine on arm64: the release file is edited, a node mounted."""
    hide = "run: sed -i '/^ID=/s/alpine/other/' /etc/os-release && ln -s /usr/bin/node /opt/bin/node"
    mount = "{image: 'alpine:3.20', volumes: ['/opt:/opt', '/opt:/__e/node24:ro']}"
    assert verdicts(job(hide, CHECKOUT, container=mount, runs_on="ubuntu-24.04-arm")) == [
        ("actions/checkout@v4", "mounted")
    ]
    assert verdicts(job(hide, CHECKOUT, container="alpine:3.20", runs_on="ubuntu-24.04-arm")) == [
        ("actions/checkout@v4", "unknown")
    ]
    assert not edits_release("cat /etc/os-release")
    assert edits_release("echo ID=other > /etc/os-release")


def test_arm64_images_have_the_arm64_node() -> None:
    (item,) = predictions(
        job(CHECKOUT, container="quay.io/pypa/manylinux2014_aarch64", runs_on="ubuntu-24.04-arm")
    )
    assert item.fails
    assert item.image is not None
    assert item.image.arch == "arm64"
    assert "/lib64/libm.so.6: version `GLIBC_2.27' not found" in "\n".join(item.step.lines)


def test_another_platform_than_the_runners_is_not_known() -> None:
    (item,) = predictions(job(CHECKOUT, container=f"{{image: '{OLD}', options: --platform linux/arm64}}"))
    assert (item.step.verdict, item.step.why) == (
        "unknown",
        "the image is for arm64, and the runner's node for x64",
    )
    (item,) = predictions(job(CHECKOUT, container=f"{{image: '{OLD}', options: --platform=linux/386}}"))
    assert item.step.why == "the image is for linux/386, and the runner's node for x64"


def test_legs_of_one_image_for_two_platforms_are_told_apart() -> None:
    text = job(
        CHECKOUT,
        container=f"{{image: '{OLD}', options: '--platform ${{{{ matrix.platform }}}}'}}",
        more="    strategy:\n      matrix:\n        platform: [linux/amd64, linux/arm64]\n",
    )
    assert [(item.legs, item.step.verdict) for item in predictions(text)] == [
        (("build (linux/amd64)",), "fails"),
        (("build (linux/arm64)",), "unknown"),
    ]


@pytest.mark.parametrize("where", ["workflow", "job", "step"])
def test_variables_of_each_place_in_their_time(where: str) -> None:
    """The step's own env: counts in runners from 2.328 on; the switch was for node 20 then, which old images lack."""
    env = "env: {ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION: true}"
    text = job(
        f"{CHECKOUT}\n        {env}" if where == "step" else CHECKOUT,
        more=f"    {env}\n" if where == "job" else "",
    )
    text = f"{env}\n{text}" if where == "workflow" else text
    runtimes = {item.runtime for item in predictions(text, settings(date(2026, 7, 1)))}
    assert runtimes == {"node20"}
    early = {item.runtime for item in predictions(text.replace("@v4", "@v3"), settings(date(2024, 8, 1)))}
    assert early == ({"node20"} if where == "step" else {"node16"})


def test_a_variable_that_the_run_sets_leaves_it_open() -> None:
    on = settings(date(2024, 8, 1))
    text = job(
        "run: echo ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION=true >> $GITHUB_ENV", "uses: actions/checkout@v3"
    )
    (item,) = predictions(text, on)
    assert item.step.verdict == "unknown"
    assert "ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION" in item.step.why
    text = job(
        "uses: actions/checkout@v3",
        more="    env: {ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION: '${{ vars.X }}'}\n",
    )
    assert [item.step.verdict for item in predictions(text, on)] == ["unknown"]
    assert [item.step.verdict for item in predictions(text)] == ["fails"], "today it makes no difference"


def test_flags_of_the_runner() -> None:
    by = settings(TODAY, flags={"usenode24bydefault": "false", "requirenode24": "false"})
    assert {item.runtime for item in predictions(job(CHECKOUT), by)} == {"node20"}


def test_what_surely_does_not_run_is_not_predicted() -> None:
    assert verdicts(job(f"{CHECKOUT}\n        if: false")) == []
    assert verdicts(job(CHECKOUT, more="    if: ${{ false }}\n")) == []


def test_conditions_of_the_run_are_told() -> None:
    (finding,) = findings(job(f"{CHECKOUT}\n        if: github.ref_type == 'tag'"))
    assert "where it runs, that is: if github.ref_type == 'tag'" in finding.notes


def test_continue_on_error_is_told() -> None:
    (finding,) = findings(job(f"{CHECKOUT}\n        continue-on-error: true"))
    assert any(note.startswith("continue-on-error is set") for note in finding.notes)


def test_an_action_that_nobody_knows() -> None:
    (item,) = predictions(job("uses: someone/unheard-of@v9"))
    assert (item.step.verdict, item.declared.using) == ("unknown", "")
    assert "not on this machine" in item.step.why
    assert findings(job("uses: someone/unheard-of@v9")) == []


def test_a_commit_that_nobody_knows_of_an_action_that_is_known() -> None:
    """Today all nodes that a release of it may declare come to node 24; in 2024 it made a difference."""
    commit = "actions/checkout@0123456789012345678901234567890123456789"
    (item,) = predictions(job(f"uses: {commit}"))
    assert (item.declared.using, item.runtime, item.fails) == ("node", "node24", True)
    (finding,) = findings(job(f"uses: {commit}"))
    assert finding.label == "all releases of it run on node24"
    early = settings(date(2023, 9, 20))
    assert [item.step.verdict for item in predictions(job(f"uses: {commit}"), early)] == ["unknown"]
    (item,) = predictions(job(f"uses: {commit} # v3.6.0"), early)
    assert (item.declared.using, item.runtime) == ("node16", "node16")
    assert item.declared.source == "the table of well-known actions, for v3.6.0"


def test_an_image_that_nobody_knows() -> None:
    (item,) = predictions(job(CHECKOUT, container="registry.example.org/own/image:1"))
    assert (item.step.verdict, item.step.why) == ("unknown", "the catalogue of images does not have it")
    assert item.runtime == "node24"


def test_an_image_in_the_place_of_another() -> None:
    by = settings(stand_ins={"registry.example.org/own/image:1": OLD})
    (finding,) = findings(job(CHECKOUT, container="registry.example.org/own/image:1"), by)
    assert "can't start in registry.example.org/own/image:1," in finding.message
    assert f"{OLD} stands in for it" in finding.notes


def test_images_are_asked_of_the_source_that_is_given() -> None:
    class Images:
        def describe(self, name: str, arch: str) -> Described | str:
            found = CatalogueImages().describe("debian:12", arch)
            return found if name == "mine" else "never heard of it"

    assert [v for _, v in verdicts(job(CHECKOUT, container="mine"), by=settings(images=Images()))] == [
        "starts"
    ]
    (item,) = predictions(job(CHECKOUT), settings(images=Images()))
    assert item.step.why == "never heard of it"


def test_an_action_that_an_old_runner_does_not_know() -> None:
    (finding,) = findings(job(CHECKOUT), settings(date(2021, 5, 7)))
    assert "declares node20, which the runner does not know" in finding.message
    assert not any("not supported" in note for note in finding.notes), "the message has the line"


def test_what_is_refused_in_any_image_is_one_finding() -> None:
    more = "    strategy: {matrix: {image: [centos:7, 'debian:12', 'ubuntu:22.04']}}\n"
    (finding,) = findings(
        job(CHECKOUT, container="${{ matrix.image }}", more=more), settings(date(2021, 5, 7))
    )
    assert finding.notes == ("in build (centos:7), build (debian:12), build (ubuntu:22.04)",)


def test_names_of_legs_that_are_cut_to_the_same_are_named_once() -> None:
    more = (
        "    strategy:\n      matrix:\n        image: ['centos:7', 'debian:12']\n"
        f"        what: [{'x' * 60}1, {'x' * 60}2, y]\n"
    )
    (finding,) = findings(job(CHECKOUT, container="${{ matrix.image }}", more=more))
    (note,) = (note for note in finding.notes if note.startswith("in "))
    assert note == f"in build (centos:7, {'x' * 22}…, build (centos:7, y) and 1 more"


def test_only_fixes_are_offered_that_can_be_made_for_all_images_of_the_job() -> None:
    more = "    strategy: {matrix: {image: [centos:7, 'alpine:3.20']}}\n"
    (finding,) = findings(job(CHECKOUT, container="${{ matrix.image }}", more=more))
    assert finding.help is not None
    assert "--fix=image" in finding.help
    assert "--fix=node-mount" not in finding.help, "its volume would lie in the legs of Alpine too"


def test_the_legs_of_all_the_steps_that_fail_are_named() -> None:
    more = "    strategy: {matrix: {image: ['centos:7', 'debian:12'], n: [1, 2]}}\n"
    steps = [f"{{if: '${{{{ matrix.n == {n} }}}}', uses: actions/checkout@v4}}" for n in (1, 2)]
    (finding,) = findings(job(*steps, container="${{ matrix.image }}", more=more))
    assert "in build (centos:7, 1), build (centos:7, 2)" in finding.notes


def test_what_is_installed_before_makes_an_error_a_warning() -> None:
    (item,) = predictions(job(CHECKOUT))
    assert item.step.loading is not None
    assert not changing("yum install -y gcc-c++ libstdc++", item.step), "no package brings a newer glibc"
    assert changing("cp -r node-217/* /__e/node24/", item.step)
    (finding,) = findings(job("run: umount /__e && cp -r /n /__e/node24", CHECKOUT))
    assert finding.severity is Severity.WARNING
    assert "the step in line 7 may bring what is missing: then it starts" in finding.notes


def test_a_target_that_the_image_is_too_new_for() -> None:
    text = job(CHECKOUT, container="debian:12")
    (finding,) = findings(text, settings(target="manylinux2014"))
    assert (finding.code, finding.severity) == ("target-too-new", Severity.WARNING)
    assert finding.message == "what is built in debian:12 may need glibc 2.36, and the target is 2.17"
    assert "no image does both; what declares node20 never ran there" in "\n".join(finding.notes)
    (finding,) = findings(
        job("uses: actions/checkout@v2", container="debian:12"), settings(target="manylinux2014")
    )
    assert "no image does both since 2024-07-03; until then they ran on node16" in "\n".join(finding.notes)
    assert findings(text, settings(target="debian:12")) == []


def test_cross_building_is_for_the_machine_of_the_job() -> None:
    text = job(CHECKOUT, container="debian:12", runs_on="ubuntu-24.04-arm")
    (finding,) = findings(text, settings(target="manylinux2014"))
    assert finding.help is not None
    assert "zig cc -target aarch64-linux-gnu.2.17" in finding.help
    assert "x86_64" not in finding.help


def test_only_what_never_ran_is_said_to_have_never_run() -> None:
    (finding,) = findings(job(CHECKOUT, "uses: actions/cache@v3", "uses: actions/cache@v5"))
    (window,) = (note for note in finding.notes if note.startswith("actions need glibc"))
    assert window.endswith("too old; what declares node20 and node24 never ran there"), "node16 did"


def test_a_library_path_without_end_foretells_nothing() -> None:
    folders = ":".join(f"/{number}" for number in range(5_000))
    text = job(CHECKOUT, container="debian:12", more=f"    env: {{LD_LIBRARY_PATH: '{folders}'}}\n")
    (found,) = predictions(text)
    assert found.step.verdict == "unknown"
    assert "its libraries are looked for at more than 20,000 places" in found.step.why
    assert findings(text) == []
