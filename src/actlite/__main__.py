"""The program: ``actlite`` and ``python -m actlite``."""

import os
import sys


def main() -> int:
    """Run the command line in ``sys.argv`` and give the exit code. ``--version`` alone is answered
    before anything is imported."""
    _open_standard_files()
    if sys.argv[1:] in (["--version"], ["-V"]):
        from actlite import __version__

        try:
            print(f"actlite {__version__}", flush=True)
        except BrokenPipeError:
            return 1
        return 0
    import gc

    # Loading the program makes many objects and no garbage: the collector would only look for it in vain.
    gc.set_threshold(100_000, 20, 50)
    from actlite.cli.ends import run_guarded

    return run_guarded(sys.argv[1:])


def _open_standard_files() -> None:
    """Where the caller has closed stdin, stdout or stderr, take the null device: else the next file opened
    would get the place, and what is meant for a terminal would go into it."""
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(handle, True)
    os.close(handle)
    sys.stdin = sys.stdin or open(0, closefd=False)  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115


def program() -> None:
    """Run ``main`` and leave at once: taking the loaded modules apart takes longer than reading a workflow."""
    import os

    code = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = code or 1
    os._exit(code)


if __name__ == "__main__":
    program()
