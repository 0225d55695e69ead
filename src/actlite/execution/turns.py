"""The places of a run's jobs and calls in concurrency groups (``execution.concurrency``), for the scheduler."""

from __future__ import annotations

from collections.abc import Callable

from actlite.execution.concurrency import TOP, Place, setting
from actlite.execution.levels import JobProgress, Level, leg_scope
from actlite.execution.state import Services
from actlite.expressions.template import Scope
from actlite.planning.plan import Leg


class Turns:
    """Who of a run's jobs and calls has a group, or waits for one."""

    def __init__(self, services: Services) -> None:
        self._queues = services.queues
        self._run = services.owner.run
        self._legs: dict[str, Place] = {}
        """By the legs' keys."""
        self._levels: dict[int, Place] = {}
        """Those of called workflows, by the identity of their levels."""
        self._stops: dict[int, tuple[Place, Callable[[str], None]]] = {}
        """What ends those that have their groups, by the identity of their places."""

    def of_leg(self, leg: Leg) -> Place | None:
        """The place of a leg that has come to its group."""
        return self._legs.get(leg.key)

    def holds_back(self, level: Level) -> bool:
        """Whether the jobs of a called workflow still wait for its group."""
        place = self._levels.get(id(level))
        return place is not None and not place.cancelled and place.waiting

    def begun(self, leg: Leg, stop: Callable[[str], None]) -> None:
        """A leg has begun; ``stop`` ends it, with the reason."""
        place = self._legs.get(leg.key)
        if place is not None:
            self._stops[id(place)] = place, stop

    def look(self) -> None:
        """Ask those to end whose groups others want now."""
        for key, (place, stop) in list(self._stops.items()):
            why = place.cancelled
            if why:
                del self._stops[key]
                stop(why)

    def enter(self, job: JobProgress, leg: Leg) -> Place | None:
        """A leg of a job, or the call that it makes, comes to its group; None without one. Raises ExpressionError, and
        CannotRun where groups can't be looked at."""
        node = job.plan.job.concurrency
        if self._queues is None or node is None:
            return None
        wanted = setting(node, leg_scope(job.level, job, leg), job.plan.job.id)
        if wanted is None:
            return None
        place = self._queues.enter(wanted, leg.name, self._around(job.level))
        self._legs[leg.key] = place
        return place

    def enter_call(self, level: Level, stop: Callable[[str], None]) -> Place | None:
        """A called workflow comes to the group of its own ``concurrency``; ``stop`` ends it, with the reason. Raises
        as ``enter`` does."""
        node = level.plan.workflow.concurrency
        if self._queues is None or node is None or level.caller is None:
            return None
        trigger = level.plan.trigger
        contexts = {"github": level.github, "inputs": trigger.inputs, "vars": level.vars}
        wanted = setting(node, Scope(contexts))
        if wanted is None:
            return None
        job, leg = level.caller
        place = self._queues.enter(wanted, leg.name, (*self._around(job.level), *self._own(leg)))
        self._levels[id(level)] = place
        self._stops[id(place)] = place, stop
        return place

    def leave(self, leg: Leg) -> None:
        """A leg has ended."""
        place = self._legs.pop(leg.key, None)
        if place is not None:
            self._stops.pop(id(place), None)
            place.release()

    def leave_call(self, level: Level) -> None:
        """A called workflow has ended."""
        place = self._levels.pop(id(level), None)
        if place is not None:
            self._stops.pop(id(place), None)
            place.release()

    def _own(self, leg: Leg) -> list[tuple[str, Place]]:
        place = self._legs.get(leg.key)
        return [(f"'{leg.name}'", place)] if place is not None else []

    def _around(self, level: Level) -> list[tuple[str, Place]]:
        """What is held by all that the jobs of a level are in, each with the name of what holds it."""
        assert self._queues is not None
        found = [(TOP, self._queues.whole)] if self._queues.whole is not None else []
        while level.caller is not None:
            job, leg = level.caller
            own = self._levels.get(id(level))
            found += [(f"'{leg.name}'", own)] if own is not None else []
            found += self._own(leg)
            level = job.level
        return found
