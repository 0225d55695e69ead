"""What a diagnosis says: the sentence, the reasons, and only fixes that work at that date."""

from __future__ import annotations

import datetime

import pytest

from actlite.events import Cause, Missing
from actlite.glibc.advice import for_program
from actlite.glibc.diagnosis import VM_FIX, NodeFacts, diagnose
from actlite.glibc.image import ImageLibc
from actlite.glibc.loader import LoaderFailure, scan
from actlite.records import replace

D = datetime.date
TODAY = D(2026, 11, 23)
LINES = "".join(
    f"/__e/node24/bin/node: /lib64/{lib}: version `{version}' not found (required by /__e/node24/bin/node)\n"
    for lib, version in (
        ("libstdc++.so.6", "CXXABI_1.3.11"),
        ("libstdc++.so.6", "GLIBCXX_3.4.21"),
        ("libm.so.6", "GLIBC_2.27"),
        ("libc.so.6", "GLIBC_2.28"),
    )
)


def glibc_image(release: str, *, standin: bool = False) -> ImageLibc:
    versions = {
        "libc.so.6": (f"GLIBC_{release}",),
        "libstdc++.so.6": ("GLIBCXX_3.4.19", "CXXABI_1.3.7"),
    }
    return ImageLibc("image:1", "glibc", release, versions, standin=standin)


def node(on: D | None = TODAY, runtime: str = "node24", action: str = "actions/checkout@v2") -> NodeFacts:
    reasons = ("declares node12", f"the runner uses {runtime} instead of node12 since 2026-06-16")
    return NodeFacts(runtime, "node12", reasons, action, on)


def failure(runtime: str = "node24") -> LoaderFailure:
    return scan(LINES.replace("node24", runtime))[0]


def test_the_whole_diagnosis() -> None:
    found = diagnose(failure(), image=glibc_image("2.17"), node=node())
    assert found is not None
    assert found.kind == "versions"
    assert found.summary == (
        "The runner's node24 cannot start in this container: it needs glibc 2.28, the image has 2.17."
    )
    assert found.has == "glibc 2.17 · GLIBCXX 3.4.19 · CXXABI 1.3.7"
    assert found.reasons == (
        "actions/checkout@v2 declares node12",
        "the runner uses node24 instead of node12 since 2026-06-16",
    )
    assert "\n".join(found.loader_lines) + "\n" == LINES
    assert found.missing[0] == Missing("/lib64/libstdc++.so.6", "CXXABI_1.3.11")
    assert "/__e/node24" in found.fixes[0]
    assert found.fixes[0].endswith(": actlite check --fix=node-mount")
    assert found.notes == ()


def test_without_an_image() -> None:
    found = diagnose(failure(), node=node())
    assert found is not None
    assert found.summary.endswith("it needs glibc 2.28, which the image lacks.")
    assert found.has == ""
    assert found.fixes


def test_only_what_can_be_written_and_with_its_day() -> None:
    facts = replace(node(D(2024, 8, 1), "node20"), writable=frozenset({"image", "cross"}), is_past=True)
    found = diagnose(failure("node20"), image=glibc_image("2.17"), node=facts)
    assert found is not None
    commands = [fix.rpartition(": ")[2] for fix in found.fixes]
    assert commands == [f"actlite check --fix={name} --as-of=2024-08-01" for name in ("cross", "image")]


def fixes(
    on: D, runtime: str, glibc: str, action: str = "actions/checkout@v4", declared: str = "node12"
) -> str:
    facts = replace(node(on, runtime, action), declared=declared)
    found = diagnose(failure(runtime), image=glibc_image(glibc), node=facts)
    assert found is not None
    return "\n".join(found.fixes)


@pytest.mark.parametrize(
    ("on", "runtime", "offered", "not_offered"),
    [
        (
            D(2023, 10, 1),
            "node20",
            "actions/checkout@v3, which declares node16",
            ("ACTIONS_ALLOW", "/__e/node"),
        ),
        (D(2024, 11, 13), "node20", "/__e/node20", ("ACTIONS_ALLOW", "checkout@v3", "node24")),
        (D(2026, 6, 15), "node20", "/__e/node20", ("ACTIONS_ALLOW",)),
        (D(2026, 6, 16), "node24", "/__e/node24", ("ACTIONS_ALLOW", "/__e/node20")),
        (D(2026, 11, 23), "node24", "/__e/node24", ("ACTIONS_ALLOW", "checkout@v3")),
    ],
)
def test_fixes_by_date(on: D, runtime: str, offered: str, not_offered: tuple[str, ...]) -> None:
    text = fixes(on, runtime, "2.17", declared="node20")
    assert offered in text
    assert not [word for word in not_offered if word in text]
    assert "actlite check --fix=docker-run" in text
    assert "manylinux_2_28" in text


@pytest.mark.parametrize("on", [D(2024, 7, 3), D(2024, 11, 12)])
def test_the_variable_is_offered_while_it_works(on: D) -> None:
    text = fixes(on, "node20", "2.17")
    assert "ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION" in text
    assert "/__e/node16" not in text


def test_below_2_17_no_node_can_be_put_in() -> None:
    text = fixes(D(2026, 11, 23), "node24", "2.12")
    assert "/__e/node24" not in text
    assert "--fix=docker-run" in text


def test_in_2021_an_image_with_2_17_is_enough() -> None:
    text = fixes(D(2021, 5, 7), "node12", "2.12", "actions/checkout@v2")
    assert "manylinux2014" in text
    assert "manylinux_2_28" not in text


def test_checkout_by_hand_is_for_checkout_only() -> None:
    assert "--fix=git-checkout" in fixes(D(2026, 11, 23), "node24", "2.17")
    assert "--fix=git-checkout" not in fixes(D(2026, 11, 23), "node24", "2.17", "actions/cache@v4")


def test_a_job_that_has_mounted_over_another_runtime_is_told_to_move_it() -> None:
    facts = NodeFacts("node24", "node20", ("declares node20",), "actions/cache@v4", TODAY, ("node20",))
    found = diagnose(failure(), image=glibc_image("2.17"), node=facts)
    assert found is not None
    assert "over /__e/node20 over /__e/node24" in found.fixes[0]
    assert not [fix for fix in found.fixes if "--fix=node-mount" in fix]


def test_a_program_with_the_symbols_that_ask() -> None:
    line = "./hq: /lib64/libc.so.6: version `GLIBC_2.34' not found (required by ./hq)\n"
    causes = (Cause("libc.so.6", "GLIBC_2.34", ("pthread_create",)),)
    found = diagnose(scan(line)[0], image=glibc_image("2.17"), causes=causes, window="of no interest here")
    assert found is not None
    assert found.causes == causes
    assert found.window == ""


def test_a_program_of_the_users_own() -> None:
    line = "./hq: /lib64/libc.so.6: version `GLIBC_2.34' not found (required by ./hq)\n"
    found = diagnose(scan(line)[0], image=glibc_image("2.17"), needs={"GLIBC": "2.34"})
    assert found is not None
    assert found.summary == "./hq cannot start in this container: it needs glibc 2.34, the image has 2.17."
    assert "manylinux2014" in found.fixes[0]
    assert "x86_64-unknown-linux-gnu.2.17" in found.fixes[1]
    assert found.reasons == ()


def test_only_cxx_versions_missing() -> None:
    line = "./p: /lib64/libstdc++.so.6: version `GLIBCXX_3.4.29' not found (required by ./p)\n"
    found = diagnose(scan(line)[0], image=glibc_image("2.28"))
    assert found is not None
    assert "it needs GLIBCXX 3.4.29, the image has 3.4.19" in found.summary


def test_a_version_without_a_number() -> None:
    line = "./p: /lib64/libc.so.6: version `GLIBC_ABI_DT_RELR' not found (required by ./p)\n"
    found = diagnose(scan(line)[0], image=glibc_image("2.31"))
    assert found is not None
    assert "lack GLIBC_ABI_DT_RELR" in found.summary


def test_a_library_that_is_absent() -> None:
    line = "/__e/node26/bin/node: error while loading shared libraries: libatomic.so.1: cannot open shared object file: No such file or directory\n"
    found = diagnose(scan(line)[0], image=glibc_image("2.28"))
    assert found is not None
    assert "the image has no libatomic.so.1" in found.summary
    assert "dnf install libatomic" in found.fixes[0]


def test_a_glibc_node_on_musl_that_is_not_alpine() -> None:
    image = ImageLibc("void", "musl", "1.2.5")
    found = diagnose(
        scan("exec /__e/node24/bin/node: no such file or directory\n")[0], image=image, node=node()
    )
    assert found is not None
    assert found.kind == "interpreter"
    assert "made for glibc, and the image has musl" in found.summary
    assert "alpine" in found.reasons[-1]


def test_a_shells_not_found_counts_only_where_the_file_is_there() -> None:
    (said,) = scan("sh: ./hq: not found\n")
    assert diagnose(said) is None
    assert diagnose(said, exists=False) is None
    found = diagnose(said, exists=True, image=ImageLibc("a", "musl", "1.2.5", is_alpine=True))
    assert found is not None
    assert found.kind == "interpreter"


def test_a_file_that_is_certainly_absent() -> None:
    (said,) = scan(
        'exec: "/__e/node9/bin/node": stat /__e/node9/bin/node: no such file or directory: unknown\n'
    )
    found = diagnose(said, image=glibc_image("2.28"))
    assert found is not None
    assert found.kind == "not-found"
    assert "no such file in the container" in found.summary


def test_stand_ins_are_said() -> None:
    found = diagnose(
        failure(),
        image=glibc_image("2.17", standin=True),
        node=node(),
        stands_for="quay.io/pypa/manylinux2014_x86_64",
    )
    assert found is not None
    assert found.notes[0] == "image:1 stands in for quay.io/pypa/manylinux2014_x86_64 here."
    assert "renamed" in found.notes[1]


def test_the_vms_image_never_speaks_for_github() -> None:
    found = diagnose(failure(), image=glibc_image("2.17"), node=node(), is_vm=True)
    assert found is not None
    assert "stands for GitHub's machine" in found.summary
    assert "not about a run on GitHub" in found.notes[-1]
    assert found.fixes == (VM_FIX,)


def test_another_processor() -> None:
    found = diagnose(scan("exec /w/p: exec format error\n")[0])
    assert found is not None
    assert "another kind of processor" in found.summary


def test_every_fix_is_one_line() -> None:
    for on in (D(2021, 1, 1), D(2024, 1, 1), D(2024, 8, 1), D(2025, 1, 1), D(2026, 7, 1), D(2026, 11, 23)):
        for glibc in ("2.12", "2.17", "2.27"):
            found = diagnose(failure("node20"), image=glibc_image(glibc), node=node(on, "node20"))
            assert found is not None
            assert found.fixes
            assert not [fix for fix in found.fixes if "\n" in fix]


def test_a_program_on_an_unknown_system_is_built_below_what_is_missing() -> None:
    build, cross, static, run = for_program("", "2.34", "2.18")
    assert "manylinux2014_x86_64 (glibc 2.17)" in build
    assert "x86_64-unknown-linux-gnu.2.17" in cross
    assert "musl" in static
    assert "glibc 2.34" in run
    assert not any("manylinux" in line for line in for_program("", "2.17", "2.14"))
