"""The words that URLs of news sites are made of, in several languages; data for `links.py`.

Each set holds lower-case path segments or query keys. They are written one line a group, so that a line added here is
all that a new habit of sites costs.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "ID_KEYS",
    "LISTINGS",
    "NEVER",
    "NEVER_KEYS",
    "NEWS_ROOMS",
    "PAGE_KEYS",
    "PEOPLE_AND_TAGS",
    "STORIES",
    "TOOLS",
]


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEVER: Final = _set(
    """
    login log-in logout signin sign-in signup sign-up register registration subscribe subscription
    subscriptions subscriber account my-account myaccount password lost-password cart basket
    checkout shop-cart search suche recherche buscar cerca wp-login.php wp-admin wp-content
    wp-includes wp-json xmlrpc.php cdn-cgi cgi-bin share print email-this mailto admin
    administrator oauth auth sso paywall unsubscribe privacy privacy-policy privacypolicy
    datenschutz datenschutzerklaerung cookie-policy cookies cookie-settings terms terms-of-use
    terms-of-service terms-and-conditions termsofuse agb legal legal-notice disclaimer imprint
    impressum mentions-legales aviso-legal accessibility contact contact-us contactus kontakt
    contacto about about-us aboutus ueber-uns qui-sommes-nous quienes-somos advertise
    advertise-with-us advertising mediadaten media-kit mediakit careers newsletter newsletters
    rss-feeds rss-feed apps mobile-apps help faq hilfe masthead editorial-guidelines ethics-policy
    corrections-policy comments donate abo abos abonnement abonnements abonnieren kundenservice
    customer-service terms-use terms-and-policies
    """
)
"""Never a story and never a list of stories."""

PEOPLE_AND_TAGS: Final = _set(
    """
    tag tags author authors autor autoren autores autori auteur auteurs autore user users profile profiles member
    members people-tag byline by keyword keywords hashtag contributor contributors staff
    """
)
"""Lists of a person's or a tag's stories: each story stands elsewhere too, and there are endless ones."""

LISTINGS: Final = _set(
    """
    category categories cat section sections topic topics rubrik rubriken ressort ressorts kategorie
    thema themen rubrique rubriques categoria categorias seccion secciones seccao archive archives
    archiv archivo archivio channel channels index latest latest-news newest all-news allnews
    all-stories all-articles sitemap site-map breaking-news headlines wire-news homepage theme
    themes hub subject subjects specials series serie serien collection collections sekce rubrika rubriky rubryka dzial tema temas emne sezione sezioni
    secao secoes sectie kategoria kategori kategorier bereich dossier dossiers
    """
)
"""Lists of stories."""

STORIES: Final = _set(
    """
    article articles story stories post posts artikel beitrag nachricht noticia noticias articulo
    articulos articolo articoli actualite actualites newsitem news-story newsstory item items entry
    entries read report reports press-release press-releases releases dispatch dispatches node
    permalink a p s n
    """
)
"""What a story's URL often has before its slug."""

NEWS_ROOMS: Final = _set(
    """
    news nachrichten blog blogs new opinion en de fr es it pt nl
    """
)
"""First segments that say little, after which two words are likely a story."""

ID_KEYS: Final = _set(
    """
    p id aid nid sid tid artid art_id articleid article_id article story storyid story_id newsid
    news_id news itemid item_id postid post_id post docid doc_id contentid content_id cid eid idnews
    no key
    """
)
"""Query keys that hold a story's id."""

PAGE_KEYS: Final = _set(
    """
    page paged pg pagenum page_no pageno seite pagina offset start from cpage
    """
)
"""Query keys of pagers."""

NEVER_KEYS: Final = _set(
    """
    replytocom share add-to-cart print action login redirect_to s q query search
    """
)
"""Query keys of links that act or search."""

TOOLS: Final = _set(
    """
    print pdf mail email e-mail comment kommentar drucken versenden send-to-friend tellafriend recommend share report-error
    """
)
"""Names of pages that do something with a story: they carry its id and are no story."""
