"""Running copies of this program as children, for `crawl` and `worker`. Imports neither room."""

from __future__ import annotations

from collections.abc import Sequence

from infra.children import Children
from infra.embedded import Servers
from infra.run import Stop, child_environment, stopping
from schemas.settings import Settings

__all__ = ["run_children"]


def run_children(
    name: str,
    commands: Sequence[Sequence[str]],
    settings: Settings,
    found: Servers,
    *,
    stop: Stop | None = None,
) -> int:
    """Run each command until all end or a signal comes; crashed ones are started again. Their logs go to stderr."""
    if stop is None:
        with stopping() as asked:
            return run_children(name, commands, settings, found, stop=asked)
    children = Children(environment=child_environment(settings, found), log_dir=None)
    try:
        for number, command in enumerate(commands, 1):
            children.add(f"{name}-{number}", command)
        while not stop.is_asked and not children.is_done:
            children.watch()
            stop.event.wait(0.25)
        children.drain()
        while not children.join(0.5):
            if stop.is_urgent:
                break
    finally:
        children.kill()
    return 0
