"""Settings come through one door, and a typing mistake never passes."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from schemas.errors import SettingsError
from schemas.settings import PREFIX, Settings, load_settings, redacted


def test_an_unknown_variable_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(SettingsError, match="did you mean WIRETRACE_CRAWL_DELAY_S"):
        load_settings({"WIRETRACE_CRAWL_DELAY": "5"})


def test_variables_of_other_programs_are_left_alone() -> None:
    assert load_settings({"WIRE": "x", "PATH": "y"}).crawl_delay_s == 5


def test_the_command_line_wins_over_the_environment() -> None:
    settings = load_settings({"WIRETRACE_CRAWL_DELAY_S": "7"}, crawl_delay_s=3, crawl_contact=None)
    assert (settings.crawl_delay_s, settings.crawl_contact) == (3, None)


def test_networks_are_read_from_a_list() -> None:
    settings = load_settings({"WIRETRACE_CRAWL_ALLOW_NETWORKS": "127.0.0.0/8, ::1/128"})
    assert settings.crawl_allow_networks == (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CRAWL_DELAY_S", "-1"),
        ("CRAWL_ALLOW_NETWORKS", "127.0.0.1/8"),
        ("CRAWL_CONTACT", "me"),
        ("DATABASE_URL", "mysql://h/d"),
        ("MATCH_WINDOW_DAYS", "soon"),
    ],
)
def test_a_bad_value_is_refused_with_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=PREFIX + name):
        load_settings({PREFIX + name: value})


def test_a_password_is_never_in_a_message() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"WIRETRACE_DATABASE_URL": "mysql://ann:topsecret@db/x"})
    assert "topsecret" not in str(caught.value)
    assert redacted("postgresql://ann:topsecret@db:5432/x") == "postgresql://ann:***@db:5432/x"


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_the_readme_names_every_setting() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    missing = [name for name in Settings.model_fields if f"`{PREFIX}{name.upper()}`" not in readme]
    assert missing == []
