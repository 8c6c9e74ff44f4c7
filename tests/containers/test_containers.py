"""What the image and the compose files say, held against the project; that they work is tried by infra/containers/try.sh."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from infra.containers.health import problems
from infra.containers.requirements import requirements
from infra.containers.trial import differences
from schemas.settings import PREFIX, Settings
from tests.kafka.clients import fresh_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_the_dependencies_of_an_image_are_those_of_the_wheels_extras() -> None:
    extras = PROJECT["optional-dependencies"]
    assert requirements(PROJECT, ["work"]) == [*PROJECT["dependencies"], *extras["work"]]
    everything = requirements(PROJECT, ["all"])
    assert set(everything) >= {
        *PROJECT["dependencies"],
        *extras["crawl"],
        *extras["work"],
        *extras["embedded"],
    }
    assert not [line for line in everything if line.startswith("wiretrace")]
    assert len(everything) == len(set(everything))


def test_an_extra_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        requirements(PROJECT, ["wrok"])


def test_the_image_gets_every_package_of_the_wheel() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    copied = re.findall(r"^COPY (\w+) \1$", (ROOT / "infra/containers/Dockerfile").read_text(), re.MULTILINE)
    assert sorted(copied) == sorted(packages)
    sent = (ROOT / ".dockerignore").read_text().splitlines()
    assert {f"!{package}" for package in packages} <= set(sent)


@pytest.mark.parametrize(
    "path",
    [
        "infra/compose/compose.yaml",
        "infra/compose/machine.yaml",
        "infra/compose/README.md",
        "infra/containers/README.md",
        "infra/containers/Dockerfile",
        "infra/containers/try.yaml",
    ],
)
def test_every_setting_that_is_named_exists(path: str) -> None:
    named = set(re.findall(rf"{PREFIX}\w+", (ROOT / path).read_text("utf-8")))
    named = {name for name in named if not name.startswith(f"{PREFIX}TEST_")}
    assert named
    assert named <= {PREFIX + field.upper() for field in Settings.model_fields}


def test_scripts_are_sound_shell() -> None:
    scripts = sorted((ROOT / "infra").rglob("*.sh"))
    assert len(scripts) >= 5
    for script in scripts:
        assert subprocess.run(["bash", "-n", script], check=False).returncode == 0, script


def test_health_names_what_is_wrong(monkeypatch: pytest.MonkeyPatch, empty_database_url: str) -> None:
    monkeypatch.setenv("WIRETRACE_DATABASE_URL", empty_database_url)
    monkeypatch.setenv("WIRETRACE_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    found = problems()
    assert [line.split(":")[0] for line in found] == ["schema", "broker"]
    monkeypatch.setenv("WIRETRACE_DATABSE_URL", "x")
    assert ["WIRETRACE_DATABASE_URL" in line for line in problems()] == [True]


@pytest.mark.kafka
def test_health_is_quiet_where_the_servers_are_in_order(
    monkeypatch: pytest.MonkeyPatch, database_url: str, kafka_bootstrap: str
) -> None:
    monkeypatch.setenv("WIRETRACE_DATABASE_URL", database_url)
    monkeypatch.setenv("WIRETRACE_KAFKA_BOOTSTRAP", kafka_bootstrap)
    monkeypatch.setenv("WIRETRACE_WORKER_GROUP", fresh_name("group"))
    assert problems() == []
    ended = subprocess.run(
        [sys.executable, "-m", "infra.containers.health"], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


TRUTH = {"articles": ["a", "b", "c", "d"], "clusters": [{"urls": ["a", "b"]}, {"urls": ["c"]}]}


def test_the_trial_accepts_the_truth_whatever_the_numbers_of_clusters() -> None:
    rows = [
        {"url": "a", "cluster_id": 7},
        {"url": "b", "cluster_id": 7},
        {"url": "c", "cluster_id": 3},
        {"url": "d", "cluster_id": None},
    ]
    assert differences(rows, TRUTH) == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("a", 1), ("b", 1), ("c", None)], ["not found: d"]),
        ([("a", 1), ("b", 2), ("c", 3), ("d", None)], ["not one story: a b"]),
        ([("a", 1), ("b", 1), ("c", 1), ("d", 2)], ["not one story: a b", "one story by mistake: a b c"]),
        ([("a", 1), ("b", 1), ("c", None), ("d", None), ("e", None)], ["found without being there: e"]),
        ([("a", 1), ("b", 1), ("c", None), ("c", None), ("d", None)], ["found twice: c"]),
    ],
)
def test_the_trial_says_what_differs(rows: list[tuple[str, int | None]], said: list[str]) -> None:
    assert differences([{"url": url, "cluster_id": cluster} for url, cluster in rows], TRUTH) == said
