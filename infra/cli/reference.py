"""The command line's reference, made from its own `--help`: `python -m infra.cli.reference > infra/cli/README.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from infra.cli.app import cli

__all__ = ["commands", "reference"]

_HEAD = """# infra/cli: the command `wiretrace`

One module per noun; `app.py` is the root and imports a command's module only when the command is used. `options.py`
has what all commands share, `output.py` the four formats of every listing (`--table --csv --json --nl`).

Exit codes: 0 ok, 1 failed, 2 usage, 3 problems found, 4 a service is unavailable, 130 interrupted. Data go to
stdout, everything else to stderr. With `--json` an error is one object on stderr:
`{"error": {"type": …, "message": …, "exit_code": …}}`.

This page is made by `python -m infra.cli.reference > infra/cli/README.md`; a test fails when it is not current.
"""


def commands(command: click.Command = cli, path: str = "wiretrace") -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, the groups before what is in them."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from commands(child, f"{path} {name}")


def reference() -> str:
    """The whole page."""
    parts = [_HEAD]
    for path, command in commands():
        with click.Context(
            command,
            info_name=path,
            terminal_width=100,
            max_content_width=100,
            help_option_names=["-h", "--help"],
        ) as context:
            text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
        parts.append(f"## {path}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(reference())
