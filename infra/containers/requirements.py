"""Prints the dependencies of the named extras, one a line: python requirements.py pyproject.toml EXTRA...

The image installs them in a layer of their own, before the code is there. Standard library alone.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["requirements"]


def requirements(project: dict[str, Any], extras: Sequence[str]) -> list[str]:
    """The base dependencies of `project` and those of `extras`, with extras of extras resolved.

    >>> project = {"name": "p", "dependencies": ["a"], "optional-dependencies": {"x": ["b"], "all": ["p[x]"]}}
    >>> requirements(project, ["all"])
    ['a', 'b']
    """
    own = re.compile(rf"{re.escape(project['name'])}\[([\w,\s-]+)\]$")
    found: list[str] = list(project["dependencies"])
    waiting, seen = list(extras), set[str]()
    while waiting:
        extra = waiting.pop(0)
        if extra in seen:
            continue
        seen.add(extra)
        for line in project["optional-dependencies"][extra]:
            if match := own.match(line):
                waiting.extend(name.strip() for name in match[1].split(","))
            elif line not in found:
                found.append(line)
    return found


if __name__ == "__main__":
    table = tomllib.loads(Path(sys.argv[1]).read_text("utf-8"))["project"]
    sys.stdout.write("\n".join(requirements(table, sys.argv[2:])) + "\n")
