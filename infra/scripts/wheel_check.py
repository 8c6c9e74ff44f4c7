"""What must be true of a wheel and of the package that was installed from it.

Run by `wheel-check.sh`, with the standard library alone, as `python -I wheel_check.py CHECK ...`; each check ends
with one line on stdout, or with the reason on stderr and exit status 1:

    files WHEEL TREE   every file of the four packages in TREE is in WHEEL
    base               the installed package reads its own data files, and its messages go there and back
    work               the workers import without Scrapy being installed
    all                the crawler imports too
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Final
from uuid import UUID
from zipfile import ZipFile

__all__ = ["files_missing"]

PACKAGES: Final = ("crawler", "workers", "schemas", "infra")
DATA: Final = (".sql", ".avsc", ".toml")
"""Files without which the programs do not run; setuptools, for one, drops them in silence."""

_NOT_SHIPPED: Final = ("__pycache__", "target", ".mypy_cache", ".ruff_cache", ".pytest_cache")


def files_missing(wheel: Path, tree: Path) -> list[str]:
    """The files of the four packages in `tree` that `wheel` does not have, as paths from the tree's root."""
    with ZipFile(wheel) as archive:
        shipped = set(archive.namelist())
    wanted = (
        PurePosixPath(path.relative_to(tree)).as_posix()
        for package in PACKAGES
        for path in (tree / package).rglob("*")
        if path.is_file() and not set(path.relative_to(tree).parts) & set(_NOT_SHIPPED)
    )
    return sorted(name for name in wanted if name not in shipped and not name.endswith(".pyc"))


def check_files(wheel: str, tree: str) -> str:
    missing = files_missing(Path(wheel), Path(tree))
    if missing:
        sys.exit(f"not in {Path(wheel).name}: " + ", ".join(missing))
    with ZipFile(wheel) as archive:
        names = archive.namelist()
    counts = {suffix: sum(name.endswith(suffix) for name in names) for suffix in DATA}
    absent = [suffix for suffix, count in counts.items() if not count]
    if absent:
        sys.exit(f"{Path(wheel).name} has no {' and no '.join(absent)} file at all")
    data = ", ".join(f"{count} {suffix}" for suffix, count in counts.items())
    return f"{Path(wheel).name}: {len(names)} files, among them {data}"


def check_base() -> str:
    _is_installed_one("schemas")
    codec, records, sql = (import_module(f"schemas.{name}") for name in ("codec", "records", "sql"))
    page = records.RawPage(
        page_id=UUID(int=1),
        url="http://paper-one.test/a",
        final_url="http://paper-one.test/a",
        url_key="paper-one.test/a",
        host="paper-one.test",
        site="paper-one.test",
        fetched_at=datetime(2026, 1, 2, tzinfo=UTC),
        status=200,
        body=b"<p>a story</p>",
        crawl_id="wheel-check",
        found_by="seed",
    )
    if codec.decode_page(codec.encode_page(page)) != page:
        sys.exit("a page that went through raw_page.avsc came back changed")
    migrations = sorted(path.name for path in sql.migrations_dir().glob("*.sql"))
    queries = sorted((sql.migrations_dir().parent / "queries").rglob("*.sql"))
    if not migrations or not queries:
        sys.exit("the installed package has no migrations or no queries")
    query = queries[0]
    if not sql.sql(f"{query.parent.name}/{query.stem}").strip():
        sys.exit(f"the installed package reads nothing from {query}")
    return f"base: raw_page.avsc and {query.parent.name}/{query.name} read, {len(migrations)} migrations"


def check_work() -> str:
    for absent in ("scrapy", "twisted"):
        if find_spec(absent) is not None:
            sys.exit(f"{absent} is installed with [work]; the workers must do without it")
    return f"work: {_import_all('workers')} modules of the workers imported, Scrapy absent"


def check_all() -> str:
    return f"all: {_import_all('crawler')} modules of the crawler imported"


def _import_all(package: str) -> int:
    """Imports every module of the installed `package`; returns how many there are."""
    root = _is_installed_one(package)
    names = sorted(
        ".".join((package, *path.relative_to(root).with_suffix("").parts)).removesuffix(".__init__")
        for path in root.rglob("*.py")
        if path.name != "__main__.py"
    )
    for name in names:
        import_module(name)
    return len(names)


def _is_installed_one(package: str) -> Path:
    """The folder of `package`, which must lie in the environment that runs this."""
    root = Path(str(import_module(package).__file__)).parent
    if not root.is_relative_to(sys.prefix):
        sys.exit(f"{package} was imported from {root}, not from the wheel")
    return root


CHECKS: Final[dict[str, Callable[..., str]]] = {
    "files": check_files,
    "base": check_base,
    "work": check_work,
    "all": check_all,
}

if __name__ == "__main__":
    sys.stdout.write(CHECKS[sys.argv[1]](*sys.argv[2:]) + "\n")
