"""Messages survive the wire, and damage never passes as a message."""

from __future__ import annotations

import contextlib
import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from uuid import UUID

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import decode_copy, decode_page, encode_copy, encode_page
from schemas.errors import MessageError
from schemas.records import FOUND_BY, CopyEvent, RawPage

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
MOMENTS = st.integers(0, 2**52).map(lambda us: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us))
PAGES = st.builds(
    RawPage,
    page_id=st.uuids(),
    url=TEXT,
    final_url=TEXT,
    url_key=TEXT,
    host=TEXT,
    site=TEXT,
    fetched_at=MOMENTS,
    status=st.integers(100, 599),
    body=st.binary(max_size=4096),
    crawl_id=TEXT,
    found_by=st.sampled_from(FOUND_BY),
    headers=st.dictionaries(TEXT, TEXT, max_size=4),
    declared_charset=st.none() | TEXT,
    detected_charset=st.none() | TEXT,
    is_truncated=st.booleans(),
    found_on=st.none() | TEXT,
    hint_title=st.none() | TEXT,
    hint_published_at=st.none() | MOMENTS,
)
PAGE = RawPage(
    page_id=UUID(int=7),
    url="https://paper.example/a",
    final_url="https://paper.example/a",
    url_key="paper.example/a",
    host="paper.example",
    site="paper.example",
    fetched_at=datetime(2024, 2, 8, 12, tzinfo=UTC),
    status=200,
    body=b"<p>text</p>" * 50,
    crawl_id="c",
    found_by="feed",
)


@given(PAGES)
def test_a_page_comes_back_as_it_was_sent(page: RawPage) -> None:
    assert decode_page(encode_page(page)) == page


@given(MOMENTS, st.floats(0, 1), st.none() | st.integers(1, 10))
def test_a_copy_event_comes_back_as_it_was_sent(moment: datetime, share: float, source: int | None) -> None:
    event = CopyEvent(
        article_a=1,
        version_a=1,
        url_a="a",
        site_a="s",
        article_b=2,
        version_b=3,
        url_b="b",
        site_b="t",
        jaccard=share,
        containment_a_in_b=share,
        containment_b_in_a=share,
        matched_at=moment,
        copied_from=source,
    )
    assert decode_copy(encode_copy(event)) == event
    assert event.event_key == "1:1:2:3"


def test_a_large_page_is_small_on_the_wire() -> None:
    page = RawPage(
        **{f.name: getattr(PAGE, f.name) for f in fields(PAGE)} | {"body": b"<p>text</p>" * 400_000}
    )
    assert len(encode_page(page)) < len(page.body) / 50


@given(st.binary(max_size=200))
def test_noise_is_refused_with_a_message_error(noise: bytes) -> None:
    with pytest.raises(MessageError):
        decode_page(noise)


@given(st.data())
def test_a_damaged_message_is_refused_or_is_a_whole_page(data: st.DataObject) -> None:
    """One wrong byte raises nothing but MessageError, and what passes can be sent on.

    That every change is noticed is the work of Kafka's checksum: Avro and zstd know some bytes in two spellings
    (blanks in a UUID, a reserved bit of a frame), which give the page as it was.
    """
    sent = bytearray(encode_page(PAGE))
    place = data.draw(st.integers(0, len(sent) - 1))
    sent[place] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(MessageError):
        page = decode_page(bytes(sent))
        assert decode_page(encode_page(page)) == page


@given(st.integers(0, 10_000))
def test_a_message_that_was_cut_short_is_refused(length: int) -> None:
    sent = encode_page(PAGE)
    with pytest.raises(MessageError):
        decode_page(sent[: length % len(sent)])


def test_a_body_that_is_larger_than_it_says_is_not_inflated() -> None:
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(512 * 1024 * 1024))
    sent = encode_page(PAGE)
    honest = zstandard.ZstdCompressor(level=3).compress(PAGE.body)
    head, _, tail = sent.partition(honest)

    # Avro writes a length as a zigzag varint before the bytes.
    def varint(n: int) -> bytes:
        n <<= 1
        out = bytearray()
        while n > 0x7F:
            out.append(n & 0x7F | 0x80)
            n >>= 7
        out.append(n)
        return bytes(out)

    assert head.endswith(varint(len(honest)))
    forged = head[: -len(varint(len(honest)))] + varint(len(bomb)) + bomb + tail
    with pytest.raises(MessageError, match="its message says"):
        decode_page(forged)


def test_the_records_have_the_fields_of_their_schemas() -> None:
    for name, record, extra in (
        ("raw_page", RawPage, {"body_size_bytes"}),
        ("copy_event", CopyEvent, {"event_key"}),
    ):
        schema = json.loads(files("schemas.messages").joinpath(f"{name}.avsc").read_text("utf-8"))
        assert {f["name"] for f in schema["fields"]} == {f.name for f in fields(record)} | extra


def test_times_keep_their_microseconds() -> None:
    moment = datetime(2024, 2, 8, 12, 30, 1, 123456, tzinfo=UTC) + timedelta(microseconds=1)
    page = RawPage(**{f.name: getattr(PAGE, f.name) for f in fields(PAGE)} | {"fetched_at": moment})
    assert decode_page(encode_page(page)).fetched_at == moment
