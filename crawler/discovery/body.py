"""Bytes of a document: bounded inflating, what format they are, and their text.

Nothing here trusts a header or a file name; the bytes decide.
"""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Final

__all__ = ["MAX_DOCUMENT_BYTES", "BodyError", "chunks_of", "decode_text", "head_of", "sniff"]

MAX_DOCUMENT_BYTES: Final = 64 * 1024 * 1024
"""Most inflated bytes of one document. The sitemap protocol allows 50 MiB; what is larger is refused."""

_CHUNK: Final = 64 * 1024
_GZIP: Final = b"\x1f\x8b"
_MAX_NESTING: Final = 2  # "sitemap.xml.gz" that was compressed once more on the way is met in practice

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED: Final = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_HTTP_CHARSET: Final = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_ROOT: Final = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)[\s>/]")
_ANY_TAG: Final = re.compile(r"<(?:[A-Za-z_][^<>]{0,2000}>|!doctype)", re.IGNORECASE)
_XML_ROOTS: Final = {
    "rss": "feed",
    "feed": "feed",
    "rdf": "feed",
    "channel": "feed",
    "urlset": "sitemap",
    "sitemapindex": "sitemap",
}
_DOCTYPE_NAME: Final = re.compile(r"<!doctype\s+(?:[\w.-]+:)?([\w.-]+)", re.IGNORECASE)
_URL_LINE: Final = re.compile(r"\s*https?://[^\s<>\"]+\s*(\n|$)")


class BodyError(ValueError):
    """The bytes cannot be used; the message is the problem. A retry does not help."""


def chunks_of(body: bytes, *, limit: int = MAX_DOCUMENT_BYTES) -> Iterator[bytes]:
    """The document's bytes in pieces, gzip undone (also twice) wherever the bytes are gzip.

    Args:
        limit: most bytes that may come out, over all layers.

    Raises:
        BodyError: more than `limit` bytes come out (a gzip bomb), or the compressed bytes are broken.
    """
    yield from _chunks(iter((body,)), limit, 0)


def _chunks(source: Iterator[bytes], limit: int, nesting: int) -> Iterator[bytes]:
    first = next(source, b"")
    while len(first) < len(_GZIP):
        more = next(source, None)
        if more is None:
            break
        first += more
    rest = _chain(first, source)
    if first.startswith(_GZIP):
        if nesting >= _MAX_NESTING:
            raise BodyError("gzip inside gzip inside gzip")
        yield from _chunks(_inflate(rest, limit), limit, nesting + 1)
        return
    size = 0
    for piece in rest:
        size += len(piece)
        if size > limit:
            raise BodyError(f"more than {limit} bytes")
        for start in range(0, len(piece), _CHUNK):
            yield piece[start : start + _CHUNK]


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _inflate(source: Iterator[bytes], limit: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(wbits=31)
    size = 0
    for piece in source:
        pending = piece
        while pending:
            try:
                out = inflater.decompress(pending, _CHUNK)
            except zlib.error as error:
                raise BodyError(f"broken gzip: {error}") from None
            pending = inflater.unconsumed_tail
            size += len(out)
            if size > limit:
                raise BodyError(f"more than {limit} bytes come out of {len(piece)} compressed ones")
            if out:
                yield out
            if inflater.eof:  # a further member may follow (RFC 1952, 2.2); padding is ignored
                pending = inflater.unused_data
                if not pending.startswith(_GZIP):
                    return
                inflater = zlib.decompressobj(wbits=31)
    if not inflater.eof:
        raise BodyError("truncated gzip")


def head_of(body: bytes, size: int = 4096) -> bytes:
    """The first bytes of the document, inflated.

    Raises:
        BodyError: as `chunks_of`, where nothing comes out.
    """
    head = b""
    try:
        for piece in chunks_of(body):
            head += piece
            if len(head) >= size:
                break
    except BodyError:
        if not head:
            raise
    return head[:size]


def charset_of(head: bytes, headers: Mapping[str, str]) -> str:
    """The charset of an XML or text document: BOM, XML declaration, Content-Type, UTF-8."""
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    if head[:4] == b"<\x00?\x00":
        return "utf-16-le"
    if head[:4] == b"\x00<\x00?":
        return "utf-16-be"
    declared = _DECLARED.match(head)
    http = _HTTP_CHARSET.search(headers.get("content-type", ""))
    for label in (declared[1].decode("ascii") if declared else None, http[1] if http else None):
        if label:
            try:
                return codecs.lookup(label).name
            except LookupError:
                continue
    return "utf-8"


def decode_text(body: bytes, headers: Mapping[str, str]) -> str:
    """The document as text; bytes that do not fit the charset fall back to windows-1252, then to U+FFFD.

    Raises:
        BodyError: as `chunks_of`.
    """
    data = b"".join(chunks_of(body))
    charset = charset_of(data[:4096], headers)
    for name in (charset, "utf-8", "cp1252"):
        try:
            return data.decode(name).removeprefix("\ufeff")
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("utf-8", "replace").removeprefix("\ufeff")


def sniff(head: bytes, headers: Mapping[str, str]) -> str | None:
    """What the bytes are: 'feed', 'sitemap', 'json', 'urls' (a text sitemap), 'html', 'xml', or None.

    >>> sniff(b'<?xml version="1.0"?><rss version="2.0"><channel>', {})
    'feed'
    """
    charset = charset_of(head, headers)
    try:
        text = head.decode(charset, "ignore")
    except LookupError:
        text = head.decode("utf-8", "ignore")
    text = text.lstrip("\ufeff \t\r\n\x00")
    if not text:
        return None
    if text[0] in "[{":
        return "json"
    if _URL_LINE.match(text):
        return "urls"
    start = text.find("<")
    if start < 0 or not _ANY_TAG.search(text) or text.count("\x00") * 20 > len(text):
        return None
    root = _ROOT.search(_without_prolog(text[start:])) or _DOCTYPE_NAME.search(text[start:])
    name = root[1].lower() if root else ""
    if name in _XML_ROOTS:
        return _XML_ROOTS[name]
    if text.startswith("<?xml") and "<html" not in text.lower():
        return "xml"
    return "html"


def _without_prolog(text: str) -> str:
    """`text` from its root element on: declarations, comments and processing instructions cut off."""
    while True:
        text = text.lstrip()
        if text.startswith("<?"):
            end = text.find("?>")
        elif text.startswith("<!--"):
            end = text.find("-->")
        elif text[:9].lower() == "<!doctype":
            bracket, close = text.find("["), text.find(">")
            end = text.find("]>") if 0 <= bracket < close else close
        else:
            return text
        if end < 0:
            return ""
        text = text[text.find(">", end) + 1 :]
