"""XML of strangers, read safely: no entities, no DTD, no network, bounded size, broken documents recovered."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from html.entities import html5
from typing import Final

from lxml import etree

from crawler.discovery.body import BodyError, charset_of

__all__ = ["XmlStream", "local_name", "read_tree", "text_of"]

_GENERAL_ENTITY: Final = re.compile(rb"<!ENTITY\s+[^%\s]", re.IGNORECASE)
_DOCTYPE: Final = re.compile(rb"<!DOCTYPE[^\[>]*(\[.*?\]\s*)?>", re.IGNORECASE | re.DOTALL)
_DECLARATION: Final = re.compile(rb"^<\?xml.*?\?>", re.DOTALL)
_REFERENCE: Final = re.compile(rb"&(?:([A-Za-z][A-Za-z0-9]{1,31});|#\d{1,7};|#[xX][0-9A-Fa-f]{1,6};)?")
_CDATA_EDGE: Final = re.compile(rb"(<!\[CDATA\[|\]\]>)")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]+")
_XML_NAMES: Final = frozenset((b"amp", b"lt", b"gt", b"quot", b"apos"))
MAX_ELEMENTS: Final = 1_000_000
"""Most elements of a stream: twenty for each of 50,000 entries."""

MAX_TREE_TAGS: Final = 800_000
"""Most tags of a document that is held as a tree; libxml2 takes about 130 bytes for an empty element."""

_MAX_ALIVE: Final = 20_000  # elements of one entry
_PROLOG_BYTES: Final = 64 * 1024
_TAIL: Final = 40  # a reference or a CDATA edge that a chunk's end cuts in two is shorter than this


def _parser_options() -> dict[str, bool]:
    return {
        "recover": True,
        "resolve_entities": False,
        "huge_tree": False,
        "no_network": True,
        "load_dtd": False,
        "remove_comments": True,
        "remove_pis": True,
    }


class XmlStream:
    """The elements of an XML document, one at a time, in little memory.

    Entities that the document declares are refused: no feed needs them and bombs do. HTML's names (`&nbsp;`) become
    characters, bare ampersands are escaped, control characters dropped, a DOCTYPE is cut out. What is still broken
    libxml2 recovers as far as it can.

    Attributes:
        fault: after iterating: None, or what was wrong with the document.
    """

    def __init__(self, chunks: Iterable[bytes], headers: Mapping[str, str], *, wanted: Iterable[str]) -> None:
        """Makes the stream.

        Args:
            wanted: local names, lower case, of the elements that are given out; none may hold another.
        """
        self._chunks = chunks
        self._headers = headers
        self._wanted = frozenset(wanted)
        self._elements = 0
        self._alive = 0
        self.fault: str | None = None

    def __iter__(self) -> Iterator[etree._Element]:
        """Each wanted element, complete; it and what stands before it is emptied when the next one is asked for.

        Raises:
            BodyError: nothing can be read at all: entities are declared, or the first bytes cannot be inflated.
        """
        parser = etree.XMLPullParser(events=("end",), **_parser_options())  # type: ignore[arg-type]
        is_begun = False
        try:
            for piece in _cleaned(self._chunks, self._headers, _Mender()):
                parser.feed(piece)
                is_begun = True
                yield from self._finished(parser)
            # What closing the parser completes was cut off: half an address is worse than none. It is not given out.
            parser.close()
        except (etree.XMLSyntaxError, BodyError) as error:
            if not is_begun:
                raise BodyError(str(error)) from None
            self.fault = str(error)
        self.fault = self.fault or _first_fatal(parser)

    def _finished(self, parser: etree.XMLPullParser) -> Iterator[etree._Element]:
        for _, element in parser.read_events():
            if not isinstance(element, etree._Element):
                continue
            self._elements += 1
            self._alive += 1
            if self._elements > MAX_ELEMENTS or self._alive > _MAX_ALIVE:
                raise BodyError(f"more than {min(self._elements, MAX_ELEMENTS)} elements")
            parent = element.getparent()
            if local_name(element) in self._wanted:
                yield element
            elif parent is None or parent.getparent() is not None:
                continue
            self._alive = 0
            element.clear()
            # Only what stands before: later siblings may be half built, the parser works ahead by a chunk.
            while parent is not None and element.getprevious() is not None:
                del parent[0]


def read_tree(
    chunks: Iterable[bytes], headers: Mapping[str, str]
) -> tuple[etree._Element | None, str | None, bool]:
    """The root element of a document, what was wrong with it, and whether it is cut off in the middle.

    Cleaned and recovered as by `XmlStream`.

    Raises:
        BodyError: entities are declared, the bytes cannot be inflated, or there are too many tags.
    """
    mender = _Mender()
    parser = etree.XMLParser(**_parser_options())  # type: ignore[arg-type]
    tail = b""
    fault: str | None = None
    try:
        for piece in _cleaned(chunks, headers, mender):
            if mender.tags > MAX_TREE_TAGS:
                raise BodyError(f"more than {MAX_TREE_TAGS} tags")
            parser.feed(piece)
            tail = (tail + piece)[-_TAIL:]
    except BodyError as error:
        if not tail or mender.tags > MAX_TREE_TAGS:
            raise
        fault = str(error)
    is_cut = fault is not None or not tail.rstrip().endswith(b">")
    try:
        root: etree._Element | None = parser.close()
    except etree.XMLSyntaxError as error:
        return None, str(error), is_cut
    return root, fault or _first_fatal(parser), is_cut


def _first_fatal(parser: etree.XMLParser | etree.XMLPullParser) -> str | None:
    for entry in parser.feed_error_log:
        if entry.level_name == "FATAL":
            return f"line {entry.line}: {entry.message}"
    return None


def _cleaned(chunks: Iterable[bytes], headers: Mapping[str, str], mender: _Mender) -> Iterator[bytes]:
    source = iter(chunks)
    head = b""
    broken: BodyError | None = None
    try:
        for piece in source:
            head += piece
            if len(head) >= _PROLOG_BYTES:
                break
    except BodyError as error:
        if not head:
            raise
        broken = error
    charset = charset_of(head[:4096], headers)
    if charset not in ("utf-8", "ascii"):
        # libxml2 knows few charsets and stops at the first wrong byte; Python's codecs know all and go on.
        source = _recoded(head, source, charset)
        head = next(source)
    if _GENERAL_ENTITY.search(head):
        raise BodyError("declares XML entities")
    head = head[max(head.find(b"<"), 0) :]
    head = _DOCTYPE.sub(b"", _DECLARATION.sub(b"", head, count=1), count=1)
    if re.match(rb"(?:\s|<!--.*?-->)*<!DOCTYPE", head, re.IGNORECASE | re.DOTALL):
        raise BodyError("a DOCTYPE without end")
    yield mender.mended(head)
    for piece in source:
        yield mender.mended(piece)
    yield mender.rest()
    if broken:
        raise broken


def _recoded(head: bytes, source: Iterator[bytes], charset: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(charset)(errors="replace")
    yield decoder.decode(head).lstrip("\ufeff").encode("utf-8", "replace")
    for piece in source:
        yield decoder.decode(piece).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


class _Mender:
    """Repairs a document in UTF-8 that comes in pieces: references, control characters, stray bytes.

    Attributes:
        tags: beginnings of tags so far, those inside CDATA not counted.
    """

    def __init__(self) -> None:
        self.tags = 0
        self._is_in_cdata = False
        self._held = b""

    def mended(self, piece: bytes) -> bytes:
        data = self._held + piece
        cut = max(data.rfind(mark, max(len(data) - _TAIL, 0)) for mark in (b"&", b"<", b"]"))
        cut = cut if cut >= 0 else len(data)
        if cut and data[cut : cut + 1] == b"]" and data[cut - 1 : cut] == b"]":
            cut -= 1
        data, self._held = data[:cut], data[cut:]
        data, rest = _whole_utf8(data)
        self._held = rest + self._held
        return self._repaired(data)

    def rest(self) -> bytes:
        data, self._held = self._held, b""
        return self._repaired(_whole_utf8(data)[0])

    def _repaired(self, data: bytes) -> bytes:
        if b"&" in data or b"[CDATA[" in data or b"]]>" in data:
            parts = _CDATA_EDGE.split(data)
            for index, part in enumerate(parts):
                if part == b"<![CDATA[":
                    self._is_in_cdata = True
                elif part == b"]]>":
                    self._is_in_cdata = False
                elif not self._is_in_cdata:
                    self.tags += part.count(b"<")
                    parts[index] = _REFERENCE.sub(_reference, part) if b"&" in part else part
            data = b"".join(parts)
        elif not self._is_in_cdata:
            self.tags += data.count(b"<")
        return _CONTROL.sub(b"", data)


def _whole_utf8(data: bytes) -> tuple[bytes, bytes]:
    """`data` as valid UTF-8 (stray bytes read as windows-1252), and an unfinished character at its end."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and error.start >= len(data) - 3:
            return data[: error.start], data[error.start :]
        text = data.decode("utf-8", "surrogateescape")
        return re.sub("[\udc80-\udcff]", _from_cp1252, text).encode(), b""
    return data, b""


def _from_cp1252(match: re.Match[str]) -> str:
    return bytes([ord(match[0]) - 0xDC00]).decode("cp1252", "replace")


def _reference(match: re.Match[bytes]) -> bytes:
    name = match[1]
    if name is None:
        return match[0] if len(match[0]) > 1 else b"&amp;"
    if name in _XML_NAMES:
        return match[0]
    characters = html5.get(name.decode("ascii") + ";")
    if characters is None:
        return b"&amp;" + name + b";"
    return b"".join(b"&#%d;" % ord(character) for character in characters)


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace, lower case."""
    return str(element.tag).rpartition("}")[2].rpartition(":")[2].lower()


def text_of(element: etree._Element | None, limit: int = 4096) -> str:
    """The element's whole text, white space collapsed, cut at `limit` characters."""
    if element is None:
        return ""
    return " ".join("".join(t for t in element.itertext() if isinstance(t, str)).split())[:limit]
