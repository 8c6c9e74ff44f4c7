"""Options that all commands share: the data directory and the settings that follow."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from schemas.settings import Settings, load_settings

__all__ = ["DURATION", "with_settings"]

F = TypeVar("F", bound=Callable[..., Any])


def with_settings(function: F) -> F:
    """Give a command `--data-dir` and, as first argument, its `Settings`.

    Raises:
        SettingsError: a `WIRETRACE_*` variable is unknown or has a bad value.
    """

    @click.option(
        "--data-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="Where everything is kept between runs [WIRETRACE_DATA_DIR].",
    )
    @click.pass_context
    @functools.wraps(function)
    def wrapper(ctx: click.Context, data_dir: Path | None, *args: Any, **kwargs: Any) -> Any:
        settings: Settings = load_settings(data_dir=data_dir or ctx.find_object(Path))
        return function(settings, *args, **kwargs)

    return wrapper  # type: ignore[return-value]  # the decorator changes the arguments that click passes


class _Duration(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click alone
    """A length of time: `90`, `90s`, `10m`, `1h30m`, `2d`; the value is in seconds."""

    name = "duration"
    _units: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, (int, float)):
            return float(value)
        text = str(value).strip().lower()
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return float(text)
        parts = re.findall(r"(\d+(?:\.\d+)?)([smhdw])", text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            self.fail(f"{value!r} is no duration; write 90s, 10m, 1h30m or 2d", param, ctx)
        return float(sum(float(number) * self._units[unit] for number, unit in parts))


DURATION: Final = _Duration()
