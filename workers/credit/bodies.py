"""Credits that stand in the words of a story, or just after it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lxml.html import HtmlElement

from workers.credit.agencies import AGENCIES, agency_of_dateline, agency_of_name
from workers.credit.model import Credit
from workers.credit.view import View, squeeze, text_of

__all__ = ["contributed", "copyright_notice", "dateline", "item_id", "reporting_by", "wire_mark"]

_START_CHARS: Final = 900
_DASH: Final = r"(?:\s*(?:--+|[-–—―:|])|\.\s*[-–—]|\.(?=\s))"
_DATELINE: Final = re.compile(
    r"^(?P<place>[^()\[\]/\n]{0,70}?(?:\[[^\]]{2,20}\],?[^()\[\]/\n]{0,30})?)\s*"
    rf"(?:[(\[](?P<mark>[^()\[\]]{{2,40}})[)\]]|/(?P<slash>[^/\s][^/]{{1,25}})/){_DASH}"
)
_BARE_DATELINE: Final = re.compile(r"^(?P<mark>CNN|REUTERS|AFP|AP|EFE|dpa|PTI|ANI|IANS)\s*[—–]\s+(?=\S)")
_CNN_GLUED: Final = re.compile(r"^\((?P<mark>CNN|AP|Reuters|AFP)\)\s?(?=[A-Z“\"])")
_EAST_ASIAN: Final = (
    (re.compile(r"^【(?:[^】]{1,12})?(?P<mark>共同|時事|聯合ニュース|ロイター|AFP)】"), None),
    (re.compile(r"^(?:【?[^\s【】]{0,8})?(?P<mark>新华社|新華社|中新社|中新网|法新社|路透社|共同社|韩联社|中央社)[^\s，。,]{0,20}(?:日)?(?:电|電|讯|訊)"), None),
    (re.compile(r"^[(\[（]?[가-힣]{1,8}\s*=\s*(?P<mark>연합뉴스|뉴시스|뉴스1)[)\]）]?"), None),
    (re.compile(r"^[（(](?P<mark>中央社|新華社|新华社)[^）)]{0,40}[）)]"), None),
)  # fmt: skip
_CYRILLIC: Final = re.compile(
    r"^[А-ЯЁІЇЄ][^.\n]{0,50}?(?:[.,]\s*|[-–—]\s*)(?:/)?(?P<mark>ТАСС|РИА Новости|Интерфакс|Укринформ|Укрінформ)(?:/)?\s*[.\-–—]"
)


def _looks_like_place(text: str) -> bool:
    """Whether the words before a mark are a place and perhaps a date, not the start of a sentence."""
    words = text.strip(" ,.-–—:").split()
    if not words:
        return True
    if len(words) > 9 or not (words[0][0].isupper() or words[0][0].isdigit()):
        return False
    named = sum(1 for w in words if w[0].isupper() or w[0].isdigit() or len(w) <= 3)
    return named >= 0.7 * len(words)


def dateline(view: View) -> Iterator[Credit]:
    """`CITY (AP) —` and its relatives at the start of a paragraph, in the first 900 characters of the story.

    Only marks of listed agencies count: a quarter of what looks like a mark is a station's call letters.
    """
    at = 0
    for line in view.lines:
        if at > _START_CHARS:
            return
        at += len(line) + 1
        head = line[:160]
        found = _DATELINE.match(head)
        if found is not None and _looks_like_place(found["place"]):
            agency = agency_of_dateline(found["mark"] or found["slash"])
            if agency is not None:
                confidence = 0.9 if found["place"].strip() else 0.85
                yield _dateline(agency.id, found[0], view, confidence)
                return
        for pattern in (_CNN_GLUED, _BARE_DATELINE, _CYRILLIC, *(p for p, _ in _EAST_ASIAN)):
            found = pattern.match(head)
            agency = agency_of_dateline(found["mark"]) if found is not None else None
            if found is not None and agency is not None:
                yield _dateline(agency.id, found[0], view, 0.85)
                return


def _dateline(agency: str, text: str, view: View, confidence: float) -> Credit:
    return Credit(
        kind="dateline", agency=agency, text=text.strip(), place="body_start", confidence=confidence
    )


_REPORTING: Final = re.compile(
    r"[(\[]?\s*(?:"
    r"(?:Additional |Further )?Reporting (?:by|from) [^()\[\]]{3,400}?(?:[Ww]riting|[Ee]diting) by [^()\[\].]{3,160}"
    r"|(?:Writing|Written|Compiled) by [^()\[\]]{3,200}?[;,.]\s*[Ee]diting by [^()\[\].]{3,160}"
    r"|\((?:By|Por|Par|Von|Di) [^()]{3,120}?[;,] *(?:[Ee]diting by|[Ee]ditado por|édité par|[Ee]dição de|redigiert von) [^()]{3,120}"
    r"|(?:Reporte|Reportaje|Información) (?:de|por) [^()\[\]]{3,300}?[;,.]\s*(?:[Ee]ditado|[Ee]dición|[Tt]raducido|[Ee]scrito) (?:en español )?(?:por|de) [^()\[\].]{3,160}"
    r"|Reportagem (?:de|por) [^()\[\]]{3,300}?[;,.]\s*(?:[Ee]dição|[Ee]ditado|[Tt]radução) (?:de|por) [^()\[\].]{3,160}"
    r"|(?:Reportage|Rédigé|Avec) (?:de|par|:)? ?[^()\[\]]{3,300}?[;,.]\s*(?:version française|édité par|rédigé par) [^()\[\].]{3,160}"
    r"|(?:Bericht|Reporter|Geschrieben) von [^()\[\]]{3,300}?[;,.]\s*(?:[Rr]edigiert|[Bb]earbeitet) von [^()\[\].]{3,160}"
    r"|Tradotto da [^()\[\]]{3,80}?,? ?(?:in redazione|[Ee]diting) [^()\[\].]{3,160}"
    r")\.?\s*[)\]]?"
)
_REPORTING_HINT: Final = (
    "diting by", "ditado", "dición de", "édité par", "dição de", "edigiert von", "earbeitet von", "version française",
    "tradotto da", "radução de", "dited by",
)  # fmt: skip


def _texts_near_story(view: View, hint: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(text, place) of the story's lines that have a word of `hint`, and of what follows the story on the page."""
    if not view.mentions(hint):
        return
    for line in view.lines:
        lower = line.lower()
        if any(word in lower for word in hint):
            yield line, view.place_of(line[:80])
    tail = view.tail.lower()
    if any(word in tail for word in hint):
        yield view.tail, "after_body"


def reporting_by(view: View) -> Iterator[Credit]:
    """`(Reporting by …; Editing by …)`: Reuters' closing line in its languages."""
    for text, place in _texts_near_story(view, _REPORTING_HINT):
        found = _REPORTING.search(text)
        if found is None or place in ("body_start", "before_body"):
            continue
        yield Credit(
            kind="reporting_by", agency="reuters", text=found[0].strip(), place=place, confidence=0.95
        )
        return


_DPA_ID: Final = re.compile(
    r"(?:©\s*)?(?:dpa-infocom(?: GmbH)?,?\s*)?dpa:(\d{6}-\d{1,4}-\d{3,9}(?:/\d{1,3})?)"
)
_NEWSML: Final = re.compile(
    r"urn:newsml:(?:[\w-]+\.)*(reuters|dpa|afp|ap|efe|ansa|apa|pa|tass|belga|anp|tt|ntb|ritzau)\b[\w.]*:[\w:.*+/-]{6,120}"
)


def item_id(view: View) -> Iterator[Credit]:
    """An agency's own item id, on which copies join: `dpa-infocom, dpa:230428-99-483045/5`, `urn:newsml:…`."""
    seen: set[str] = set()
    sources = [
        (content, "head") for _, content in view.metas if "dpa:" in content or "urn:newsml:" in content
    ]
    if "dpa:" in view.body_text or "newsml" in view.body_text:
        sources.append((view.story, "body_end"))
    tail = view.tail
    if "dpa:" in tail or "newsml" in tail:
        sources.append((tail, "after_body"))
    for text, place in sources:
        for found in _DPA_ID.finditer(text):
            ident = f"dpa:{found[1]}"
            if ident not in seen:
                seen.add(ident)
                where = view.place_of(found[0]) if place == "body_end" else place
                yield Credit(
                    kind="item_id", agency="dpa", text=found[0], place=where, confidence=0.99, item_id=ident
                )
        for found in _NEWSML.finditer(text):
            ident = found[0]
            if found[1] in AGENCIES and ident not in seen:
                seen.add(ident)
                yield Credit(
                    kind="item_id", agency=found[1], text=ident, place=place, confidence=0.95, item_id=ident
                )


_COPYRIGHT: Final = re.compile(
    r"(?P<before>.{0,24}?)(?P<all>(?:Copyright|©|\(c\)|\(C\)|Alle Rechte vorbehalten|Todos los derechos reservados)"
    r"[\s:]*(?:©|\(c\)|\(C\)|Copyright|by|bei|de)*\s*(?P<year>(?:19|20)\d\d(?:\s*[-–]\s*(?:19|20)?\d\d)?)?[\s,.]*(?:by\s+)?"
    r"(?P<name>[^\s.,;:|(©][^.;:|(©]{0,60}))"
)
_PICTURE: Final = re.compile(
    r"(?:image|photo|picture|foto|bild|video|getty|imago|alliance|graphic|illustration|montage)",
    re.IGNORECASE,
)


def copyright_notice(view: View) -> Iterator[Credit]:
    """`Copyright 2024 The Associated Press` in the end of the story or just after it; a site's footer does not count."""
    texts = [
        (line, "body_end")
        for line in view.lines[-4:]
        if "©" in line or "opyright" in line or "(c)" in line.lower()
    ]
    tail = view.tail
    if "©" in tail or "opyright" in tail or "(c)" in tail:
        texts.append((tail, "after_body"))
    for text, place in texts:
        for found in _COPYRIGHT.finditer(text):
            if _PICTURE.search(found["before"]) or _PICTURE.search(
                text[found.end() : found.end() + 20].split(".")[0]
            ):
                continue
            agency = _leading_agency(found["name"])
            if agency is None or (found["year"] is None and len(text) > 120 and place == "body_end"):
                continue
            confidence = 0.9 if found["year"] else 0.8
            yield Credit(
                kind="copyright", agency=agency, text=found["all"].strip(), place=place, confidence=confidence
            )
            return


def _leading_agency(text: str) -> str | None:
    """The agency that the first words of `text` name; the longest name wins."""
    words = text.split()
    for count in range(min(5, len(words)), 0, -1):
        agency = agency_of_name(" ".join(words[:count]))
        if agency is not None:
            return agency.id
    return None


_WIRES: Final = (
    (re.compile(r"The[- ]CNN[- ]Wire\s?(?:™|&trade;|\(TM\))?(?:.{0,12}©\s*\d{4}.{0,60}?(?:Company|Network)[^.]{0,40})?"), "cnn", 0.95),
    (re.compile(r"(?:™|®)\s*(?:&|and)\s*©\s*\d{4}\s*Cable News Network[^.]{0,80}"), "cnn", 0.9),
    (re.compile(r"[Dd]istributed by Tribune (?:Content Agency|News Service)[^.]{0,20}"), "tns", 0.95),
    (re.compile(r"published from a syndicated feed[^.]{0,40}|auto-generated from (?:a|an) (?:syndicated|agency) feed[^.]{0,40}"), None, 0.9),
    (re.compile(r"(?:story|report|article) (?:has been |was |is )?(?:published|sourced|taken) from (?:a|an|the) (?:wire|news) agency(?: feed)?[^.]{0,60}"), None, 0.85),
    (re.compile(r"[Pp]rovided by SyndiGate[^.]{0,40}"), None, 0.85),
    (re.compile(r"(?:via|from) (?:the )?AP (?:news ?wire|newswire)"), "ap", 0.8),
    (re.compile(r"This story was produced by (?:\w+ )?Stacker|Stacker Media[^.]{0,60}distributed"), "stacker", 0.85),
)  # fmt: skip
_WIRE_HINT: Final = (
    "cnn wire", "cnn-wire", "cable news network", "distributed by tribune", "syndicated feed", "agency", "syndigate", "ap news",
    "by stacker", "stacker media",
)  # fmt: skip
_CLOSING: Final = re.compile(
    r"^[\s(\[–—\-/©*]*(?:(?:Source|Sources|Quelle|Quellen|Fuente|Fonte|Agency|Agencies|Text|Foto/Text|Con información de|Via)\s*[:\-]?\s*)?"
    r"(?P<name>[^\s()\[\]–—*][^()\[\]*]{0,50}?)[\s)\]\-–—/*.]*$",
    re.IGNORECASE,
)


def wire_mark(view: View) -> Iterator[Credit]:
    """A brand mark of a wire, a syndicated feed's notice, or a last line that is an agency's name alone."""
    done: set[str | None] = set()
    for text, place in _texts_near_story(view, _WIRE_HINT):
        for pattern, agency, confidence in _WIRES:
            found = pattern.search(text)
            if found is not None and agency not in done and place != "body_middle":
                done.add(agency)
                yield Credit(
                    kind="wire_mark",
                    agency=agency,
                    text=squeeze(found[0]),
                    place=place,
                    confidence=confidence,
                )
    trailing = next(filter(None, map(_trailing_agency, reversed(view.lines[-3:]))), None)
    if trailing is not None and trailing[0] not in done:
        done.add(trailing[0])
        yield Credit(
            kind="wire_mark", agency=trailing[0], text=trailing[1], place="body_end", confidence=0.85
        )
    closings = [(view.element_of(line), line) for line in view.lines[-2:] if len(line) <= _CLOSING_CHARS]
    closings += [(e, text) for e, text in view.tail_texts[:_CLOSING_TEXTS] if _UNMISTAKABLE.search(text)]
    for element, line in closings:
        agencies = _closing_agencies(line)
        if agencies and not _is_caption_or_tag(element, line):
            place = "body_end" if line in view.lines else "after_body"
            for agency in agencies:
                if agency not in done:
                    done.add(agency)
                    yield Credit(kind="wire_mark", agency=agency, text=line, place=place, confidence=0.8)


_CLOSING_CHARS: Final = 60
_CLOSING_TEXTS: Final = 8
_UNMISTAKABLE: Final = re.compile(
    r"^\s*(?:[(\[–—-]|(?:quelle|source|fuente|fonte|text)n?\s*:)|\w/\w", re.IGNORECASE
)
"""Behind the story a name alone may be a teaser's label; brackets, a label or a desk's sign after a slash are not."""
_CAPTION: Final = re.compile(r"caption|credit|photo|image|foto|bild|tag|keyword|topic|related", re.IGNORECASE)


def _is_caption_or_tag(element: HtmlElement | None, line: str) -> bool:
    """Whether a last line is a picture's credit or a tag of the story rather than its own last line."""
    for depth, node in enumerate([] if element is None else [element, *element.iterancestors()]):
        if node.tag in ("figure", "figcaption", "nav", "aside", "footer"):
            return True
        if depth > 4:
            return False
        if depth <= 2 and _CAPTION.search(f"{node.get('class') or ''} {node.get('rel') or ''}"):
            return True
    return element is not None and any(text_of(a) == line for a in element.iter("a"))


_TRAILING: Final = re.compile(r"[.!?…”\"»’)]\s*(?:[(\[–—/-]\s*)?(?P<name>[^\W\d_][\w/-]{1,11})\s*[)\]/]?\.?$")


def _trailing_agency(line: str) -> tuple[str, str] | None:
    """(agency, text) of a mark behind the last sentence of a story: `… into the country. PTI`, `… he said. (dpa)`."""
    found = _TRAILING.search(line[-60:])
    agency = agency_of_name(found["name"]) if found is not None else None
    if (
        found is None
        or agency is None
        or agency.kind != "agency"
        or found["name"] not in agency.abbreviations
    ):
        return None
    return agency.id, found[0][1:].strip()


def _closing_agencies(line: str) -> list[str]:
    """The agencies of a closing line that holds nothing but them: `(PTI)`, `SDA/sep`, `Quelle: APA/dpa`."""
    closing = (
        _CLOSING.match(line)
        if len(line) <= _CLOSING_CHARS and "©" not in line and "opyright" not in line
        else None
    )
    if closing is None:
        return []
    found: list[str] = []
    for part in re.split(r"\s*[/,;|&+]\s*|\s+(?:and|und|et|y|e|en|og)\s+", closing["name"]):
        agency = agency_of_name(part)
        if agency is not None and agency.kind in ("agency", "press_release"):
            found.append(agency.id)
        elif not re.fullmatch(r"[a-z]{1,4}|[A-Z]{1,3}", part.strip(" .-")):
            return []
    return found if len(found) <= 3 else []


_CONTRIBUTED: Final = re.compile(
    r"contribut(?:ed|ing) to (?:this|the) (?:report|story|article|dispatch)|"
    r"[Ww]ith (?:additional )?(?:files|inputs?|reporting|reports|information|material) (?:from|by) |"
    r"[Aa]dditional (?:reporting|information) (?:from|by) |[Mm]it Material (?:der|von|des)|[Mm]it (?:Informationen|Agenturmaterial) (?:der|von)|\(mit [\w/ ,]{2,30}\)|"
    r"[Cc]on (?:información|informazioni|datos) (?:de|di)|[Cc]om informações (?:da|de|do)|[Aa]vec (?:l')?(?:AFP|Reuters|AP|agences?)"
)


_CONTRIBUTED_HINT: Final = (
    "contribut", "with additional", "with files", "with input", "with report", "with information", "with material",
    "additional reporting", "additional information", "material de", "material von", "mit informationen", "agenturmaterial", "(mit ", "con informa",
    "con datos", "com informaç", "avec ",
)  # fmt: skip


def contributed(view: View) -> Iterator[Credit]:
    """ "X contributed to this report", "with inputs from X", where X is an agency: derived from it, not copied."""
    for text, place in _texts_near_story(view, _CONTRIBUTED_HINT):
        found = _CONTRIBUTED.search(text)
        if found is None:
            continue
        start = max(text.rfind(". ", 0, found.start()) + 1, found.start() - 200)
        end = min(end for end in (text.find(". ", found.end()), len(text), found.end() + 160) if end >= 0)
        sentence = squeeze(text[start:end])
        for agency in _agencies_mentioned(sentence):
            yield Credit(kind="contributed", agency=agency, text=sentence, place=place, confidence=0.8)


def _bare(words: list[str]) -> str:
    return re.sub(r"['’]s$", "", " ".join(words).strip("()—–- "))


def _agencies_mentioned(sentence: str) -> list[str]:
    """Agencies that a sentence names anywhere, longest names first at every word."""
    words = sentence.split()
    found: list[str] = []
    at = 0
    while at < len(words):
        for count in (4, 3, 2, 1):
            agency = agency_of_name(_bare(words[at : at + count])) if at + count <= len(words) else None
            if agency is not None:
                if agency.id not in found:
                    found.append(agency.id)
                at += count
                break
        else:
            at += 1
    return found
