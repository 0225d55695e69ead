"""python -m sample_workflows.standins build [--all] [--force] [NAME…] | --list"""

from __future__ import annotations

import argparse
import atexit
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sample_workflows.standins.recipes import RECIPES


def cache_folder() -> Path:
    """Where package files are kept between calls: below the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "actlite" / "standins"


def connect() -> Any:
    """The SDK's client for the container engine that actlite would use; podman's service is started where
    only podman is there, and ends with this process. Raises EngineUnavailable."""
    import docker

    from actlite.engines.docker.client import connect as connect_to
    from actlite.engines.docker.podman import service
    from actlite.errors import EngineUnavailable

    try:
        connection = connect_to()
    except EngineUnavailable as error:
        if "the default socket" not in error.why or shutil.which("podman") is None:
            raise
        socket, stop = service(None)
        atexit.register(stop)
        connection = connect_to(f"unix://{socket}")
    connection.api.timeout = 300
    client = docker.DockerClient.__new__(docker.DockerClient)
    client.api = connection.api  # a front for the connection that stands
    return client


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit codes as actlite's: 0, 2 bad usage, 4 the environment can't."""
    parser = argparse.ArgumentParser(prog="python -m sample_workflows.standins", description=__doc__)
    parser.add_argument("--list", action="store_true", help="the stand-ins and what they stand for")
    commands = parser.add_subparsers(dest="command")
    build = commands.add_parser("build", help="make images; those that are there already cost nothing")
    build.add_argument("names", nargs="*", metavar="NAME", help="default: all but those that only tests need")
    build.add_argument("--all", action="store_true", help="all of them")
    build.add_argument("--force", action="store_true", help="make them anew")
    build.add_argument("--quiet", action="store_true", help="say only what fails")
    options = parser.parse_args(arguments)
    if options.list:
        for recipe in RECIPES.values():
            print(f"{recipe.image:39} in place of {recipe.stands_for}" + "  (for tests)" * recipe.for_tests)
        return 0
    if options.command != "build":
        parser.print_usage(sys.stderr)
        return 2
    unknown = [name for name in options.names if name not in RECIPES]
    if unknown:
        print(f"No stand-in is called {', '.join(unknown)}. There are: {', '.join(RECIPES)}", file=sys.stderr)
        return 2
    usual = [name for name, recipe in RECIPES.items() if options.all or not recipe.for_tests]
    return run(options.names or usual, options.force, options.quiet)


def run(names: Sequence[str], force: bool, quiet: bool) -> int:
    """Build these. One process at a time: two would write the same package files."""
    import fcntl
    from subprocess import CalledProcessError

    from docker.errors import DockerException

    from actlite.errors import EngineUnavailable
    from sample_workflows.standins.build import Builder
    from sample_workflows.standins.packages import PackagesUnavailable

    started = time.monotonic()
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        builder = Builder(connect(), folder, (lambda _: None) if quiet else print)
        todo = [RECIPES[name] for name in names if force or not builder.is_built(RECIPES[name])]
        if not todo:
            return 0
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not quiet:
                print(f"Making {len(todo)} stand-in image{'s' * (len(todo) > 1)} from Debian packages")
            for recipe in todo:
                builder.build(recipe, force)
    except PackagesUnavailable as error:
        print(f"The stand-in images can't be made: {error}", file=sys.stderr)
        return 4
    except (EngineUnavailable, DockerException, OSError, CalledProcessError) as error:
        print(f"The stand-in images can't be made: {error}", file=sys.stderr)
        return 4
    if not quiet:
        print(f"  done in {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
