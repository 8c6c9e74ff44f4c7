"""Which bytes are worth parsing. Cheap, linear checks before any parser sees the page."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from schemas.outcomes import Outcome

__all__ = ["MAX_DEPTH", "MAX_PAGE_BYTES", "Refusal", "refuse_bytes", "refuse_markup"]

MAX_PAGE_BYTES: Final = 12 * 1024 * 1024
"""Crawlers cut at 5 MiB; ingested archives hold larger pages. At 12 MiB a parse takes about 1 s and 300 MB."""

MAX_TAGS: Final = 400_000
"""Tags in one page. Real news pages stay below 30,000; comment threads and tables reach 150,000."""

MAX_DEPTH: Final = 1_000
"""Open elements above one another, counted on the parsed tree. libxml2 drops what is nested deeper than 2,048;
real pages stay below 100."""

MAX_ATTRIBUTES: Final = 2_000
"""Attributes of one element: libxml2 looks for doubles among them in quadratic time (100,000 take 15 s)."""

_MAGIC: Final = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"PK\x03\x04", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"7z\xbc\xaf", "7z"),
    (b"Rar!", "rar"),
    (b"\xfd7zXZ", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x7fELF", "elf"),
    (b"MZ", "exe"),
    (b"ID3", "mp3"),
    (b"OggS", "ogg"),
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"FLV\x01", "flv"),
    (b"wOF", "font"),
    (b"\x00\x01\x00\x00\x00", "font"),
    (b"\xd0\xcf\x11\xe0", "ole"),
    (b"%!PS", "postscript"),
    (b"{\\rtf", "rtf"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"\x00asm", "wasm"),
)
_BINARY_NAMES: Final = frozenset({"bmp", "exe", "bzip2", "mp3", "font"})
_TAG: Final = re.compile(
    rb"<(?:!--|(?:!doctype|html|head|body|meta|title|div|p|article|section|span|table|a|h1|br|frameset|svg)\b)",
    re.I,
)
_FEED: Final = re.compile(
    rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(rss|feed|urlset|sitemapindex|rdf:RDF|svg|opml)\b", re.S
)
_JSON: Final = re.compile(rb"\s*[\[{]\s*[\"\[{\]}\d]")
_TYPES: Final = (
    "text/html",
    "text/plain",
    "text/xml",
    "application/xhtml",
    "application/xml",
    "application/octet-stream",
)
_ATTRIBUTE: Final = re.compile(r"[^\s\"'>/=]+(?:\s*=\s*(?:\"[^\"]*\"?|'[^']*'?|[^\s\"'>]+))?|>")
_SCRIPT: Final = re.compile(r"<(script|style)\b.*?</\1", re.IGNORECASE | re.DOTALL)
_RAW_TEXT: Final = ("script", "style", "textarea", "title", "noscript", "iframe", "!--", "template")


class Refusal(NamedTuple):
    """Why a page is not parsed."""

    outcome: Outcome
    reason: str


def refuse_bytes(body: bytes, content_type: str | None) -> Refusal | None:
    """Why these bytes are no page of HTML; None if they may be one.

    Args:
        body: as received.
        content_type: the header's value. It is believed only against bytes that show no markup.
    """
    if not body.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        return Refusal(Outcome.EMPTY, "no bytes" if not body else "blank")
    if len(body) > MAX_PAGE_BYTES:
        return Refusal(Outcome.TOO_LARGE, f"size: {len(body)} bytes, limit {MAX_PAGE_BYTES}")
    head = body[:4096]
    for magic, name in _MAGIC:
        if head.startswith(magic) and (name not in _BINARY_NAMES or _is_binary(head)):
            return Refusal(Outcome.NOT_HTML, name)
    if head[:4] == b"RIFF" and head[8:12] in (b"WEBP", b"WAVE", b"AVI "):
        return Refusal(Outcome.NOT_HTML, head[8:12].strip().decode("ascii").lower())
    if head[4:8] == b"ftyp":
        return Refusal(Outcome.NOT_HTML, "mp4")
    if head[257:262] == b"ustar":
        return Refusal(Outcome.NOT_HTML, "tar")
    if feed := _FEED.match(head.lstrip(b"\xef\xbb\xbf")):
        return Refusal(Outcome.NOT_HTML, f"xml: {feed[1].decode('ascii').lower()}")
    plain = head.replace(b"\x00", b"") if b"\x00" in head else head
    if _JSON.match(plain.lstrip(b"\xef\xbb\xbf\xff\xfe")):
        return Refusal(Outcome.NOT_HTML, "json")
    if _TAG.search(plain) or _TAG.search(body[: 64 * len(head)].replace(b"\x00", b"")):
        return None
    if _is_binary(head):
        return Refusal(Outcome.NOT_HTML, "binary")
    kind = (content_type or "").split(";")[0].strip().lower()
    if kind and not kind.startswith(_TYPES):
        return Refusal(Outcome.NOT_HTML, f"content-type: {kind[:60]}")
    return Refusal(Outcome.NOT_HTML, "plain text")


def _is_binary(head: bytes) -> bool:
    """Whether bytes hold control characters that no text encoding of the web puts there."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return False
    control = sum(head.count(bytes((code,))) for code in (*range(1, 9), *range(14, 27), *range(28, 32)))
    return control > max(2, len(head) // 200)


def refuse_markup(text: str) -> Refusal | None:
    """Why this markup would take a parser quadratic time; None if it is safe. Linear in the length of `text`."""
    if (tags := text.count("<")) > MAX_TAGS:
        return Refusal(Outcome.TOO_LARGE, f"tags: {tags}, limit {MAX_TAGS}")
    if _has_crowded_tag(text) and _has_crowded_tag(_SCRIPT.sub("", text)):
        return Refusal(Outcome.TOO_LARGE, f"attributes: over {MAX_ATTRIBUTES} on one element")
    return None


def _has_crowded_tag(text: str) -> bool:
    for piece in text.split("<"):
        if len(piece) > 2 * MAX_ATTRIBUTES and piece[0].isalpha() and not piece.lower().startswith(_RAW_TEXT):
            for attributes, found in enumerate(_ATTRIBUTE.finditer(piece)):
                if found[0] == ">":
                    break
                if attributes > MAX_ATTRIBUTES:
                    return True
    return False
