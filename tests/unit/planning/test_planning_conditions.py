"""Which jobs and steps will run: surely, surely not, or as the run has it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from actlite.planning.conditions import Condition, job_conditions, step_conditions
from actlite.planning.known import leg_contexts, run_contexts, step_contexts
from actlite.planning.plan import Plan, Trigger
from actlite.planning.planner import plan
from actlite.source import SourceFile
from actlite.workflow.reader import read

TAG = {
    "event_name": "push",
    "ref": "refs/tags/v1",
    "ref_type": "tag",
    "ref_name": "v1",
    "event": {"ref": "refs/tags/v1", "head_commit": {"message": "fix [skip]"}},
}


def planned(
    jobs: str, *, vars: dict[str, str] | None = None, event: str = "push", name: str = "", **github: Any
) -> Plan:
    text = f"on: {event}\njobs:\n{jobs}"
    found, bag = read(SourceFile("t.yml", text), "t.yml")
    assert found is not None, [finding.message for finding in bag]
    name = name or event
    made = plan(found, Trigger(name, {**TAG, "event_name": name, **github}), vars=vars or {})
    assert isinstance(made, Plan)
    return replace(made, vars=vars or {})


def job(name: str, if_: str = "", needs: str = "") -> str:
    lines = [f"  {name}:", "    runs-on: ubuntu-latest", "    steps: [{run: x}]"]
    if if_:
        lines.insert(1, f"    if: {if_}")
    if needs:
        lines.insert(1, f"    needs: [{needs}]")
    return "\n".join(lines) + "\n"


def verdict(condition: Condition) -> tuple[str, str]:
    return condition.runs, condition.reason


YES = ("yes", "")


@pytest.mark.parametrize(
    ("if_", "expected"),
    [
        ("", YES),
        ("github.ref_type == 'tag'", YES),
        ("github.ref_type == 'branch'", ("no", "github.ref_type is 'tag', not 'branch'")),
        ("github.ref_type != 'tag'", ("no", "github.ref_type is 'tag'")),
        ("\"'branch' == github.ref_type\"", ("no", "github.ref_type is 'tag', not 'branch'")),
        ("false", ("no", "'if' is false")),
        ("${{ false }}", ("no", "'if' is false")),
        ("vars.GO == 'yes'", ("no", "vars.GO is not given")),
        ("vars.GO", ("no", "vars.GO is not given")),
        ("inputs.go", ("no", "inputs.go is not given")),
        ("startsWith(github.ref, 'refs/heads/')", ("no", "startsWith(github.ref, 'refs/heads/') is false")),
        ("\"!startsWith(github.ref, 'refs/tags/')\"", ("no", "startsWith(github.ref, 'refs/tags/') is true")),
        ("github.ref_type == 'x' || github.event_name == 'y'",
         ("no", "github.ref_type is 'tag', not 'x'; github.event_name is 'push', not 'y'")),
        ("contains(github.event.head_commit.message, '[skip]') == false",
         ("no", "contains(github.event.head_commit.message, '[skip]') is true, not false")),
        ("github.event.nothing", ("no", "github.event.nothing is null")),
        ("always()", YES),
        ("failure()", ("no", "failure() is false")),
        ("\"!cancelled()\"", YES),
        ("cancelled()", ("depends", "only if the run is cancelled")),
        ("github.run_number > 3", ("depends", "depends on github.run_number")),
        ("github.run_number > 3 && false", ("no", "'if' is false")),
        ("github.run_number > 3 || true", YES),
        ("${{ github.run_number }} == 7", YES),
        ("fromJSON('[')", ("no", "its 'if' fails: ")),
        ("case(github.ref_type == 'tag', false, github.run_id)", ("no", None)),
    ],
)  # fmt: skip
def test_the_condition_of_a_job(if_: str, expected: tuple[str, str | None]) -> None:
    condition = job_conditions(planned(job("a", if_)))["a"]
    assert condition.runs == expected[0]
    if expected[1] is not None:
        assert condition.reason.startswith(expected[1])
        assert condition.reason == expected[1] or "fails" in expected[1]
    assert (condition.trace is None) is (not if_ or "fails" in condition.reason)


def test_variables_and_inputs() -> None:
    assert job_conditions(planned(job("a", "vars.GO == 'yes'"), vars={"GO": "yes"}))["a"].runs == "yes"
    text = planned(job("a", "vars.GO == 'yes'"), vars={"GO": "no"})
    assert job_conditions(text)["a"].reason == "vars.GO is 'no', not 'yes'"


def test_an_event_whose_payload_is_not_made_here_is_unknown() -> None:
    made = planned(job("a", "github.event.label.name == 'x'"), event="label", event_={})
    assert verdict(job_conditions(Plan(made.workflow, Trigger("label", {"event": {}}), made.jobs))["a"]) == (
        "depends",
        "depends on github.event.label.name",
    )


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("", "", YES),
        ("", "needs.a.result == 'success'", YES),
        ("", "needs.a.result == 'skipped'", ("depends", "not if all goes well: needs.a.result is 'success', not 'skipped'")),
        ("", "needs.a.outputs.x == 'y'", ("depends", "depends on needs.a.outputs.x")),
        ("", "github.ref_type == 'x' && needs.a.outputs.x == 'y'", ("no", "github.ref_type is 'tag', not 'x'")),
        ("", "needs.a.outputs.x == 'y' && github.ref_type == 'x'", ("no", "github.ref_type is 'tag', not 'x'")),
        ("", "failure()", ("depends", "only if something before it fails")),
        ("", "always()", YES),
        ("", "failure() || cancelled()", ("depends", "only if something before it fails or the run is cancelled")),
        ("false", "", ("no", "needs a, which does not run")),
        ("false", "github.ref_type == 'tag'", ("no", "needs a, which does not run")),
        ("false", "always()", YES),
        ("false", "\"!failure()\"", YES),
        ("false", "\"!cancelled()\"", YES),
        ("false", "failure()", ("no", "failure() is false")),
        ("false", "always() && needs.a.result == 'success'", ("no", "needs.a.result is 'skipped', not 'success'")),
        ("false", "always() && needs.a.outputs.x == 'y'", ("no", "needs.a.outputs.x is null, not 'y'")),
        ("github.run_number > 1", "", ("depends", "needs a, which may be skipped")),
        ("cancelled()", "", ("depends", "needs a, which runs only then")),
    ],
)  # fmt: skip
def test_a_job_that_needs_another(first: str, second: str, expected: tuple[str, str]) -> None:
    found = job_conditions(planned(job("a", first) + job("b", second, "a")))
    assert verdict(found["b"]) == expected


def test_a_skipped_job_far_before_counts_too() -> None:
    jobs = job("a", "false") + job("b", "always()", "a") + job("c", "", "b") + job("d", "always()", "c")
    found = job_conditions(planned(jobs))
    assert [found[name].runs for name in "abcd"] == ["no", "yes", "no", "yes"]
    assert "a before it does not run" in found["c"].reason


def test_status_functions_of_named_jobs() -> None:
    jobs = job("a", "false") + job("b") + job("c", "success('b')", "a, b") + job("d", "success('a')", "a, b")
    found = job_conditions(planned(jobs))
    assert (found["c"].runs, found["d"].runs) == ("yes", "no")


@pytest.mark.parametrize(
    ("if_", "expected"),
    [
        ("needs.a.outputs.x == '1' && fromJSON('[')", "depends"),
        ("needs.a.outputs.x && fromJSON('[') && false", "no"),
        ("always() || fromJSON('[')", "yes"),
        ("fromJSON('[') && needs.a.outputs.x", "depends"),
    ],
)
def test_a_part_that_fails_counts_only_where_it_is_asked_for(if_: str, expected: str) -> None:
    found = job_conditions(planned(job("a") + job("b", f'"{if_}"', "a")))
    assert found["b"].runs == expected


def test_a_job_that_cannot_be_planned_fails() -> None:
    bad = "  a: {runs-on: x, strategy: {matrix: {v: \"${{ fromJSON('[]') }}\"}}, steps: [{run: y}]}\n"
    found = job_conditions(
        planned(bad + job("b", "", "a") + job("c", "failure()", "a") + job("d", "always()", "b"))
    )
    assert verdict(found["b"]) == ("depends", "needs a, and its matrix can't be built")
    assert [found[name].runs for name in "cd"] == ["yes", "yes"]


def test_a_matrix_of_which_exclude_leaves_nothing() -> None:
    none = "  a: {runs-on: x, strategy: {matrix: {os: [b], exclude: [{os: b}]}}, steps: [{run: y}]}\n"
    assert verdict(job_conditions(planned(none))["a"]) == ("no", "no leg of its matrix is left")


@pytest.mark.parametrize(
    "if_",
    [
        "github.ref_protected",
        "github.repository_visibility == 'public'",
        "github.event.repository.private",
        "github.event.repository.visibility == 'public'",
        "github.event.repository.topics",
        "github.event.organization.login == 'x'",
        "github.event.head_commit.author.email == 'x'",
    ],
)
def test_what_only_github_knows_is_unknown(if_: str) -> None:
    payload = {
        "repository": {"private": True, "visibility": "private"},
        "head_commit": {"author": {"name": "x"}},
    }
    made = planned(job("a", if_))
    pushed = Trigger("push", {**TAG, "ref_protected": False, "event": payload})
    assert job_conditions(replace(made, trigger=pushed))["a"].runs == "depends"
    public = Trigger("push", {**TAG, "event": {"repository": {"private": False, "visibility": "public"}}})
    assert (
        job_conditions(replace(planned(job("a", "github.event.repository.private")), trigger=public))[
            "a"
        ].runs
        == "no"
    )


@pytest.mark.parametrize(("crons", "runs"), [(["0 5 * * *"], "no"), (["0 5 * * *", "0 6 * * 1"], "depends")])
def test_one_of_several_schedules(crons: list[str], runs: str) -> None:
    on = "{schedule: [" + ", ".join(f"{{cron: '{cron}'}}" for cron in crons) + "]}"
    made = planned(job("a", "github.event.schedule == '0 6 * * 1'"), event=on, name="schedule")
    assert job_conditions(made)["a"].runs == runs


def test_the_tree_of_why() -> None:
    condition = job_conditions(
        planned(job("a") + job("b", "github.ref_type == 'x' && needs.a.outputs.y", "a"))
    )["b"]
    assert condition.trace is not None
    rows = list(condition.trace.rows())
    assert rows[0][1] == "false"
    assert next(row for row in rows if "ref_type" in row[0])[1:] == ("false", "'tag' == 'x'")


def test_something_can_fail_before_the_first_step() -> None:
    made = planned("  a: {runs-on: x, steps: [{run: 1, if: failure()}, {run: 2, if: success()}]}\n")
    found = step_conditions(made.jobs[0].job.steps, run_contexts(made))
    assert [condition.runs for condition in found] == ["depends", "yes"]


def test_the_conditions_of_steps() -> None:
    made = planned(
        "  a:\n    runs-on: ${{ matrix.os }}\n    strategy: {matrix: {os: [ubuntu-latest, windows-latest]}}\n"
        "    steps:\n"
        "      - run: 1\n"
        "      - {run: 2, if: matrix.os == 'windows-latest'}\n"
        "      - {run: 3, if: runner.os == 'Linux'}\n"
        "      - {run: 4, if: failure()}\n"
        "      - {run: 5, if: env.X == '1'}\n"
        "      - {run: 6, if: steps.x.outputs.y == '1' && github.ref_type == 'branch'}\n"
        "      - {run: 7, if: hashFiles('x') != ''}\n"
    )
    (job_plan,) = made.jobs
    assert job_plan.legs is not None
    found = []
    for leg in job_plan.legs:
        contexts = leg_contexts(run_contexts(made), job_plan, leg, {})
        seen = step_contexts(contexts, leg.matrix["os"], False)
        found.append([condition.runs for condition in step_conditions(job_plan.job.steps, seen)])
    assert found == [
        ["yes", "no", "yes", "depends", "depends", "no", "depends"],
        ["yes", "yes", "no", "depends", "depends", "no", "depends"],
    ]
