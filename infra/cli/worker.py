"""`wiretrace worker`: workers alone, for machines and containers that only work."""

from __future__ import annotations

import click

from infra.children import end_with_parent, this_program
from infra.cli.family import run_children
from infra.cli.options import with_settings
from infra.embedded import servers
from infra.logs import set_up_logs
from infra.migrate import require_current
from infra.run import stopping
from schemas.settings import Settings

__all__ = ["worker"]


@click.command()
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="Workers to run.")
@click.option(
    "--extract-processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that extract at the same time, of each worker.",
)
@with_settings
def worker(settings: Settings, processes: int, extract_processes: int) -> int:
    """Run workers on this machine.

    Any number of machines may run it against one database and one broker (WIRETRACE_DATABASE_URL,
    WIRETRACE_KAFKA_BOOTSTRAP); pages are shared out among all of them.

    \b
    Example:
      wiretrace worker --processes 4
    """
    end_with_parent()
    set_up_logs(settings)
    with stopping() as stop, servers(settings) as found:
        require_current(found.database_url)
        if processes > 1:
            args = ["worker", "--extract-processes", str(extract_processes)]
            return run_children("worker", [this_program(*args)] * processes, settings, found, stop=stop)
        from workers.main import run_worker

        ready = settings.model_copy(
            update={"database_url": found.database_url, "kafka_bootstrap": found.kafka_bootstrap}
        )
        run_worker(ready, stop=stop.event, extract_processes=extract_processes)
    return 0
