"""Site lists: good lines are kept, bad ones are named by their number, and neither costs the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.sites import SiteList, parse_site_list, read_site_list, site_spec
from schemas.errors import SiteListError


def urls(found: SiteList) -> list[str]:
    return [spec.url for spec in found.sites]


def problems(found: SiteList) -> list[tuple[int, str]]:
    return [(problem.line_number, problem.why) for problem in found.problems]


TEXT = b"""\xef\xbb\xbf# our sites

https://paper.example/
HTTP://Other.example/news   # with a path
wire.example kind=agency delay_s=2.5
http://127.0.0.5:8000
https://b\xc3\xbccher.example/
not a url
ftp://files.example/
https://user:secret@paper2.example/
http://
http://[broken/
https://paper.example/
https://paper3.example/ delay_s=-1
https://paper3.example/ colour=blue
https://paper3.example/ fast
https://last.example/ feeds=/rss.xml feeds=https://last.example/b.xml deny=/tag/ follow_listings=false\r
paper4
http://paper5:8080/
"""


def test_a_text_list() -> None:
    found = parse_site_list(TEXT)
    assert urls(found) == [
        "https://paper.example/",
        "HTTP://Other.example/news",
        "https://wire.example/",
        "http://127.0.0.5:8000/",
        "https://bücher.example/",
        "https://last.example/",
        "http://paper5:8080/",
    ]
    assert [number for number, _ in problems(found)] == [8, 9, 10, 11, 12, 13, 14, 15, 16, 18]
    why = dict(problems(found))
    assert "http and https" in why[9]
    assert "user name" in why[10]
    assert "line 3" in why[13]
    assert "delay_s must be a number" in why[14]
    assert "unknown option 'colour'" in why[15]
    assert "name=value" in why[16]


def test_options_of_a_text_line() -> None:
    found = {spec.site: spec for spec in parse_site_list(TEXT).sites}
    assert (found["wire.example"].kind, found["wire.example"].delay_s) == ("agency", 2.5)
    last = found["last.example"]
    assert last.feeds == ("https://last.example/rss.xml", "https://last.example/b.xml")
    assert last.deny == ("/tag/",)
    assert not last.follow_listings
    assert last.line_number == 17


def test_a_problem_is_told_in_one_line() -> None:
    problem = parse_site_list(b"https://a.example\nnot a url\n").problems[0]
    assert str(problem) == "line 2: 'a' is no option; options are written name=value: not a url"


TOML = b"""
[defaults]
delay_s = 10

[[site]]
url = "https://paper.example/"
feeds = ["/rss.xml"]
sitemaps = ["https://paper.example/map.xml"]
deny = ["/tag/", "^https://paper\\\\.example/x"]

[[site]]
url = "https://broken.example/
delay_s = 3

[[sites]]
url = "https://slow.example/"
delay_s = 30
group = "one owner"
max_age_days = 0

[[site]]
feeds = ["https://nowhere.example/rss"]

[[site]]
url = "https://bad-option.example/"
kind = "publisher"
kolour = "blue"

[[site]]
url = "https://bad-pattern.example/"
allow = ["("]

[[site]]
url = "https://last.example/"
kind = "aggregator"
daily_quota = 100
"""


def test_a_toml_list_loses_only_its_broken_tables() -> None:
    found = parse_site_list(TOML, is_toml=True)
    assert urls(found) == ["https://paper.example/", "https://slow.example/", "https://last.example/"]
    assert [number for number, _ in problems(found)] == [12, 21, 27, 31]
    paper, slow, last = found.sites
    assert (paper.delay_s, slow.delay_s, last.daily_quota, last.kind) == (10, 30, 100, "aggregator")
    assert paper.feeds == ("https://paper.example/rss.xml",)
    assert (slow.group, slow.max_age_days) == ("one owner", 0)
    assert not paper.allows("https://paper.example/tag/storm")
    assert paper.allows("https://paper.example/storm")


def test_a_toml_list_without_tables_says_how_a_site_is_written() -> None:
    found = parse_site_list(b'url = "https://paper.example/"\n', is_toml=True)
    assert not found.sites
    assert "[[site]]" in found.problems[0].why


def test_a_list_is_known_by_its_tables_too(tmp_path: Path) -> None:
    path = tmp_path / "sites.txt"
    path.write_bytes(TOML)
    assert len(read_site_list(path).sites) == 3


def test_a_list_in_utf_16() -> None:
    assert urls(parse_site_list("https://paper.example/\r\n".encode("utf-16"))) == ["https://paper.example/"]


def test_bytes_that_are_no_text_are_named_by_line() -> None:
    found = parse_site_list(b"https://a.example/\n\xff\xfe\x00\x81\nhttps://b.example/\n")
    assert urls(found) == ["https://a.example/", "https://b.example/"]
    assert problems(found) == [(2, "not UTF-8 text")]


def test_an_empty_list_has_neither_sites_nor_problems() -> None:
    assert parse_site_list(b"\n# nothing\n") == SiteList(sites=())


def test_a_list_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SiteListError, match=r"nowhere\.txt.*No such file"):
        read_site_list(tmp_path / "nowhere.txt")


@pytest.mark.parametrize(
    "url", ["", " ", "http://", "https:///x", "mailto:a@b.example", "http://a b/", "/path"]
)
def test_what_is_no_site(url: str) -> None:
    with pytest.raises(ValueError, match=r"web address|http and https"):
        site_spec(url)


@pytest.mark.parametrize(("value", "wanted"), [("true", True), ("false", False)])
def test_a_site_says_whether_the_links_of_its_stories_are_followed(value: str, wanted: bool) -> None:
    toml = f'[[site]]\nurl = "https://a.example/"\nfollow_stories = {value}\n'
    assert [site.follow_stories for site in parse_site_list(toml.encode(), is_toml=True).sites] == [wanted]
    assert parse_site_list(b"https://a.example/").sites[0].follow_stories is None
    assert "true or false" in str(parse_site_list(b"https://a.example/ follow_stories=7").problems[0])
