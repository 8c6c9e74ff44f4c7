"""The bundled newsroom for a trial in containers: its files, and whether what was found is the truth.

    python -m infra.containers.trial files FOLDER PORT     sites.toml, hosts and truth.json of the newsroom
    wiretrace sql --json -c "..." | python -m infra.containers.trial compare FOLDER
                                                           rows (url, cluster_id) of all articles against truth.json

`compare` ends with 1 and says what differs.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from infra.newsroom.model import load_newsroom

__all__ = ["differences"]

_DELAY_S: Final = 1.0
"""Slow enough that a kill strikes in the middle: the busiest site takes about a dozen requests."""


def write_files(folder: Path, port: int) -> None:
    newsroom = load_newsroom(port)
    (folder / "sites.toml").write_text(newsroom.site_list(delay_s=_DELAY_S))
    (folder / "hosts").write_text(newsroom.hosts_file())
    (folder / "truth.json").write_text(json.dumps(newsroom.truth_json()))


def differences(rows: Iterable[Mapping[str, Any]], truth: Mapping[str, Any]) -> list[str]:
    """What differs between articles as found and the truth, a line each.

    >>> truth = {"articles": ["a", "b", "c"], "clusters": [{"urls": ["a", "b"]}]}
    >>> differences([{"url": "a", "cluster_id": 1}, {"url": "b", "cluster_id": None}], truth)
    ['not found: c', 'not one story: a b']
    """
    found = list(rows)
    urls = [str(row["url"]) for row in found]
    lines = [f"not found: {url}" for url in truth["articles"] if url not in urls]
    lines += [f"found without being there: {url}" for url in urls if url not in truth["articles"]]
    lines += [f"found twice: {url}" for url in sorted(set(urls)) if urls.count(url) > 1]
    stories: defaultdict[Any, set[str]] = defaultdict(set)
    for row in found:
        if row["cluster_id"] is not None:
            stories[row["cluster_id"]].add(str(row["url"]))
    together = {frozenset(story) for story in stories.values() if len(story) > 1}
    wanted = {frozenset(story["urls"]) for story in truth["clusters"] if len(story["urls"]) > 1}
    lines += [f"not one story: {' '.join(sorted(story))}" for story in sorted(wanted - together, key=sorted)]
    lines += [f"one story by mistake: {' '.join(sorted(s))}" for s in sorted(together - wanted, key=sorted)]
    return lines


def main(command: str, folder: str, port: str = "0") -> int:
    if command == "files":
        write_files(Path(folder), int(port))
        return 0
    truth = json.loads((Path(folder) / "truth.json").read_text())
    rows = json.load(sys.stdin)
    lines = differences(rows, truth)
    stories = sum(len(story["urls"]) > 1 for story in truth["clusters"])
    summary = (
        f"{len(rows)} articles, {len(truth['articles'])} there; {stories} stories; {len(lines)} differences"
    )
    sys.stdout.write("\n".join([*lines, summary]) + "\n")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
