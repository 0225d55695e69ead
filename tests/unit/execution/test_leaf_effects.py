"""What commands do to a step."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from actlite.events import Annotation
from actlite.execution.annotations import AnnotationCollector
from actlite.execution.command_effects import CommandEffects, prepend_path
from actlite.execution.masking import Masker


@dataclass
class Step:
    """A step's collections, and its effects."""

    workspace: Path | None = None
    env_context: dict[str, str] = field(default_factory=dict)
    debug: bool = False
    deprecate: bool = True
    outputs: dict[str, str] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    found: list[Annotation] = field(default_factory=list)
    masker: Masker = field(default_factory=Masker)

    def __post_init__(self) -> None:
        self.effects = CommandEffects(
            outputs=self.outputs,
            state=self.state,
            env=self.env,
            path=self.path,
            masker=self.masker,
            annotate=self.found.append,
            translate_path=self.translate,
            env_lookup=self.env_context.get,
            debug=self.debug,
            workspace=self.workspace,
            deprecate_outputs=self.deprecate,
        )

    def translate(self, path: str) -> Path | None:
        if self.workspace is not None and path.startswith("/__w/r/r/"):
            return self.workspace / path.removeprefix("/__w/r/r/")
        return None

    def say(self, *lines: str) -> list[str]:
        shown: list[str] = []
        for line in lines:
            answer = self.effects.process(line)
            shown += [line] if answer is None else answer
        return shown


def test_plain_lines_are_no_commands() -> None:
    step = Step()
    assert step.effects.process("::notsuch::x") is None
    assert step.effects.process("hello") is None
    assert not step.effects.failed


def test_set_output_works_with_a_warning() -> None:
    step = Step()
    (shown,) = step.say("::set-output name=a::b%0Ac")
    assert step.outputs == {"a": "b\nc"}
    assert shown.startswith("##[warning]The `set-output` command is deprecated and will be disabled soon.")
    assert [a.level for a in step.found] == ["warning"]
    assert not step.effects.failed


def test_before_its_deprecation_set_output_is_silent() -> None:
    step = Step(deprecate=False)
    assert step.say("::set-output name=a::b", "::save-state name=c::d") == []
    assert (step.outputs, step.state) == ({"a": "b"}, {"c": "d"})


def test_a_command_without_its_name_fails_the_step() -> None:
    step = Step()
    shown = step.say("::set-output::b")
    assert shown[0].startswith("##[warning]The `set-output`")
    assert shown[1:] == [
        "##[error]Unable to process command '::set-output::b' successfully.",
        "##[error]Required field 'name' is missing in ##[set-output] command.",
    ]
    assert step.effects.failed


def test_names_of_outputs_ignore_case() -> None:
    step = Step(outputs={"Tag": "1"})
    step.effects.put_output("tag", "2")
    step.effects.put_output("other", "3")
    assert step.outputs == {"Tag": "2", "other": "3"}


@pytest.mark.parametrize("command", ["::set-env name=A::b", "::add-path::/x"])
def test_unsecure_commands_fail_the_step(command: str) -> None:
    step = Step(env_context={"ACTIONS_ALLOW_UNSECURE_COMMANDS": "1"})
    shown = step.say(command)
    assert "command is disabled. Please upgrade to using Environment Files or opt into" in shown[1]
    assert step.effects.failed
    assert not step.env
    assert not step.path


def test_unsecure_commands_can_be_allowed() -> None:
    step = Step(env_context={"ACTIONS_ALLOW_UNSECURE_COMMANDS": " True "})
    assert step.say("::set-env name=A::b", "::add-path::/x", "::add-path::/y", "::add-path::/x") == []
    assert step.env == {"A": "b"}
    assert step.path == ["/y", "/x"]
    shown = step.say("::set-env name=node_options::--x")
    assert shown == ["##[error]Can't update NODE_OPTIONS environment variable using ::set-env:: command."]
    assert not step.effects.failed
    assert "node_options" not in step.env


def test_debug_is_shown_only_when_asked_for() -> None:
    assert Step().say("::debug::a%0Ab") == []
    assert Step(debug=True).say("::debug::a%0Ab") == ["##[debug]a", "##[debug]b"]


def test_annotations() -> None:
    step = Step()
    shown = step.say(
        "::error file=a.js,line=1,endLine=1,col=2,endColumn=5,title=T::m%0An", "::notice::n", "::warning::w"
    )
    assert shown == ["##[error]m\nn", "##[notice]n", "##[warning]w"]
    assert step.found == [
        Annotation("error", "m\nn", "T", "a.js", 1, 1, 2, 5),
        Annotation("notice", "n"),
        Annotation("warning", "w"),
    ]
    assert not step.effects.failed


@pytest.mark.parametrize(
    ("properties", "place"),
    [
        ("endLine=3", (3, 3, None, None)),
        ("line=1,endColumn=4", (1, None, 4, 4)),
        ("col=4", (None, None, None, None)),
        ("line=1,endLine=2,col=4", (1, 2, None, None)),
        ("line=3,endLine=2", (None, None, None, None)),
        ("line=3,col=5,endColumn=2", (3, None, None, None)),
        ("line=x,col=1", (None, None, None, None)),
        ("line=99999999999", (None, None, None, None)),
        ("line=1,endLine=01,col=2", (1, 1, None, None)),
        ("endLine=-1", (None, None, None, None)),
        ("line=1,endColumn=-1", (1, None, None, None)),
    ],
)
def test_places_that_make_no_sense(properties: str, place: tuple[int | None, ...]) -> None:
    step = Step()
    step.say(f"::error {properties}::m")
    found = step.found[0]
    assert (found.line, found.end_line, found.column, found.end_column) == place


def test_files_of_annotations_are_relative_to_the_workspace(tmp_path: Path) -> None:
    step = Step(workspace=tmp_path)
    step.say(
        "::error file=/__w/r/r/src/a.c::m", "::error file=/usr/include/x.h::m", "::error file=src/b.c::m"
    )
    assert [a.file for a in step.found] == ["src/a.c", "/usr/include/x.h", "src/b.c"]


def test_ten_of_a_level_are_kept_and_all_are_logged() -> None:
    step = Step()
    shown = step.say(*[f"::error::{n}" for n in range(12)], "::warning::w")
    assert len(shown) == 13
    assert [a.message for a in step.found] == [*map(str, range(10)), "w"]


def test_messages_are_masked_and_cut() -> None:
    step = Step()
    step.masker.add("secret")
    step.say("::error title=secret::a secret" + "x" * 5000)
    assert step.found[0].message.startswith("a ***x")
    assert len(step.found[0].message) == 4096
    assert step.found[0].title == "***"


def test_an_annotation_without_a_message_is_counted_and_not_seen() -> None:
    step = Step()
    assert step.say("::error::", *["::error:: "] * 8) == ["##[error] "] * 8
    assert step.say("::error message=of the property::") == []
    assert [a.message for a in step.found] == ["of the property"]
    step.say("::error::the eleventh")
    assert len(step.found) == 1


def test_those_of_inner_steps_come_when_the_outer_step_has_ended() -> None:
    shown: list[str] = []
    outer = AnnotationCollector(lambda a: shown.append(f"outer {a.message}"))
    inner = AnnotationCollector(lambda a: shown.append(f"inner {a.message}"), outer)
    innermost = AnnotationCollector(lambda a: shown.append(f"innermost {a.message}"), inner)
    for number in range(30):
        (inner, innermost)[number % 2].add(Annotation("error", str(number)))
    outer.add(Annotation("error", "own"))
    assert shown == ["outer own"]
    outer.finish()
    assert shown[1:] == [f"{('inner', 'innermost')[n % 2]} {n}" for n in range(9)]


def test_a_message_is_cut_as_dotnet_counts() -> None:
    step = Step()
    step.say("::error::" + "x" * 4095 + "\U0001f600y", "::error::" + "\U0001f600" * 2049)
    assert [len(a.message) for a in step.found] == [4095, 2048]


def test_groups_are_not_echoed() -> None:
    assert Step().say("::group::T", "::endgroup::x") == ["##[group]T", "##[endgroup]"]


def test_echo() -> None:
    step = Step()
    assert step.say("::echo::ON", "::set-output name=a::b", "::add-mask::v", "::warning::w") == [
        "::set-output name=a::b",
        step.found[0].message.join(["##[warning]", ""]),
        "::add-mask::***",
        "##[warning]w",
    ]
    assert step.say("::echo:: off ", "::endgroup::") == ["::echo:: off ", "##[endgroup]"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            "maybe",
            "Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: 'maybe'.",
        ),
        ("", "Value cannot be null. (Parameter 'value')"),
    ],
)
def test_a_bad_echo_fails_the_step(value: str, text: str) -> None:
    step = Step()
    assert step.say(f"::echo::{value}")[1] == f"##[error]{text}"
    assert step.effects.failed


def test_add_mask() -> None:
    step = Step()
    assert step.say("::add-mask::first%0A  second  ") == []
    assert step.masker.mask("first second") == "*** ***"
    assert step.say("::add-mask:: ") == [
        "##[warning]Can't add secret mask for empty string in ##[add-mask] command."
    ]
    assert not step.effects.failed


def test_stop_and_resume() -> None:
    step = Step()
    assert step.say("::stop-commands::Tok", "::warning::x", "::TOK::", "::warning::y", "::tok::") == [
        "::stop-commands::Tok",
        "::warning::x",
        "::TOK::",
        "##[warning]y",
        "::tok::",
    ]
    assert [a.message for a in step.found] == ["y"]
    assert step.masker.patterns(lines=False) == ()


def test_a_long_token_is_masked() -> None:
    step = Step()
    step.say("::stop-commands::long-token")
    assert step.masker.mask("::stop-commands::long-token") == "::stop-commands::***"


@pytest.mark.parametrize("token", ["", "warning", "Pause-Logging"])
def test_tokens_that_can_not_be_used(token: str) -> None:
    step = Step()
    (shown,) = step.say(f"::stop-commands::{token}")
    assert shown.startswith("##[error]You cannot use a endToken that is an empty string")
    assert step.effects.failed
    assert step.effects.deaf
    allowed = Step(env_context={"ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS": "1"})
    allowed.say(f"::stop-commands::{token}")
    assert not allowed.effects.failed
    assert allowed.effects.process("::group::T") is None
    assert allowed.effects.process("::::") is None


def test_commands_that_wait_are_remarked_on() -> None:
    step = Step(debug=True)
    assert step.say("::stop-commands::Tok", "::warning::x", "::tok::", "::remove-matcher owner=x::") == [
        "::stop-commands::Tok",
        "##[debug]Paused processing commands until the token you called ::stopCommands:: with is received",
        "##[debug]Process commands has been stopped and waiting for '##[Tok]' to resume.",
        "::warning::x",
        "::tok::",
        "##[debug]Resume processing commands",
        "::remove-matcher owner=x::",
        "##[debug]Removed matchers: ",
    ]


def test_matchers_are_added_and_removed(tmp_path: Path) -> None:
    config = {"problemMatcher": [{"owner": "x", "pattern": [{"regexp": "^E: (.*)$", "message": 1}]}]}
    (tmp_path / "m.json").write_text(json.dumps(config))
    step = Step(workspace=tmp_path)
    assert step.say("::add-matcher::m.json", "::add-matcher::/__w/r/r/m.json") == []
    assert list(step.effects.matchers.owners) == ["x"]
    assert step.say("::remove-matcher owner=X::") == []
    assert list(step.effects.matchers.owners) == []
    step.say("##[add-matcher]m.json", "##[remove-matcher]m.json")
    assert list(step.effects.matchers.owners) == []
    assert not step.effects.failed


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("::add-matcher::", "File path must be specified."),
        (
            "::remove-matcher::",
            "Either an owner name or a file path must be specified in ##[remove-matcher] command.",
        ),
        (
            "::remove-matcher owner=a::b",
            "Either specify an owner name or a file path in ##[remove-matcher] command. Both values cannot be set.",
        ),
    ],
)
def test_matcher_commands_without_what_they_need_warn(line: str, text: str) -> None:
    step = Step()
    assert step.say(line) == [f"##[warning]{text}"]
    assert not step.effects.failed


@pytest.mark.parametrize("name", ["missing.json", "/only/in/the/container.json"])
def test_a_matcher_file_that_is_not_there_fails_the_step(tmp_path: Path, name: str) -> None:
    step = Step(workspace=tmp_path)
    assert step.say(f"::add-matcher::{name}")[1].startswith("##[error]Could not find file '")
    assert step.say(f"::remove-matcher::{name}")[1].startswith("##[error]Could not find file '")
    assert step.effects.failed


def test_an_entry_is_in_path_once() -> None:
    path = ["a", "b", "a"]
    prepend_path(path, ["a"])
    assert path == ["b", "a"]
