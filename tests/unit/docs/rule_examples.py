"""The examples of docs/reference/rules, made into files.

A block of YAML that is ``bad`` or ``good`` is a file, and the blocks without one of these words that follow are other
files of the same example. Further words say how the file is made: ``encoding=latin-1``; ``repeat=N`` for a last line
that stands there N times; ``absent`` for a file that is named but isn't there. With ``plan``, the workflow is also
planned for a push of the branch main. Predictions are those of a fixed day, with the target that ``target=`` names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from actlite.checking.files import FolderFiles
from actlite.checking.predictions.settings import Predicting
from actlite.checking.repository import check
from actlite.diagnostics import Diagnostic
from actlite.errors import InvalidWorkflow
from actlite.pages import Example, Section
from actlite.planning.plan import Plan
from actlite.planning.planner import plan
from actlite.planning.trigger import make_trigger
from actlite.source import SourceFile
from actlite.workflow.reader import read

DAY = date(2026, 11, 23)
DEFAULT_NAME = ".github/workflows/example.yml"


@dataclass
class Case:
    """One example with all of its files."""

    word: str
    names: list[str] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)
    planned: bool = False
    target: str = ""

    def add(self, example: Example) -> None:
        name = example.file or DEFAULT_NAME
        self.names.append(name)
        self.planned |= "plan" in example.words
        settings = dict(word.split("=", 1) for word in example.words if "=" in word)
        self.target = settings.get("target", self.target)
        if "absent" not in example.words:
            self.contents[name] = content(example)

    def run(self, folder: Path) -> tuple[Diagnostic, ...]:
        """Write the files into an empty folder and check them as ``actlite check`` does."""
        (folder / ".git").mkdir()
        for name, data in self.contents.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        predicting = Predicting(as_of=DAY, target=self.target)
        checked = check(FolderFiles(folder), self.names, predicting=predicting)
        more = [finding for name in self.names for finding in planned(folder / name)] if self.planned else []
        return (*checked.findings, *more)


def planned(path: Path) -> tuple[Diagnostic, ...]:
    """What the plan of a workflow says for a push of the branch main."""
    workflow, _ = read(SourceFile.read(path), path.name)
    assert workflow is not None
    try:
        made = plan(workflow, make_trigger("push", None, branch="main", folder=path.parent))
    except InvalidWorkflow as error:
        return error.diagnostics
    return tuple(problem for job in made.jobs for problem in job.problems) if isinstance(made, Plan) else ()


def cases(section: Section) -> list[Case]:
    """The examples of a section."""
    found: list[Case] = []
    for example in section.examples:
        if example.word:
            found.append(Case(example.word))
        found[-1].add(example)
    return found


def content(example: Example) -> bytes:
    """The bytes of an example's file."""
    settings = dict(word.split("=", 1) for word in example.words if "=" in word)
    text = example.text
    if "repeat" in settings:
        lines = text.splitlines(keepends=True)
        text = "".join([*lines[:-1], *(lines[-1:] * int(settings["repeat"]))])
    return text.encode(settings.get("encoding", "utf-8"))
