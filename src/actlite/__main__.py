"""The program: ``actlite`` and ``python -m actlite``."""

import sys


def main() -> int:
    """Run the command line in ``sys.argv`` and give the exit code. ``--version`` alone is answered
    before anything is imported."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from actlite import __version__

        try:
            print(f"actlite {__version__}", flush=True)
        except BrokenPipeError:
            return 1
        return 0
    from actlite.cli.ends import run_guarded

    return run_guarded(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
