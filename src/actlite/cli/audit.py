"""``actlite audit``: what built files ask of the systems that they are for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from actlite.cli.common import FORMAT
from actlite.cli.settings import load
from actlite.cli.text import write, write_json
from actlite.cli.workflow_files import root_of
from actlite.errors import CannotRun, UsageError

if TYPE_CHECKING:
    from actlite.cli.audit_images import AuditImage
    from actlite.glibc.audit.model import AuditReport

_GLIBC = re.compile(r"(?:glibc[ _-]?)?(\d+\.\d+)")


@click.command("audit", short_help="What built files need, and the oldest systems that they run on.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--target",
    metavar="T",
    help="The oldest system that they must run on: glibc2.17, manylinux2014, centos:7, an image.",
)
@click.option("--max-glibc", metavar="V", default="", help="The newest glibc that they may need, as 2.17.")
@click.option(
    "--against",
    "images",
    metavar="IMAGE",
    multiple=True,
    help="What the loader of an image would do with them: a local image, else the catalogue's.",
)
@click.option("--registry", is_flag=True, help="Ask the registry for an image that is not on this machine.")
@click.option("--all", "everything", is_flag=True, help="Every file and every symbol.")
@click.option("-q", "--quiet", is_flag=True, help="Only what does not fit.")
@FORMAT
def command(
    files: tuple[str, ...],
    target: str | None,
    max_glibc: str,
    images: tuple[str, ...],
    registry: bool,
    everything: bool,
    quiet: bool,
    format_: str,
) -> int:
    """Tell what programs, libraries, archives and packages need of glibc and libstdc++, through which symbols, and
    the oldest systems that they run on. Nothing is started.

    FILE is an ELF file, a tar or zip archive, a wheel, a Debian or RPM package, or a folder. The exit code is 1 where
    something is damaged, or does not fit --target, --max-glibc or an image of --against; 2 where there is nothing to
    audit. Without --target and --max-glibc the setting `target` counts.

    \b
    Examples:
      actlite audit dist/hq --target manylinux2014
      actlite audit dist/*.whl --max-glibc 2.28
      actlite audit hq-linux-x64.tar.gz --against centos:7 --against debian:11
    """
    from actlite.glibc.audit.model import REFUSED
    from actlite.glibc.audit.report import audit
    from actlite.glibc.target import read_target

    number = _GLIBC.fullmatch(max_glibc)
    if max_glibc and number is None:
        raise UsageError(f"--max-glibc: '{max_glibc}' is no release of glibc.", do="Write it as 2.17.")
    settings = load(root_of(Path()))
    if target is None and not max_glibc:
        target = settings.target
    wanted = read_target(target) if target else None
    against: Sequence[AuditImage] = ()
    if images:
        from actlite.cli.audit_images import images as described

        against = described(images, settings, registries=registry)
    reports: list[AuditReport] = []
    unread: list[UsageError] = []
    for file in files:
        try:
            found = audit(
                Path(file), name=file, target=wanted, max_glibc=number[1] if number else "", images=against
            )
        except OSError as error:
            if error.filename is not None and str(error.filename) != file:
                raise CannotRun(f"No room for the audit: {error.strerror} ({error.filename}).") from error
            unread.append(UsageError(f"{file} can't be read: {error.strerror}."))
            continue
        reports.append(found)
    for image in against:
        image.check()
    if reports:
        _show(reports, format_, everything=everything, quiet=quiet)
    if unread:
        raise unread[0] if len(unread) == 1 else UsageError(" ".join(map(str, unread)))
    damaged = any(file.kind == "damaged" for report in reports for file in report.files)
    if damaged or any(report.verdict == REFUSED for report in reports):
        return 1
    if not any(report.files for report in reports):
        raise UsageError(
            "There is nothing to audit: no ELF program or library was found.",
            do="Give a Linux program, a shared library, or an archive or folder that holds some.",
        )
    return 0


def _show(reports: Sequence[AuditReport], format_: str, *, everything: bool, quiet: bool) -> None:
    if format_ == "json":
        from actlite.glibc.audit.data import as_data

        write_json({"schema": 1, "audits": [as_data(report) for report in reports]})
        return
    from actlite.cli.audit_text import lines
    from actlite.glibc.audit.model import REFUSED

    shown = [report for report in reports if not quiet or report.verdict == REFUSED or report.unseen]
    for number, report in enumerate(shown):
        write([*([""] if number else []), *lines(report, everything=everything)])
