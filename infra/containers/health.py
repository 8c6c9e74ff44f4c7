"""Whether the program of this container can do its work: exit status 0 or 1, what is wrong on stderr.

The engine asks it (HEALTHCHECK). It looks at the two servers alone: the database answers and has the current schema,
the broker answers and has the topics. That the program itself runs the engine sees by itself.
"""

from __future__ import annotations

import sys
from typing import Final

from infra.checks import checks
from schemas.errors import WiretraceError
from schemas.settings import load_settings

__all__ = ["problems"]

_ASKED: Final = frozenset({"database", "schema", "broker"})


def problems() -> list[str]:
    """What is wrong, a line each; empty where all is well."""
    try:
        settings = load_settings()
    except WiretraceError as error:
        return [str(error)]
    return [
        f"{check.name}: {check.detail}"
        for check in checks(settings)
        if check.name in _ASKED and check.verdict == "bad"
    ]


if __name__ == "__main__":
    wrong = problems()
    sys.stderr.write("".join(f"{line}\n" for line in wrong))
    sys.exit(1 if wrong else 0)
