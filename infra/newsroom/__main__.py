"""`python -m infra.newsroom --port N [--log FILE]`: serve the newsroom until SIGTERM or the parent's end."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from infra.children import end_with_parent
from infra.newsroom.model import load_newsroom
from infra.newsroom.server import NewsroomServer


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), required=True)
@click.option("--log", type=click.Path(path_type=Path, dir_okay=False), help="One JSON line per hit.")
def main(port: int, log: Path | None) -> None:
    """Serve the newsroom on loopback."""
    end_with_parent()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with NewsroomServer(load_newsroom(port), log_path=log):
        click.echo("ready")
        stop.wait()


if __name__ == "__main__":
    main()
