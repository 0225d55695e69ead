"""What workflow commands do to a step (R: ``Runner.Worker/ActionCommandManager.cs``)."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, MutableMapping, MutableSequence, Sequence
from pathlib import Path

from actlite.events import Annotation
from actlite.execution.annotations import AnnotationCollector, log_line, presentable
from actlite.execution.commands import REGISTERED, Command, parse_command
from actlite.execution.masking import Masker
from actlite.execution.matchers import MatcherConfig, MatcherError, Matchers, StepMatchers, load_matchers
from actlite.execution.places import annotation_place, host_file, relative_to

UNSECURE_COMMANDS = "ACTIONS_ALLOW_UNSECURE_COMMANDS"
UNSECURE_TOKENS = "ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS"
BLOCKED_ENV = ("NODE_OPTIONS",)
"""Names that a step may not set for later steps."""

_PLAIN_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_PATH = threading.Lock()
"""Steps inside of a composite action in the background change PATH while others do."""
_NO_ECHO = frozenset({"add-mask", "debug", "error", "notice", "warning"})
_DEPRECATED = (
    "The `{0}` command is deprecated and will be disabled soon. Please upgrade to using Environment Files. "
    "For more information see: https://github.blog/changelog/"
    "2022-10-11-github-actions-deprecating-save-state-and-set-output-commands/"
)
_DISABLED = (
    "The `{0}` command is disabled. Please upgrade to using Environment Files or opt into unsecure command "
    "execution by setting the `ACTIONS_ALLOW_UNSECURE_COMMANDS` environment variable to `true`. For more "
    "information see: https://github.blog/changelog/"
    "2020-10-01-github-actions-deprecating-set-env-and-add-path-commands/"
)
_BAD_TOKEN = (
    "You cannot use a endToken that is an empty string, the string 'pause-logging', or another workflow "
    "command. For more information see: https://docs.github.com/actions/learn-github-actions/"
    "workflow-commands-for-github-actions#example-stopping-and-starting-workflow-commands or opt into "
    "insecure command execution by setting the `ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS` environment "
    "variable to `true`."
)


class _CommandFailed(Exception):
    """A command can't be carried out; the step fails. ``shown`` are the lines that come before the error."""

    def __init__(self, message: str, shown: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.shown = shown


class CommandEffects:
    """Carries out the commands of one step, or of one action inside a composite one.

    ``outputs``, ``state``, ``env`` and ``path`` are written to. ``translate_path`` gives the place on this
    machine of a path in the container (None: it has none). ``env_lookup`` asks the step's env context; it
    may be set anew when that is known. ``annotate`` gets at most ten annotations of a level, those of the steps of a
    composite action only when the step in the job, whose collector is ``outer``, has ended. ``runner_name`` gives
    the runner's name of a path on this machine, ``step_id`` is the step's own id. With ``deprecate_outputs``
    false, set-output and save-state work without a warning, as before 2022-10-11.
    """

    def __init__(
        self,
        *,
        outputs: MutableMapping[str, str],
        state: MutableMapping[str, str],
        env: MutableMapping[str, str],
        path: MutableSequence[str],
        masker: Masker,
        annotate: Callable[[Annotation], None],
        translate_path: Callable[[str], Path | None],
        env_lookup: Callable[[str], str | None],
        debug: bool,
        workspace: Path | None = None,
        matchers: Matchers | None = None,
        deprecate_outputs: bool = True,
        runner_name: Callable[[Path], str] = str,
        step_id: str = "",
        outer: AnnotationCollector | None = None,
    ) -> None:
        self.outputs = outputs
        self.state = state
        self._outputs_known = {name.lower(): name for name in outputs}
        self._state_known = {name.lower(): name for name in state}
        self.env = env
        self.path = path
        self.masker = masker
        self.translate_path = translate_path
        self.env_lookup = env_lookup
        self.debug = debug
        self.workspace = workspace
        self.annotations = AnnotationCollector(annotate, outer)
        self.on_env: Callable[[str, str], None] | None = None
        """Told of what the step sets for later steps, which its own env context has from then on."""
        self.failed = False
        """Set when a command could not be carried out: the step fails, whatever its exit code."""
        self.deaf = False
        """Set when a command has ended the step: what comes after it counts for nothing."""
        self._job_matchers = matchers if matchers is not None else Matchers()
        self._matchers = self._job_matchers.for_step(lambda path: self.translate_path(path))
        self._runner_name = runner_name
        self._step_id = step_id
        self._deprecate = deprecate_outputs
        self._echo = debug
        self._stop_token: str | None = None
        self._registered = set(REGISTERED)
        self._effects: dict[str, Callable[[Command], list[str]]] = {
            "add-mask": self._add_mask,
            "add-matcher": self._add_matcher,
            "add-path": self._add_path,
            "debug": lambda command: self.remark(command.data),
            "echo": self._set_echo,
            "endgroup": lambda _: ["##[endgroup]"],
            "error": self._issue_command,
            "group": lambda command: [f"##[group]{command.data}"],
            "notice": self._issue_command,
            "remove-matcher": self._remove_matcher,
            "save-state": self._save_state,
            "set-env": self._set_env,
            "set-output": self._set_output,
            "warning": self._issue_command,
        }

    @property
    def matchers(self) -> StepMatchers:
        """The problem matchers at work on the step's output."""
        return self._matchers

    def is_command(self, line: str) -> bool:
        """Whether the line, or the beginning of one, is a command."""
        return parse_command(line, self._registered) is not None

    def process(self, line: str) -> list[str] | None:
        """Carry out the command in a line. Gives what to show instead of it, None for plain output."""
        command = parse_command(line, self._registered)
        if command is None:
            return None
        if self._stop_token is not None:
            return self._stopped(command, line)
        if command.name == "stop-commands":
            return self._stop(command.data, line)
        effect = self._effects.get(command.name)
        if effect is None:
            return self.issue("warning", f"Can't find command extension for ##[{command.name}.command].")
        shown = [line] if self._echo and command.name not in _NO_ECHO else []
        try:
            return shown + effect(command)
        except _CommandFailed as failure:
            what = command.name if command.name in _NO_ECHO else line
            self.failed = True
            return [
                *shown,
                *failure.shown,
                *self.issue("error", f"Unable to process command '{what}' successfully."),
                *self.issue("error", str(failure)),
            ]

    def matched(self, annotation: Annotation, line: str) -> str:
        """Take what a problem matcher found; the line is shown under the annotation's level."""
        self.annotations.add(presentable(annotation, self.masker))
        return f"##[{annotation.level}]{line}"

    def issue(self, level: str, message: str) -> list[str]:
        """Add an annotation without a place; gives its lines for the log."""
        return self._annotate(Annotation(level, message))

    def annotate_error(self, message: str) -> None:
        """Add an error annotation; its line in the log is the caller's."""
        self._annotate(Annotation("error", message))

    def annotate_warning(self, message: str) -> None:
        """Add a warning annotation; its line in the log is the caller's."""
        self._annotate(Annotation("warning", message))

    def _annotate(self, annotation: Annotation) -> list[str]:
        shown = presentable(annotation, self.masker)
        self.annotations.add(shown)
        line = log_line(shown)
        return [line] if line else []

    def put_env(self, name: str, value: str) -> None:
        """Set a variable for later steps."""
        self.env[name] = value
        if self.on_env is not None:
            self.on_env(name, value)

    def put_output(self, name: str, value: str) -> None:
        """Set an output, whose name is known whatever its case: the first spelling stays."""
        self.outputs[self._outputs_known.setdefault(name.lower(), name)] = value

    def put_state(self, name: str, value: str) -> None:
        """Keep a value for the action's later stages; names as those of outputs."""
        self.state[self._state_known.setdefault(name.lower(), name)] = value

    def remark(self, text: str) -> list[str]:
        """The lines of a text that is shown in debug logs only."""
        if not self.debug:
            return []
        return [f"##[debug]{line}" for line in text.replace("\r\n", "\n").split("\n")]

    # Stopping

    def _stop(self, token: str, line: str) -> list[str]:
        unusable = not token or token.lower() in self._registered or token.lower() == "pause-logging"
        if unusable and not yes(self.env_lookup(UNSECURE_TOKENS)):
            # The runner's own reader of the output stumbles here: nothing that follows is seen.
            self.failed = self.deaf = True
            return self.issue("error", _BAD_TOKEN)
        self._stop_token = token
        self._registered.add(token.lower())
        if len(token) > 6:
            self.masker.add(token)
        return [
            line,
            *self.remark(
                "Paused processing commands until the token you called ::stopCommands:: with is received"
            ),
        ]

    def _stopped(self, command: Command, line: str) -> list[str] | None:
        assert self._stop_token is not None
        if not self._stop_token or command.name != self._stop_token.lower():
            waiting = f"Process commands has been stopped and waiting for '##[{self._stop_token}]' to resume."
            remarks = self.remark(waiting)
            return [*remarks, line] if remarks else None
        self._registered.discard(self._stop_token.lower())
        self._stop_token = None
        return [line, *self.remark("Resume processing commands")]

    # Values

    def _set_output(self, command: Command) -> list[str]:
        shown = self._deprecated(command)
        name = self._required_name(command, shown)
        self.put_output(name, command.data)
        return shown + self.remark(f"{self._reference(name)}='{command.data}'")

    def _reference(self, output: str) -> str:
        """How an expression names an output; '' where none can, for want of an id (R: ``StepsContext.SetOutput``)."""
        step = self._step_id
        if not step or step.startswith("__"):
            return ""
        if _PLAIN_NAME.fullmatch(output):
            return f"steps.{step}.outputs.{output}"
        return f"steps['{step}']['outputs']['{output}']"

    def _save_state(self, command: Command) -> list[str]:
        shown = self._deprecated(command)
        name = self._required_name(command, shown)
        self.put_state(name, command.data)
        return shown + self.remark(f"Save intra-action state {name} = {command.data}")

    def _deprecated(self, command: Command) -> list[str]:
        return self.issue("warning", _DEPRECATED.format(command.name)) if self._deprecate else []

    @staticmethod
    def _required_name(command: Command, shown: Sequence[str] = ()) -> str:
        name = command.properties.get("name")
        if not name:
            raise _CommandFailed(f"Required field 'name' is missing in ##[{command.name}] command.", shown)
        return name

    def _set_env(self, command: Command) -> list[str]:
        self._require_unsecure(command)
        name = self._required_name(command)
        if name.upper() in BLOCKED_ENV:
            return self.issue(
                "error", f"Can't update {name.upper()} environment variable using ::set-env:: command."
            )
        self.put_env(name, command.data)
        return self.remark(f"{name}='{command.data}'")

    def _add_path(self, command: Command) -> list[str]:
        self._require_unsecure(command)
        if not command.data:
            raise _CommandFailed("Value cannot be null. (Parameter 'path')")
        prepend_path(self.path, [command.data])
        return []

    def _require_unsecure(self, command: Command) -> None:
        if (self.env_lookup(UNSECURE_COMMANDS) or "").strip().lower() != "true":
            raise _CommandFailed(_DISABLED.format(command.name))

    def _add_mask(self, command: Command) -> list[str]:
        if not command.data.strip():
            return self.issue("warning", "Can't add secret mask for empty string in ##[add-mask] command.")
        self.masker.add(command.data)
        return ["::add-mask::***"] if self._echo else []

    def _set_echo(self, command: Command) -> list[str]:
        if not command.data:
            raise _CommandFailed("Value cannot be null. (Parameter 'value')")
        value = command.data.strip().lower()
        if value not in ("on", "off"):
            raise _CommandFailed(
                "Invalid echo command value. Possible values can be: 'on', 'off'. "
                f"Current value is: '{command.data}'."
            )
        self._echo = value == "on"
        return self.remark(f"Setting echo command value to '{value}'")

    # Annotations and matchers

    def _issue_command(self, command: Command) -> list[str]:
        place, remarks = annotation_place(command)
        file = self._known_as(command.properties.get("file", ""))
        title = command.properties.get("title", "")
        # Without a message of its own, the annotation has the property's; the log has none (R: IssueExtensions).
        message = command.data if command.data.strip() else command.properties.get("message", "")
        shown = self._annotate(Annotation(command.name, message, title, file, *place))
        logged = (
            shown if command.data.strip() else [f"##[{command.name}]{command.data}"] if command.data else []
        )
        return [*(line for remark in remarks for line in self.remark(remark)), *logged]

    def _known_as(self, file: str) -> str:
        """A file as the annotation names it: relative to the workspace, else by the runner's name."""
        real = host_file(file, self.translate_path) if file else None
        if real is None or not real.is_absolute():
            return file
        relative = relative_to(str(real), self.workspace)
        return self._runner_name(real) if relative.startswith("/") else relative

    def _matchers_of(self, name: str, *, check: bool = True) -> tuple[list[MatcherConfig], list[str]]:
        file = host_file(name, self.translate_path)
        if file is None:
            raise _CommandFailed(f"Could not find file '{name}'.")
        real = file if self.workspace is None else self.workspace / file
        try:
            return load_matchers(real, check=check, name=self._runner_name(real))
        except MatcherError as error:
            raise _CommandFailed(str(error)) from error

    def _add_matcher(self, command: Command) -> list[str]:
        if not command.data:
            return self.issue("warning", "File path must be specified.")
        configs, unsupported = self._matchers_of(command.data)
        shown = [line for text in unsupported for line in self.issue("warning", text)]
        if not configs:
            return shown
        self._job_matchers.add(configs)
        owners = ", ".join(f"'{config.owner}'" for config in configs)
        return shown + self.remark(
            f"Added matchers: {owners}. Problem matchers scan action output for known warning or error strings "
            "and report these inline."
        )

    def _remove_matcher(self, command: Command) -> list[str]:
        owner = command.properties.get("owner", "")
        if owner and command.data:
            return self.issue(
                "warning",
                "Either specify an owner name or a file path in ##[remove-matcher] command. "
                "Both values cannot be set.",
            )
        if not owner and not command.data:
            return self.issue(
                "warning",
                "Either an owner name or a file path must be specified in ##[remove-matcher] command.",
            )
        owners = [owner]
        if not owner:
            owners = [config.owner for config in self._matchers_of(command.data, check=False)[0]]
            if not owners:
                return []
        removed = self._job_matchers.remove(owners)
        return self.remark("Removed matchers: " + ", ".join(f"'{name}'" for name in removed))


def prepend_path(path: MutableSequence[str], entries: Iterable[str]) -> None:
    """Add entries at the end of the list, which is the front of PATH; each is in it once, at its last place."""
    new = list(dict.fromkeys(reversed(list(entries))))[::-1]
    gone = set(new)
    with _PATH:
        path[:] = [*(one for one in path if one not in gone), *new]


def yes(value: str | None) -> bool:
    """Whether a variable says yes (R: ``StringUtil.ConvertToBoolean``)."""
    return (value or "").lower() in ("1", "true", "$true")
