"""What contexts know of the names in them: the words for a name that is not there.

GitHub evaluates such a name to null without a word, so these are warnings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from actlite.expressions.types import Lack
from actlite.records import field, frozen
from actlite.workflow.model import Job
from actlite.workflow.nearest import did_you_mean, nearest

_MANY = 30
_FEW = 12
"""Where one is surely meant, more names than these are not listed."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_GIVEN_SECRETS = ("GITHUB_TOKEN", "ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG")


def listed(names: Sequence[str]) -> str:
    """Names in a help text."""
    more = len(names) - _MANY
    return ", ".join(names[:_MANY]) + (f" and {more} more" if more > 0 else "")


@frozen
class Closed:
    """The names of a context that are all known."""

    code: str
    what: str
    """The beginning of the message, up to the name."""
    known: tuple[str, ...]
    none: str = "it has none"
    """The help where there are no names at all."""
    advice: Mapping[str, str] = field(default_factory=dict)
    """What to write instead of some names, by the name in small letters."""

    def lack(self, name: str, tested: bool) -> Lack | None:
        """Every name that is asked for is missing."""
        message = f"{self.what} '{name}': this is always empty"
        advice = self.advice.get(name.lower())
        if advice is not None:
            return Lack(self.code, message, help=advice)
        guess = did_you_mean(name, self.known)
        if not self.known:
            help = self.none
        else:
            help = "" if guess and len(self.known) > _FEW else f"known: {listed(self.known)}"
        return Lack(self.code, message, guess, help)


@frozen
class StepNames:
    """The ids of the steps before a place, and of all steps."""

    before: tuple[str, ...]
    every: frozenset[str]
    """In small letters."""

    def lack(self, name: str, tested: bool) -> Lack | None:
        """A step that runs later is said to be so."""
        if name.casefold() in self.every:
            return Lack("unknown-step", f"step '{name}' runs only later: this is always empty")
        help = f"ids before this: {listed(self.before)}" if self.before else "no step before this has an id"
        message = f"no step before this has the id '{name}': this is always empty"
        return Lack("unknown-step", message, did_you_mean(name, self.before), help)


@frozen
class NeedNames:
    """The jobs that a job needs, and all jobs."""

    job: Job
    jobs: tuple[Job, ...]

    def lack(self, name: str, tested: bool) -> Lack | None:
        """A job that exists is to be added to the needs."""
        other = next((job for job in self.jobs if job.id.casefold() == name.casefold()), None)
        needs = self.job.needs
        return Lack(
            "unknown-need-name",
            f"job '{self.job.id}' does not need a job '{name}': this is always empty",
            "" if other else did_you_mean(name, needs),
            f"add '{other.id}' to its needs" if other else f"it needs: {listed(needs) or 'none'}",
        )


@frozen
class MatrixNames:
    """The keys of a matrix. ``matrix.extra || 'x'`` is often meant, so that only what looks like a slip of the
    pen is a warning there."""

    job: str
    known: tuple[str, ...]

    def lack(self, name: str, tested: bool) -> Lack | None:
        """A key of no row."""
        guess = nearest(name, self.known, likeness=0.8) if tested else nearest(name, self.known)
        return Lack(
            "unknown-matrix-key",
            f"the matrix of job '{self.job}' has no key '{name}': this is always empty",
            f"did you mean '{guess}'?" if guess else "",
            f"known: {listed(self.known)}" if self.known else "the job has no matrix",
            warning=not tested or guess is not None or not self.known,
        )


@frozen
class AnyNames:
    """Names that can't be known, such as those of environment variables; but they are names, not numbers."""

    def lack(self, name: str, tested: bool) -> Lack | None:
        """Nothing is wrong with any name."""
        return None


@frozen
class VariableNames:
    """The names that a variable of the repository can have."""

    def lack(self, name: str, tested: bool) -> Lack | None:
        """Only a name that GitHub takes for no variable."""
        if name.upper().startswith("GITHUB_"):
            why = "the name of a variable can't begin with GITHUB_"
        elif not _VARIABLE.match(name):
            why = "the name of a variable has only letters, digits and _, and no digit first"
        else:
            return None
        return Lack("unknown-property", f"there can't be a variable '{name}': this is always empty", help=why)


@frozen
class SecretNames:
    """The names that a secret can have; ``declared`` are those of a called workflow, None where any can come."""

    declared: tuple[str, ...] | None = None
    called: bool = False

    def lack(self, name: str, tested: bool) -> Lack | None:
        """A name that is not declared, or that GitHub takes for no secret."""
        folded = name.casefold()
        if any(folded == other.casefold() for other in (*_GIVEN_SECRETS, *(self.declared or ()))):
            return None
        if self.declared is not None:
            return Lack(
                "unknown-secret",
                f"this called workflow declares no secret '{name}': it is empty unless the caller has "
                "'secrets: inherit'",
                did_you_mean(name, self.declared),
                f"declare it in on.workflow_call.secrets; declared: {listed(self.declared) or 'none'}",
            )
        if self.called:
            return None
        if folded.startswith("github_"):
            why = "the name of a secret can't begin with GITHUB_"
        elif not _VARIABLE.match(name):
            why = "the name of a secret has only letters, digits and _, and no digit first"
        else:
            return None
        return Lack("unknown-secret", f"there can't be a secret '{name}': this is always empty", help=why)
