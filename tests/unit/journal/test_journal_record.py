"""The fold of events into a record."""

from __future__ import annotations

from actlite.events import (
    Annotation,
    ArtifactFound,
    CallFinished,
    CallStarted,
    Event,
    JobFinished,
    JobStarted,
    Notice,
    RunFinished,
    RunStarted,
    StepAnnotation,
    StepFinished,
    StepOutput,
    StepStarted,
    StepSummary,
)
from actlite.journal.record import fold, overall

START = RunStarted(
    100.0,
    "7",
    "Release",
    "release.yml",
    "push",
    "refs/tags/v1",
    "a" * 40,
    "2026-11-23",
    "2.336.0",
    "aaaaaaa",
    ("a", "b"),
)


def finished(step: str, outcome: str = "success", **more: object) -> StepFinished:
    return StepFinished(103.0, "a", step, "id", f"step {step}", outcome, outcome, 1.0, **more)  # type: ignore[arg-type]


def test_a_whole_run() -> None:
    note = Notice(100.5, "note", "stand-in")
    made = ArtifactFound(104.0, "a", "x", "/x", 3)
    events: list[Event] = [
        START,
        note,
        JobStarted(101.0, "a", "a", "A", {"k": 1}, "image", "real", "ubuntu-latest"),
        StepStarted(102.0, "a", "1", "id", "step 1", "detail"),
        StepOutput(102.1, "a", "1", "text\n"),
        StepAnnotation(102.2, "a", "1", Annotation("warning", "w")),
        StepSummary(102.3, "a", "1", "# one\n"),
        StepSummary(102.4, "a", "1", "two\n"),
        finished("1", outputs={"o": "1"}, exit_code=0),
        made,
        JobFinished(105.0, "a", "a", "A", "success", {"o": "1"}, 4.0),
        RunFinished(106.0, "7", "success", 6.0, ("box",), "/runs/7"),
    ]
    record = fold(events)
    assert (record.id, record.conclusion, record.duration, record.kept) == ("7", "success", 6.0, ("box",))
    assert record.notices == (note,)
    assert record.artifacts == (made,)
    job = record.jobs[0]
    assert (job.name, job.where, job.instead_of, job.result, job.matrix) == (
        "A",
        "image",
        "real",
        "success",
        {"k": 1},
    )
    step = job.steps[0]
    assert (step.detail, step.outputs, step.summary, step.started) == (
        "detail",
        {"o": "1"},
        "# one\ntwo\n",
        102.0,
    )
    assert step.annotations == (Annotation("warning", "w"),)


def test_jobs_that_never_started_are_known_from_the_start() -> None:
    assert [(j.key, j.result) for j in fold([START]).jobs] == [("a", ""), ("b", "")]


def test_a_killed_run_has_no_conclusion() -> None:
    record = fold(
        [START, JobStarted(101.0, "a", "a", "A", {}, "image"), StepStarted(102.0, "a", "1", "", "x")]
    )
    assert record.conclusion == ""
    assert record.jobs[0].steps[0].outcome == ""


def test_a_skipped_step_needs_no_start() -> None:
    step = fold([START, finished("2", "skipped", reason="success() is false")]).jobs[0].steps[0]
    assert (step.key, step.outcome, step.reason) == ("2", "skipped", "success() is false")


def test_a_step_that_runs_again_begins_anew_in_its_place() -> None:
    again = [
        START,
        finished("1", "failure", exit_code=1),
        StepAnnotation(1.0, "a", "1", Annotation("error", "old")),
        finished("2", "skipped"),
        StepStarted(110.0, "a", "1", "id", "step 1"),
        finished("1"),
    ]
    steps = fold(again).jobs[0].steps
    assert [(s.key, s.outcome) for s in steps] == [("1", "success"), ("2", "skipped")]
    assert steps[0].annotations == ()
    assert steps[0].exit_code is None


def test_depth_of_composite_steps() -> None:
    steps = fold([START, finished("2"), finished("2.1"), finished("2.1.3"), finished("pre-2")]).jobs[0].steps
    assert [s.depth for s in steps] == [0, 1, 2, 0]


def test_events_without_a_start_do_no_harm() -> None:
    assert fold([]).jobs == ()
    assert fold([finished("1")]).jobs[0].key == "a"


def test_the_worst_conclusion_counts() -> None:
    assert overall([]) == "success"
    assert overall(["success", "failure"]) == "failure"
    assert overall(["failure", "cancelled"]) == "cancelled"
    assert overall(["success", "incomplete"]) == "incomplete"
    assert overall(["success", ""]) == "cancelled"


def called(jobs: tuple[str, ...]) -> CallStarted:
    return CallStarted(101.0, "a", "a", "A", ".github/workflows/b.yml", {"x": True}, jobs)


def test_the_jobs_of_a_called_workflow_stand_in_the_place_of_its_caller() -> None:
    record = fold(
        [
            START,
            called(("a / one", "a / two")),
            JobStarted(102.0, "a / two", "a / two", "A / Two", {}, "image:1"),
            CallFinished(104.0, "a", "a", "A", "success", {"out": "1"}, 3.0),
        ]
    )
    assert [job.key for job in record.jobs] == ["a / one", "a / two", "b"]
    (call,) = record.calls
    assert (call.workflow, call.inputs, call.started) == (".github/workflows/b.yml", {"x": True}, 101.0)
    assert (call.result, call.outputs, call.duration) == ("success", {"out": "1"}, 3.0)


def test_a_call_within_a_call() -> None:
    inner = CallStarted(102.0, "a / one", "a / one", "A / One", "o/r/x.yml@v1", {}, ("a / one / x",))
    record = fold([START, called(("a / one", "a / two")), inner])
    assert [job.key for job in record.jobs] == ["a / one / x", "a / two", "b"]
    assert [call.result for call in record.calls] == ["", ""]
