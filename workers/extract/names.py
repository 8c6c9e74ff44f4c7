"""Who signed a story: names out of author fields and bylines, people told from organisations. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from workers.credit.agencies import agencies_in_author, agency_of_name, fold

__all__ = ["Signed", "clean_name", "is_organisation", "sort_names", "split_names"]

_BY: Final = re.compile(
    r"^\s*(?:(?:written|posted|published|reported|story|text|article|words|analysis|review|opinion|photos?|interview|geschrieben|verfasst|"
    r"ein (?:artikel|beitrag|gastbeitrag|kommentar)|propos recueillis)\s+)?"
    r"(?:by|von|vom|par|por|di|da|door|av|af|autor(?:en|in|a|es)?|author|auteur|text|texto|texte|oleh|yazan|автор|byline)\s*:?\s+(?=\S)",
    re.IGNORECASE,
)
_SPLIT: Final = re.compile(
    r"\s*(?:[;|•·\n]|,(?!\s*(?:jr|sr|phd|ph\.d|md|m\.d|esq|iii?)\b)|\s&\s|\s\+\s|\s/\s|/(?=[A-ZÀ-Þ])|(?<=[a-zß-ÿ])/|"
    r"\s(?:and|und|et|y|e|og|och|en|ve|dan|with|mit|avec|i|и|та|an)\s(?=[A-ZÀ-ÞĀ-ŽЀ-Я\"„“(]|dpa|afp))\s*",
    re.IGNORECASE,
)
_ROLE: Final = re.compile(
    r"\b(?:staff(?: writer| reporter)?|(?:senior |chief |deputy |political |business |sports |news |foreign |special |white house |national |"
    r"associate |executive |managing |contributing |health |science |technology |entertainment |education |environment |security |economics |"
    r"medical |legal |royal |digital |data |investigations? |video |world |social |climate |lead |principal |assistant |multimedia )*"
    r"(?:writer|reporter|correspondent|editor|columnist|producer|contributor|journalist|journalistin|redakteur(?:in)?|redaktor|korrespondent(?:in)?|"
    r"journaliste|redactor|periodista|volontär(?:in)?|autor(?:in)?|fellow|intern|photographer|blogger|author|professor|economist|"
    r"journalista|redaktør|redaktör|analyst|director|researcher|lecturer|ceo))\b.*$",
    re.IGNORECASE,
)
_TAIL: Final = re.compile(
    r"\s*(?:\(.*?\)|\[.*?\]|@\S+|\S+@\S+\.\S+|https?://\S+|\bfor (?:the )?[A-Z].*$|\bof (?:the )?[A-Z].*$|\s[-–—]\s.*$|"
    r"\s(?:in|aus|à|at)\s[A-ZÀ-Þ]\S+$|\b(?:updated|published|posted)\b.*$|\d{1,2}[:.]\d\d.*$|"
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{1,2},? \d{4}.*$)",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"\bhttps?://\S+|\bwww\.\S+|[^\s@]{1,64}@[\w-]+\.\S+", re.IGNORECASE)
_NO_NAME: Final = re.compile(
    r"^(?:veröffentlicht(?: am)?|aktualisiert|publié|publicado|pubblicato|admin(?:istrator)?|root|user|null|none|undefined|unknown|author|autor|n/?a|web ?master|guest|anonymous|share|follow|twitter|facebook|email|"
    r"de|en|by|von|editor|staff|wp ?admin|\W*|.|about the author.*|read more|more|see more|view all.*|comments?|\d+.*|no comments|"
    r"min(?:ute)?s? read|subscribe|home|contact|profile|about|website)$",
    re.IGNORECASE,
)
_ORGANISATION: Final = re.compile(
    r"(?:\b(?:news|newsroom|newsdesk|news ?desk|desk|staff|team|agency|agencies|agence|agenzia|agentur|agencia|agência|press|presse|media|"
    r"redaktion|redaktionen|redaktionsteam|redacción|redaccion|rédaction|redazione|redação|redactie|editors?|editorial|editorial board|bureau|wire|"
    r"service|services|network|television|radio|tv|online|magazine|magazin|times|post|herald|tribune|gazette|journal|chronicle|guardian|telegraph|"
    r"observer|daily|weekly|today|reporters?|correspondents?|writers|contributors?|publishing|publications?|inc|ltd|llc|gmbh|ag|corp|company|"
    r"group|association|institute|institut|foundation|university|center|centre|council|committee|department|ministry|office|government|"
    r"zeitung|nachrichten|rundschau|anzeiger|kurier|tageblatt|nachrichtenagentur|presseagentur|journalisten|wochenblatt|"
    r"newspapers?|digital|video|web|sports|studios?|productions?|society|union|party|club|project|initiative|coalition|"
    r"noticias|diario|periódico|journaux|giornale|gazeta|haber|haberler|merkezi|servisi|prensa|"
    r"report|reports|wires|sponsored|advertorial|partner|pr)\b|"
    r"\.(?:com|org|net|de|co|at|ch|fr|it|es|uk|tv|info|news|eu)\b|編集部|新聞|通信社|通信|新闻|新華|新华|记者站|网|뉴스|기자단|報)",
    re.IGNORECASE,
)
_PARTICLES: Final = frozenset(
    [
        "van",
        "von",
        "der",
        "den",
        "de",
        "la",
        "le",
        "du",
        "di",
        "da",
        "dos",
        "das",
        "del",
        "della",
        "el",
        "al",
        "bin",
        "ibn",
        "ben",
        "zu",
        "zur",
        "zum",
        "und",
        "y",
        "e",
        "ter",
        "ten",
        "vom",
        "af",
        "av",
        "mc",
        "mac",
        "st",
    ]
)


class Signed(NamedTuple):
    """People and organisations who signed a story, each in the order of the page."""

    people: tuple[str, ...]
    organisations: tuple[str, ...]


def clean_name(name: str) -> str | None:
    """A name without "By", role, handle, address and date; None where nothing like a name is left.

    >>> clean_name("By Jane Doe, Staff Writer (@jane)")
    'Jane Doe'
    """
    name = " ".join(name.replace("\xa0", " ").replace("\u200b", "").split()).strip(' ,;:|–—-•·"“”„*/')
    if re.match(r"https?://|www\.|/", name, re.I):
        return None
    previous = None
    while previous != name:
        previous = name
        name = _BY.sub("", name, count=1)
    short = _TAIL.sub("", name).strip()
    name = short if len(short) > 2 else name
    if agency_of_name(name) is None:
        bare = _ROLE.sub("", name).strip(' ,;:|–—-•·"“”')
        # "News Reporter" is a role and no name; "Jane Doe, reporter" is a name with one.
        name = bare if len(bare.split()) >= 2 or (bare and len(bare.split()) == 1 and "," in name) else name
    name = name.strip(' ,;:|–—-•·"“”„*/')
    if any(char.isdigit() for char in name) and agency_of_name(name) is None:
        return None
    if len(name) < 2 or len(name) > 80 or _NO_NAME.match(name) or len(name.split()) > 9:
        return None
    return name


def split_names(text: str) -> list[str]:
    """The single names in one field or byline.

    >>> split_names("By Ann Lee, Bo Chan and Cy Dahl")
    ['Ann Lee', 'Bo Chan', 'Cy Dahl']
    """
    text = " ".join(_ADDRESS.sub(" ", text[:2000]).split())
    if len(text) > 300:
        return []
    if agency_of_name(text) is not None:
        return [text]
    text = _BY.sub("", text, count=1)
    # "Lee, Ann": a library's way of writing one name
    if re.fullmatch(r"[A-ZÀ-Þ][\w'’-]+, [A-ZÀ-Þ][\w'’-]+", text) and not is_organisation(text):
        return [text] if agencies_in_author(text) else [" ".join(reversed(text.split(", ")))]
    names: list[str] = []
    for part in _SPLIT.split(text):
        name = clean_name(part) if part else None
        if name and _ROLE.sub("", name).strip():
            names.append(name)
    return names


def is_organisation(name: str, *, site_names: Iterable[str] = ()) -> bool:
    """Whether a name is an agency, a publisher or a desk and no person.

    Args:
        site_names: what the page calls its site, its domain included: the site's own byline is one of these.

    >>> is_organisation("BLMS MEDIA"), is_organisation("Jane Doe")
    (True, False)
    """
    if agency_of_name(name) is not None:
        return True
    folded = fold(name).replace(" ", "")
    for site_name in site_names:
        site = fold(site_name).replace(" ", "")
        if len(folded) > 2 and (
            folded == site or (len(site) > 5 and site in folded) or (len(folded) > 5 and folded in site)
        ):
            return True
    if _ORGANISATION.search(name):
        return True
    words = [word for word in re.split(r"[\s.]+", name) if word]
    if len(words) == 1:
        # One word in capitals is an abbreviation, not a person: "DPA", "SID"
        return len(name) >= 2 and name.isupper() and name.isascii() and len(name) <= 6
    return False


def sort_names(
    names: Iterable[str], organisations: Iterable[str] = (), *, site_names: Iterable[str] = ()
) -> Signed:
    """Names told apart, doubles left out.

    Args:
        names: of unknown kind.
        organisations: that the page itself calls organisations.
    """
    site_names = tuple(site_names)
    people: dict[str, str] = {}
    others: dict[str, str] = {}
    for name in names:
        group = others if is_organisation(name, site_names=site_names) else people
        group.setdefault(fold(name) or name, name)
    for name in organisations:
        # Pages call their writers organisations as often as the other way round: two capitalised words are a person.
        if is_organisation(name, site_names=site_names) or not _looks_like_person(name):
            others.setdefault(fold(name) or name, name)
        else:
            people.setdefault(fold(name) or name, name)
    return Signed(tuple(people.values()), tuple(name for key, name in others.items() if key not in people))


def _looks_like_person(name: str) -> bool:
    words = name.split()
    return (
        2 <= len(words) <= 4
        and all(word[:1].isupper() or word.lower() in _PARTICLES for word in words)
        and not name.isupper()
    )
