"""`wiretrace settings`: every setting with its value and where it comes from."""

from __future__ import annotations

import os

import click

from infra.cli.options import with_settings
from infra.cli.output import Column, Listing, listing
from schemas.settings import PREFIX, Settings, redacted

__all__ = ["settings_command"]


@click.command("settings")
@with_settings
@listing
def settings_command(settings: Settings) -> Listing:
    """List every setting with its value.

    Passwords are not shown.

    \b
    Example:
      wiretrace settings
    """
    rows = []
    for name, field in type(settings).model_fields.items():
        variable = PREFIX + name.upper()
        value = getattr(settings, name)
        shown = ", ".join(map(str, value)) if isinstance(value, tuple) else value
        rows.append(
            {
                "variable": variable,
                "value": None if shown is None or shown == "" else redacted(str(shown)),
                "from": "environment" if os.environ.get(variable) else "default",
                "description": field.description,
            }
        )
    columns = (
        Column(name="variable", is_whole=True),
        Column(name="value", is_wrapped=True),
        Column(name="from", rank=1),
        Column(name="description", is_wrapped=True),
    )
    return Listing(columns=columns, rows=rows)
