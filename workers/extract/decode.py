"""Bytes of a page to text: one ladder, so that one bad byte never turns a whole page into mojibake.

The order is BOM, HTTP header, `<meta>`, strict UTF-8, detector. A declared encoding is believed only when the
bytes bear it out: where a page declares something else but is valid UTF-8 with multi-byte sequences, it is
UTF-8; where it declares UTF-8 and a few bytes are bad, it stays UTF-8 and only those bytes are lost.

Source: WHATWG Encoding Standard (labels; latin-1 means windows-1252), HTML Standard 13.2.3 (sniffing).
"""

from __future__ import annotations

import codecs
import re
from typing import Final, NamedTuple

from charset_normalizer import from_bytes

__all__ = ["Decoded", "clean_text", "decode"]

_PRESCAN_BYTES: Final = 4096
_DETECT_BYTES: Final = 64 * 1024
_MAX_BAD_SHARE: Final = 0.1
"""Damaged text keeps the encoding it declares while at most this share of its non-ASCII characters is bad. UTF-8 may
lose half: text in another encoding is hardly ever valid UTF-8 by chance, there nearly every such byte is bad."""

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META: Final = re.compile(rb"<meta[^>]{0,400}?charset\s*=\s*[\"']?\s*([a-zA-Z0-9_:.\-]{2,40})", re.IGNORECASE)
_XML: Final = re.compile(
    rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([a-zA-Z0-9_:.\-]{2,40})", re.IGNORECASE
)
_COMMENT: Final = re.compile(rb"<!--.*?-->", re.DOTALL)

# WHATWG labels that Python knows by another name, or reads more narrowly than browsers do.
_WIDER: Final = {
    "iso8859-1": "cp1252",
    "latin-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "utf-16": "utf-16-le",
}
_LABELS: Final = {
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "ks_c_5601-1987": "cp949",
    "windows-949": "cp949",
    "korean": "cp949",
    "x-euc-jp": "euc_jp",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "x-cp1252": "cp1252",
    "x-cp1251": "cp1251",
    "utf8": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "iso-8859-8-i": "iso8859-8",
    "windows-874": "cp874",
    "dos-874": "cp874",
}
# Codecs that Python has and a page can never be in.
_NEVER: Final = frozenset({"utf-7", "idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined"})

# NUL, the other C0 controls that HTML forbids, lone surrogates and non-characters.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_ISO_2022_JP: Final = re.compile(rb"\x1b(?:\$[@B]|\([JI])")
_CONTROLS: Final = bytes((*range(9), 11, *range(14, 32), 127))


class Decoded(NamedTuple):
    """A page as text, the name of its encoding, and which step of the ladder chose it."""

    text: str
    charset: str
    chosen_by: str


def clean_text(text: str) -> str:
    """`text` without NUL, other control characters and lone surrogates: what Postgres can store.

    >>> clean_text("a\\x00b\\ud800c")
    'abc'
    """
    return _FORBIDDEN.sub("", text)


def codec_name(label: str | None) -> str | None:
    """The Python codec for an encoding label as browsers understand it; None if there is none.

    >>> codec_name("ISO-8859-1")
    'cp1252'
    """
    if not label:
        return None
    label = label.strip().strip("\"'").lower()
    label = _LABELS.get(label, label)
    try:
        info = codecs.lookup(label)
    except (LookupError, ValueError):
        return None
    # Python also has bytes-to-bytes codecs (zlib, hex …); those are no text encodings.
    if info.name in _NEVER or not getattr(info, "_is_text_encoding", True):
        return None
    return _WIDER.get(info.name, info.name)


def _meta_charset(body: bytes) -> str | None:
    head = _COMMENT.sub(b"", body[:_PRESCAN_BYTES])
    found = _XML.search(head) or _META.search(head)
    if found is None and len(body) > _PRESCAN_BYTES:
        found = _META.search(_COMMENT.sub(b"", body[: 8 * _PRESCAN_BYTES]))
    name = codec_name(found[1].decode("ascii")) if found else None
    # A meta element that could be read as ASCII cannot tell the truth about UTF-16.
    return "utf-8" if name and name.startswith(("utf-16", "utf-32")) else name


def _is_utf16(body: bytes) -> str | None:
    """UTF-16 without a BOM shows by NUL in every second byte of its markup."""
    sample = body[:2048]
    if len(sample) < 8 or sample.count(0) < len(sample) // 4:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > len(sample) // 5 and even * 8 < odd:
        return "utf-16-le"
    if even > len(sample) // 5 and odd * 8 < even:
        return "utf-16-be"
    return None


def _damage(text: str, body: bytes) -> tuple[int, int]:
    """How many characters of a text decoded with replacement are lost, and how many others are beyond ASCII."""
    lost = text.count("�") - body.count(b"\xef\xbf\xbd")
    return lost, sum(1 for char in text if char > "\x7f") - lost


def _is_slight(lost: int, kept: int, share: float) -> bool:
    return kept >= 2 * lost and lost <= max(1, share * kept)


def _strictly(body: bytes, charset: str) -> str | None:
    try:
        return body.decode(charset)
    except (UnicodeError, ValueError):
        return None


def _detected(body: bytes) -> str | None:
    # Markup is ASCII in nearly every encoding; the text between the tags decides.
    stripped = re.sub(rb"<script.*?</script>|<style.*?</style>|<[^>]*>", b" ", body, flags=re.DOTALL | re.I)
    lines = b"\n".join(line for line in stripped.split(b"\n") if not line.isascii())
    best = from_bytes(lines[:_DETECT_BYTES], preemptive_behaviour=False).best() if lines else None
    name = codec_name(best.encoding) if best else None
    if name and name.startswith("cp125") and _strictly(lines, name) == _strictly(lines, "cp1252"):
        return "cp1252"
    return name


def decode(body: bytes, declared: str | None = None) -> Decoded:
    """The page as text without NUL and lone surrogates. Never raises.

    Args:
        body: the page as received.
        declared: the charset of the Content-Type header.
    """
    for bom, charset in _BOMS:
        if body.startswith(bom):
            return _done(body[len(bom) :].decode(charset, "replace"), charset, "bom")
    if _ISO_2022_JP.search(body[:_DETECT_BYTES]) and (text := _strictly(body, "iso2022_jp")) is not None:
        return _done(text, "iso2022_jp", "escapes")
    if (wide := _is_utf16(body)) is not None:
        return _done(body.decode(wide, "replace"), wide, "nul pattern")

    header, meta = codec_name(declared), _meta_charset(body)
    # Strict UTF-8 holds no surrogate, and its control characters are single bytes: no second pass.
    text = _strictly(body.translate(None, _CONTROLS), "utf-8")
    if text is not None:
        by = "header" if header == "utf-8" else "meta" if meta == "utf-8" else "strict"
        return Decoded(text, "utf-8", by)

    claims = [(name, by) for name, by in ((header, "header"), (meta, "meta")) if name]
    # Latin-1 in a header is a server's default more often than a fact about the page.
    if len(claims) == 2 and header == "cp1252" and meta != "cp1252":
        claims.reverse()
    text = body.decode("utf-8", "replace")
    lost, kept = _damage(text, body)
    if _is_slight(lost, kept, 0.5):
        return _done(text, "utf-8", next((by for name, by in claims if name == "utf-8"), "damaged"))
    others = [(name, by) for name, by in claims if name != "utf-8"]
    for name, by in others:
        if (strict := _strictly(body, name)) is not None:
            return _done(strict, name, by)
    for name, by in others:
        lossy = body.decode(name, "replace")
        if _is_slight(*_damage(lossy, body), _MAX_BAD_SHARE):
            return _done(lossy, name, by)
    found = _detected(body)
    if found is not None and found != "utf-8":
        return _done(body.decode(found, "replace"), found, "detector")
    if kept > lost:
        return _done(text, "utf-8", "damaged")
    return _done(body.decode("cp1252", "replace"), "cp1252", "last resort")


def _done(text: str, charset: str, chosen_by: str) -> Decoded:
    return Decoded(clean_text(text), charset, chosen_by)
