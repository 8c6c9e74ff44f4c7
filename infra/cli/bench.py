"""`wiretrace bench`: measurements that stay. Each is a module of `infra/bench/` with a click command in it."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import click

import infra.bench

__all__ = ["bench"]


class _Measurements(click.Group):
    """The commands of the modules in `infra.bench`, imported only when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(module.name for module in iter_modules(infra.bench.__path__) if module.name[0] != "_")

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(f"infra.bench.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Measurements)
def bench() -> None:
    """Measure crawling, revisits, URL keys, extraction and duplicate search.

    \b
    Example:
      wiretrace bench dedupe --help
    """
