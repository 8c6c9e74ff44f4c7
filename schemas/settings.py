"""All settings: `WIRETRACE_*` environment variables, read once at start and passed down.

An unknown `WIRETRACE_*` variable is an error that names the nearest known one, so that a typing mistake never
runs with a default in silence. Secrets (the database's password) are never printed: see `redacted`.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Final

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from schemas.errors import SettingsError, cut

__all__ = ["PREFIX", "Settings", "load_settings", "redacted"]

PREFIX: Final = "WIRETRACE_"

# Read by tests and scripts, never by the programs; accepted so that a shell that runs tests can run programs.
_TEST_PREFIX: Final = "WIRETRACE_TEST_"


class Settings(BaseSettings):
    """What a program can be told from outside. One field, one environment variable."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    database_url: str | None = Field(
        None, description="Postgres server, postgresql://…; without it an embedded one is started."
    )
    kafka_bootstrap: str | None = Field(
        None, description="Kafka brokers, host:port[,host:port]; without it an embedded one is started."
    )
    data_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("wiretrace")),
        description="Where embedded servers, logs and run state are kept.",
    )
    crawl_contact: str | None = Field(
        None, description="URL or mail address that goes into the user agent; crawling is refused without it."
    )
    crawl_delay_s: float = Field(
        5.0, ge=0, le=3600, description="Pause between two requests to one site, in seconds."
    )
    crawl_max_age_days: int = Field(
        30,
        ge=0,
        le=36500,
        description="Stories older than this are left out, counted back in days from the newest one that a feed or "
        "sitemap names; 0 = none. max_age_days of the site list wins.",
    )
    crawl_allow_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (), description="Private networks that may be crawled all the same, comma-separated CIDR."
    )
    crawl_hosts_file: Path | None = Field(
        None, description="Names for the crawler alone, in the format of /etc/hosts."
    )
    silent_hours: float = Field(
        24.0, gt=0, le=24 * 365, description="Alert about sites where nothing new was discovered for so long."
    )
    chase_sources: bool = Field(
        True, description="Whether the single page that a copy names as its source is crawled too."
    )
    worker_group: str = Field("wiretrace-workers", description="Kafka consumer group of the workers.")
    worker_instance_id: str | None = Field(
        None, description="Static membership of the consumer group; leave unset with the embedded broker."
    )
    worker_batch: int = Field(
        100, ge=1, le=1000, description="Pages that a worker takes at a time; fewer take less memory."
    )
    extract_timeout_s: float = Field(
        20.0, gt=0, le=600, description="Deadline for the extraction of one page, in seconds."
    )
    extract_memory_mb: int = Field(
        1024, ge=256, description="Memory limit of one extraction process, in MiB."
    )
    match_window_days: int = Field(
        30, ge=0, le=36500, description="How far back copies are searched, in days; 0 = all."
    )
    log_format: str = Field("auto", pattern="^(auto|json|text)$", description="auto = text on a terminal.")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="Least level shown.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Values come from `load_settings` alone, which reads the environment and refuses unknown names."""
        return (init_settings,)

    @field_validator("crawl_allow_networks", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
        return value

    @field_validator("database_url", "kafka_bootstrap", "crawl_contact", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"postgres(ql)?://", value):
            raise ValueError("must start with postgresql://")
        return value

    @field_validator("crawl_contact")
    @classmethod
    def _is_contactable(cls, value: str | None) -> str | None:
        if value is not None and not re.match(
            r"(https?://\S+\.\S+|(mailto:)?[^@\s]+@[^@\s]+\.[^@\s]+)$", value
        ):
            raise ValueError("must be a web address or a mail address that a site owner can use")
        return value


def load_settings(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """The settings of this process.

    Args:
        environ: variables to read; default the process's own.
        overrides: values from the command line; None means "not given".

    Raises:
        SettingsError: a `WIRETRACE_*` variable is unknown or has a bad value.
    """
    environ = os.environ if environ is None else environ
    known = {PREFIX + name.upper(): name for name in Settings.model_fields}
    given: dict[str, Any] = {}
    for variable, value in environ.items():
        if not variable.startswith(PREFIX) or variable.startswith(_TEST_PREFIX):
            continue
        if variable not in known:
            near = difflib.get_close_matches(variable, known, n=1, cutoff=0.0)
            raise SettingsError(f"unknown setting {cut(variable)}; did you mean {near[0]}?")
        given[known[variable]] = value
    given.update({name: value for name, value in overrides.items() if value is not None})
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        secret = name == "database_url"
        shown = "" if secret else f"={cut(given.get(name))}"
        raise SettingsError(f"{PREFIX}{name.upper()}{shown}: {first['msg']}") from None


def redacted(url: str) -> str:
    """A database URL without its password.

    >>> redacted("postgresql://ann:secret@db/wire")
    'postgresql://ann:***@db/wire'
    """
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", url)
