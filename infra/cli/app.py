"""The root of the command line: its commands, imported only when asked for, and what becomes of an error.

A command's module is imported when the command runs or shows its own help, so that a worker never imports Scrapy
and `wiretrace --help` is quick. The one-line summaries therefore stand here; a test holds them to the commands' own.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import click

from schemas.errors import WiretraceError

__all__ = ["COMMANDS", "cli", "main"]

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "demo": ("infra.cli.demo:demo", "Crawl and work a bundled newsroom, and show its clusters."),
    "run": ("infra.cli.run:run", "Crawl the sites of a list and work their pages."),
    "ingest": ("infra.cli.ingest:ingest", "Work saved pages: WARC files and folders of HTML."),
    "clusters": ("infra.cli.clusters:clusters", "List the stories that were republished."),
    "show": ("infra.cli.clusters:show", "Show who has one story, in order of time."),
    "sql": ("infra.cli.sql:sql_command", "Open psql on the database, or run one query."),
    "status": ("infra.cli.status:status", "Show what is going on, with its alerts."),
    "doctor": ("infra.cli.doctor:doctor", "Check everything that is needed, with the command that mends it."),
    "sites": ("infra.cli.sites:sites", "Add, list, pause and check sites."),
    "frontier": ("infra.cli.frontier:frontier", "List what is due, claimed and backing off, per host."),
    "crawl": ("infra.cli.crawl:crawl", "Run crawlers on this machine."),
    "worker": ("infra.cli.worker:worker", "Run workers on this machine."),
    "db": ("infra.cli.db:db", "Migrate the database, or print its URL."),
    "dlq": ("infra.cli.dlq:dlq", "List dead letters and replay them."),
    "repair": ("infra.cli.repair:repair", "Queue pages again whose messages were lost."),
    "reprocess": ("infra.cli.reprocess:reprocess", "Work stored pages again with today's code."),
    "settings": ("infra.cli.settings:settings_command", "List every setting with its value."),
    "bench": (
        "infra.cli.bench:bench",
        "Measure crawling, revisits, URL keys, extraction and duplicate search.",
    ),
}
"""Name to module:attribute and summary, in the order of `--help`."""


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]}?" if near and near[0] not in error.format_message() else ""
            raise click.UsageError(error.format_message() + hint, ctx) from None


@click.group(
    cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where everything is kept between runs [WIRETRACE_DATA_DIR].",
)
@click.version_option(version("wiretrace"), prog_name="wiretrace")
@click.pass_context
def cli(ctx: click.Context, data_dir: Path | None) -> None:
    """Find republished wire stories: who published first, who copied, how much and how fast.

    \b
    Examples:
      wiretrace demo
      wiretrace run sites.txt --duration 10m
      wiretrace sql -c "select * from wiretrace.clusters"
    """
    ctx.obj = data_dir


def _wants_json(argv: list[str]) -> bool:
    return "--json" in argv or "--nl" in argv


def _fail(kind: str, message: str, code: int, *, as_json: bool) -> int:
    """Say what went wrong on stderr, in words or as `{"error": {"type", "message", "exit_code"}}`."""
    if as_json:
        error = {"error": {"type": kind, "message": message, "exit_code": code}}
        click.echo(json.dumps(error, ensure_ascii=False), err=True)
    else:
        click.echo(f"error: {message}", err=True)
    return code


def run(argv: list[str]) -> int:
    """Run the command line `argv`; its exit code.

    0 ok, 1 failed, 2 usage, 3 problems found, 4 a service is unavailable, 130 interrupted.
    """
    as_json = _wants_json(argv)
    try:
        result: Any = cli.main(args=argv, prog_name="wiretrace", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.UsageError as error:
        if not as_json:
            error.show()
            return 2
        return _fail("UsageError", error.format_message(), 2, as_json=True)
    except click.ClickException as error:
        return _fail(type(error).__name__, error.format_message(), 1, as_json=as_json)
    except WiretraceError as error:
        return _fail(type(error).__name__, str(error), error.exit_code, as_json=as_json)
    except (KeyboardInterrupt, click.Abort):
        return _fail("Interrupted", "interrupted", 130, as_json=as_json)
    except BrokenPipeError:
        # The reader (`head`, `less`) has what it wanted.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except ImportError as error:
        if error.name is None or error.name.partition(".")[0] in ("infra", "crawler", "workers", "schemas"):
            raise
        message = f"the package {error.name} is not installed. Run: pip install 'wiretrace[all]'"
        return _fail("NotInstalled", message, 1, as_json=as_json)
    return result if isinstance(result, int) else 0


def main() -> None:
    """Run the command line of this process and exit with its code."""
    # A stop by a supervisor or a container ends like Ctrl-C: contexts are left, servers are stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)
