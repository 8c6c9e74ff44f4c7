"""`wiretrace doctor`: one line a check, with the command that mends what is wrong."""

from __future__ import annotations

import click

from infra.checks import checks
from infra.cli.options import with_settings
from infra.cli.output import Column, Format, Listing, format_options, print_listing
from schemas.settings import Settings

__all__ = ["doctor"]

_MARKS = {"ok": "ok  ", "note": "note", "bad": "BAD "}


@click.command()
@format_options
@with_settings
def doctor(settings: Settings, output_format: Format) -> int:
    """Check everything that is needed, with the command that mends it.

    Exit code 3 means that something is wrong. Nothing is changed and no server is started.

    \b
    Example:
      wiretrace doctor
    """
    is_bad = False
    rows = []
    for check in checks(settings):
        is_bad = is_bad or check.verdict == "bad"
        if output_format == "table":
            click.echo(f"{_MARKS[check.verdict]}  {check.name}: {check.detail}")
            if check.mend:
                click.echo(f"      mend: {check.mend}")
        rows.append(
            {"name": check.name, "verdict": check.verdict, "detail": check.detail, "mend": check.mend or None}
        )
    if output_format != "table":
        columns = [Column(name=name) for name in ("name", "verdict", "detail", "mend")]
        print_listing(Listing(columns=columns, rows=rows), output_format)
    return 3 if is_bad else 0
