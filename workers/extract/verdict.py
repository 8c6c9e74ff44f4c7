"""Article or not: the reasons for which a page of HTML holds no story.

Conservative on purpose: an article that is refused is a copy never found, a listing that passes is one short row
more. Every rule needs a sign of its own kind and little story text. Words are given for the languages of the press
that we know; the signs of structure need none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from schemas.outcomes import Outcome
from schemas.records import RawPage
from workers.extract.blocks import Page, word_count
from workers.extract.body import Body
from workers.extract.guards import Refusal
from workers.extract.jsonld import types_of
from workers.extract.metadata import Head
from workers.extract.teasers import Teasers, teasers_of

__all__ = ["why_not_article"]

MIN_WORDS: Final = 25
"""Less is a caption or a notice, not a story; the shortest news briefs have about 40 words."""

_STUB_WORDS: Final = 120
"""Up to here a page is judged by what it says of itself rather than by how much it says."""

_NOT_FOUND: Final = re.compile(
    r"^\W*(?:error\W*)?40[34]\b|\b(?:http )?(?:error )?404\b(?=.*(?:error|found|page|seite|página|pagina))|"
    r"\b(?:page|article|story|content|document|resource|url)\b.{0,40}\b(?:not found|(?:could|can) ?not be found|can[’']?t be found|couldn[’']t be found|"
    r"no longer (?:available|exists?)|(?:does|do)(?: not|n[’']t) exist|has been (?:removed|deleted|moved)|(?:is|are)(?: not|n[’']t) available|is missing|expired)|"
    r"\b(?:oops|sorry|uh[- ]oh)\b.{0,60}\b(?:find|found|exist|missing|gone)|\bnothing (?:was )?found\b|"
    r"seite (?:wurde )?(?:leider )?nicht (?:gefunden|verfügbar|vorhanden)|(?:artikel|inhalt|beitrag).{0,30}nicht (?:gefunden|mehr verfügbar|verfügbar)|"
    r"page (?:introuvable|non trouvée|inexistante)|(?:article|contenu) introuvable|"
    r"p[áa]gina no (?:encontrada|existe|disponible)|no se (?:ha )?encontr(?:ó|ado|o)|p[áa]gina n[ãa]o (?:encontrada|existe)|"
    r"pagina non trovata|pagina niet gevonden|siden (?:blev ikke fundet|ble ikke funnet|finnes ikke)|sidan (?:kunde inte hittas|hittades inte)|"
    r"strona nie (?:została )?znaleziona|nie znaleziono strony|stránka (?:nebyla )?nenalezena|sayfa bulunamad|"
    r"страниц[аы] не (?:найдена|существует)|сторінк[ау] не знайдено|ページが見つかりません|お探しのページ|页面不存在|找不到(?:页面|頁面|网页)|"
    r"페이지를 찾을 수 없|الصفحة غير موجودة|không tìm thấy trang|halaman tidak ditemukan",
    re.IGNORECASE,
)
_BOT_CHECK: Final = re.compile(
    r"just a moment\.{3}|checking (?:if the site connection is secure|your browser)|verify(?:ing)? (?:that )?you are (?:a )?human|are you a (?:robot|human)|"
    r"attention required!? ?\|? ?cloudflare|enable javascript and cookies to continue|pardon our interruption|unusual (?:traffic|activity)|"
    r"access (?:to this page has been )?denied|(?:request|access) (?:was )?(?:blocked|rejected|forbidden)|403 forbidden|captcha|ddos protection|"
    r"you have been blocked|security check|browser is not supported|please (?:enable|turn on) (?:javascript|cookies)|request unsuccessful\. incapsula",
    re.IGNORECASE,
)
_CONSENT: Final = re.compile(
    r"cookie|consent|gdpr|privacy|tracking|personali[sz]ed ads|personal data|legitimate interest|your choices|partners|einwillig|datenschutz|zustimm|"
    r"personenbezogen|werbung|confidentialit|consentement|accepter|données personnelles|consentimiento|privacidad|aceptar|datos personales|"
    r"consenso|dati personali|samtykke|samtycke|persondata|personuppgifter|toestemming|persoonsgegevens|zgod[aęy]|danych osobowych|çerez|куки|"
    r"同意|クッキー|プライバシー",
    re.IGNORECASE,
)
_CONSENT_START: Final = re.compile(
    r"\b(?:we|our partners|this (?:web)?site|the site|wir|diese (?:web)?seite|nous|ce site|nosotros|este sitio|utilizamos|usamos|noi|questo sito|vi|wij)\b"
    r".{0,80}\b(?:cookies?|consent|datenschutz|personal data|daten|données)",
    re.IGNORECASE,
)
_PAYWALL: Final = re.compile(
    r"(?:subscribe|sign up|register|log ?in|sign in|become a (?:member|subscriber)|start your (?:free )?trial|buy (?:a )?subscription).{0,60}"
    r"(?:to (?:continue|read|keep reading|unlock|access|view)|for (?:full|unlimited) access)|continue reading (?:your|this|with|for)|"
    r"(?:this|the) (?:article|story|content) is (?:for|only for|exclusive(?:ly)? (?:to|for)|reserved for|available (?:only )?to)|already (?:a )?subscriber|"
    r"(?:weiterlesen|jetzt lesen|lesen sie weiter) mit|(?:nur|exklusiv) für (?:abonnenten|abonnement)|jetzt (?:abonnieren|abo|testen|freischalten)|"
    r"artikel freischalten|diesen artikel weiterlesen|bereits (?:abonnent|registriert)|réservé aux? abonnés|abonnez-vous pour|pour lire la suite|"
    r"il vous reste .{1,12} de cet article|(?:contenido|artículo) (?:exclusivo )?(?:para|solo para) suscriptores|suscríbete para|para seguir leyendo|"
    r"abbonati per|contenuto riservato|per continuare a leggere|conteúdo exclusivo para assinantes|assine para|za predplat|tylko dla subskrybentów|"
    r"kun for abonnenter|bli abonnent|logga in för att läsa|会員限定|有料会員|続きを読むには",
    re.IGNORECASE,
)
_MAINTENANCE: Final = re.compile(
    r"^(?:index of /|apache2? (?:debian|ubuntu)? ?default page|welcome to nginx|it works!?$|under construction|coming soon|"
    r"site (?:is )?(?:under|down for) maintenance|(?:the )?(?:domain|website) .{0,60}(?:for sale|parked|expired|suspended))|"
    r"\b(?:this domain (?:is|may be) for sale|buy this domain|account (?:has been )?suspended|503 service|502 bad gateway|500 internal server|"
    r"redirecting (?:you )?to|you are being redirected|if you are not redirected)\b",
    re.IGNORECASE,
)
_HOME_PATH: Final = re.compile(
    r"^/?(?:index|default|home|start)?(?:\.(?:html?|php|aspx?|jsp))?/?$|^/[a-z]{2}(?:[-_][a-z]{2})?/?$",
    re.IGNORECASE,
)
_LIST_PATH: Final = re.compile(
    r"/(?:category|categories|tags?|topics?|thema|themen|author|authors|autor|autoren|auteur|section|archives?|archiv|search|suche|page/\d+|"
    r"label|labels|rubrik|ressort|kategorie|etiqueta|temas?|videos?|galler(?:y|ies)|photos)(?:/[^/]*){0,3}/?$|[?&](?:s|q|query|search)=",
    re.IGNORECASE,
)
_ARTICLE_TYPES: Final = re.compile(r"article|blogposting|report$|liveblog", re.IGNORECASE)
_LIST_TYPES: Final = frozenset(
    {"collectionpage", "searchresultspage", "itemlist", "profilepage", "archivepage", "blog"}
)
_GALLERY_TYPES: Final = frozenset({"imagegallery", "mediagallery", "imageobjectgallery"})
_VIDEO_TYPES: Final = frozenset(
    {"videoobject", "videogallery", "movie", "tvepisode", "radioepisode", "podcastepisode", "audioobject"}
)
_HEADS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


class _Shape:
    """How a page's story text lies among its headings and links."""

    def __init__(self, page: Page, kept: list[int]) -> None:
        self.paragraphs = [at for at in kept if page.blocks[at].words >= 12]
        first, last = (self.paragraphs[0], self.paragraphs[-1]) if self.paragraphs else (0, -1)
        heads = [
            at
            for at, block in enumerate(page.blocks)
            if page.names[block.container] in _HEADS
            and block.words >= 3
            and block.link_chars > 0.8 * len(block.text)
        ]
        self.all_linked_heads = len(heads)
        self.linked_lines = sum(
            block.words >= 5 and block.link_chars > 0.8 * len(block.text) for block in page.blocks
        )
        # One container with most of the text is a story, whatever stands around it, unless it is cut up by linked heads.
        words: Counter[int] = Counter()
        for at in self.paragraphs:
            words[page.parents[page.blocks[at].container]] += int(page.blocks[at].words)
        main, main_words = words.most_common(1)[0] if words else (-1, 0)
        self.has_main = main_words >= 80 and main_words >= 0.5 * words.total()
        self.between = len(self.paragraphs)
        if self.has_main:
            heads = [at for at in heads if page.parents[page.blocks[at].container] == main]
            self.between = sum(page.parents[page.blocks[at].container] == main for at in self.paragraphs)
        self.linked_heads_inside = sum(first <= at <= last for at in heads)
        # Texts that stand each in an item of its own, the items being alike.
        items: Counter[int] = Counter()
        for at in self.paragraphs:
            item = _item_of(page, page.blocks[at].container)
            if item >= 0:
                items[item] += int(page.blocks[at].words)
        self.items = len(items)
        self.biggest_item = max(items.values(), default=0)
        self.item_words = items.total()


def _item_of(page: Page, container: int) -> int:
    """The nearest article or list item around a container; -1 where there is none."""
    while container >= 0:
        if page.names[container] in ("article", "li"):
            return container
        container = page.parents[container]
    return -1


def _types(head: Head) -> set[str]:
    return {kind for item in head.jsonld for kind in types_of(item)}


def _matches(pattern: re.Pattern[str], texts: Iterable[str | None]) -> bool:
    return any(text and pattern.search(text[:300]) for text in texts)


def why_not_article(
    root: HtmlElement, body: Body, head: Head, page: RawPage, *, is_dated: bool
) -> Refusal | None:
    """Why the page is no article; None if it is one.

    Args:
        is_dated: whether the page says when it was published.
    """
    if not 200 <= page.status < 300:
        return Refusal(Outcome.NOT_ARTICLE, f"status: {page.status}")
    if not body.page.blocks:
        return Refusal(Outcome.EMPTY, "no text")
    reason = _reason(root, body, head, page.final_url, is_dated=is_dated)
    return Refusal(Outcome.NOT_ARTICLE, reason) if reason else None


def _reason(root: HtmlElement, body: Body, head: Head, url: str, *, is_dated: bool) -> str | None:
    words = word_count(body.text) if body.text else 0.0
    blocks = body.page.blocks
    headings = [block.text for block in blocks if body.page.names[block.container] in _HEADS][:6]
    document = root.findtext(".//title")
    named = [document, head.title, *headings]
    all_words = sum(block.words for block in blocks)
    kinds = _types(head)
    says_article = any(_ARTICLE_TYPES.search(kind) for kind in kinds) or head.og_type == "article"

    if words < 2 * _STUB_WORDS and _is_consent(
        body, blocks_text := " ".join(block.text for block in blocks)[:6000], words
    ):
        return "cookie wall"
    if words < _STUB_WORDS:
        if _matches(_NOT_FOUND, named) and not (says_article and words >= 60):
            return "soft 404"
        if all_words < 2 * _STUB_WORDS and _matches(_BOT_CHECK, [*named, blocks_text]):
            return "bot check"
        if all_words < 3 * _STUB_WORDS and _matches(_MAINTENANCE, [*named, blocks_text]):
            return "placeholder"
        if all_words < 2 * _STUB_WORDS and _matches(_NOT_FOUND, [blocks_text]) and not says_article:
            return "soft 404"
    shape = _Shape(body.page, [at for at, chance in enumerate(body.chances) if chance >= 0.5])
    teasers = teasers_of(body.page)
    is_named_missing = _matches(_NOT_FOUND, [document]) and _matches(_NOT_FOUND, headings)
    if is_named_missing and shape.all_linked_heads >= 3 and not says_article:
        return "soft 404"
    if reason := _not_one_story(
        shape, teasers, head, kinds, url, words, says_article=says_article, is_dated=is_dated
    ):
        return "soft 404" if is_named_missing else reason
    if words < 2 * MIN_WORDS + 10:
        if kinds & _GALLERY_TYPES or len(root.findall(".//figure")) >= 6:
            return "gallery"
        if head.og_type.startswith(("video", "music")) or (kinds & _VIDEO_TYPES and not says_article):
            return "video"
        if _matches(_PAYWALL, (block.text for block in blocks if block.words < 60)) or _is_closed(head):
            return "paywall"
    if words < MIN_WORDS:
        return f"short: {words:.0f} words"
    return None


def _is_closed(head: Head) -> bool:
    return any(str(item.get("isAccessibleForFree")).lower() == "false" for item in head.jsonld)


def _is_consent(body: Body, everything: str, words: float) -> bool:
    """Whether what is left of the page talks of cookies and consent more than of anything else."""
    text = body.text or everything
    hits = len(_CONSENT.findall(text))
    size = word_count(text)
    if hits >= 4 and hits / size > 0.025 and _CONSENT_START.search(text):
        return True
    hits = len(_CONSENT.findall(everything))
    return words < MIN_WORDS and hits >= 4 and hits / max(1.0, word_count(everything)) > 0.03


def _not_one_story(
    shape: _Shape,
    teasers: Teasers,
    head: Head,
    kinds: set[str],
    url: str,
    words: float,
    *,
    says_article: bool,
    is_dated: bool,
) -> str | None:
    """Whether the page shows many stories' beginnings instead of one story."""
    parts = urlsplit(url)
    is_home = bool(_HOME_PATH.match(parts.path)) and not parts.query
    says_list = bool(kinds & _LIST_TYPES) or bool(
        _LIST_PATH.search(parts.path + ("?" + parts.query if parts.query else ""))
    )
    if (
        is_home
        and not ({"newsarticle", "article", "blogposting"} & kinds and is_dated)
        and (shape.all_linked_heads >= 3 or head.og_type == "website" or words < _STUB_WORDS)
    ):
        return "home page"
    paragraphs = max(1, len(shape.paragraphs))
    is_mixed = shape.linked_heads_inside >= 4 and shape.linked_heads_inside >= 0.5 * shape.between
    is_itemised = (
        shape.items >= 4
        and not shape.has_main
        and shape.item_words > 0.6 * words
        and shape.biggest_item < 0.4 * shape.item_words
        and shape.item_words / shape.items < 90
        and shape.all_linked_heads >= 0.7 * shape.items
    )
    # Open Graph's type alone says little: blog software calls its archives articles as well.
    is_claimed = any(_ARTICLE_TYPES.search(kind) for kind in kinds) or (says_article and is_dated)
    if teasers.are_the_page() and not is_claimed:
        return "listing"
    is_listing = (is_mixed or is_itemised) and teasers.share > 0.5
    if is_listing and not (says_article and is_dated and not says_list and words / paragraphs > 45):
        return "listing"
    if says_list and not says_article and (shape.all_linked_heads >= 5 or words < _STUB_WORDS):
        return "listing"
    if words < MIN_WORDS and max(shape.all_linked_heads, shape.linked_lines // 2) >= 8 and not says_article:
        return "listing"
    return None
