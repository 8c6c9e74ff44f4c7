"""Logs of all programs: structured, on stderr, JSON unless a person reads along."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from schemas.settings import Settings

__all__ = ["set_up_logs"]


def set_up_logs(settings: Settings, *, least_level: str | None = None) -> None:
    """Send the logs of this process to stderr as `WIRETRACE_LOG_FORMAT` and `WIRETRACE_LOG_LEVEL` say.

    Args:
        least_level: shows less than the setting would, for commands whose own output is what counts.
    """
    level = getattr(logging, settings.log_level.upper())
    if least_level is not None:
        level = max(level, getattr(logging, least_level.upper()))
    is_text = settings.log_format == "text" or (settings.log_format == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    last: list[Any] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if is_text
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.stdlib.add_logger_name,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.INFO))
    for chatty in ("kafka", "scrapy", "twisted", "trafilatura", "htmldate", "courlan", "justext", "yoyo"):
        logging.getLogger(chatty).setLevel(logging.ERROR if least_level else max(level, logging.WARNING))
