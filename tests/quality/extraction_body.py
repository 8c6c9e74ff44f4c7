"""The text of stories on real pages: accuracy and speed, beside the libraries that do the same.

Each page is judged by a model that never saw its publisher (`train_body`). Every system gets the page as text, decoded
once, and is timed by the CPU seconds of this process; "docs/s/core" holds parsing and finding the body.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from tests.quality.ground_truth import TruePage, body_scores, load_aeb, load_fundus
from tests.quality.rows import Row, digest_of
from tests.quality.train_body import FOLD_DIR, FOLDS, fold_of, publisher_of
from workers.extract.body import BodyModel, find_body
from workers.extract.decode import decode
from workers.extract.metadata import read_head
from workers.extract.parse import parse

__all__ = ["measure"]

System = Callable[[str, TruePage], str]

_SPEED_SLACK = 0.4
"""What the ratio of two speeds varies by on a shared machine; the accuracy does not vary at all."""


@cache
def _model(fold: int) -> BodyModel:
    return BodyModel.load(FOLD_DIR, f"_{fold}")


def wiretrace(text: str, page: TruePage) -> str:
    """Our body, by the model that did not learn from this publisher."""
    root = parse(text)
    assert root is not None
    head = read_head(root, url=page.url)
    return find_body(root, head, url=page.url, model=_model(fold_of(publisher_of(page)))).text


def trafilatura(text: str, page: TruePage) -> str:
    """trafilatura as it comes, comments off."""
    from trafilatura import extract

    return extract(text, include_comments=False) or ""


def trafilatura_with_metadata(text: str, page: TruePage) -> str:
    """trafilatura with the metadata that it can give as well."""
    from trafilatura import bare_extraction

    document = bare_extraction(text, url=page.url, include_comments=False, with_metadata=True)
    return (document.text if document else "") or ""


def resiliparse(text: str, page: TruePage) -> str:
    """resiliparse's main content."""
    from resiliparse.extract.html2text import extract_plain_text

    return str(extract_plain_text(text, main_content=True, alt_texts=False, links=False, comments=False))


def readability(text: str, page: TruePage) -> str:
    """readability-lxml; its HTML taken as text."""
    from lxml import html
    from readability import Document

    try:
        summary = html.fromstring(Document(text.encode("utf-8", "replace")).summary(html_partial=True))
    except Exception:
        return ""
    return "\n".join(" ".join(part.split()) for part in summary.itertext())


def newspaper(text: str, page: TruePage) -> str:
    """newspaper4k on HTML that it is given; it fetches nothing."""
    from newspaper import Article

    article = Article(page.url, fetch_images=False)
    article.download(input_html=text)
    try:
        article.parse()
    except ImportError:  # some languages need its extra "nlp", which fetches data when it runs
        return ""
    return str(article.text)


SYSTEMS: dict[str, tuple[str, System]] = {
    "wiretrace": ("trafilatura", wiretrace),
    "trafilatura": ("trafilatura", trafilatura),
    "trafilatura + metadata": ("trafilatura", trafilatura_with_metadata),
    "resiliparse": ("resiliparse", resiliparse),
    "readability-lxml": ("readability", readability),
    "newspaper4k": ("newspaper", newspaper),
}


def run(
    systems: dict[str, System], pages: Sequence[TruePage]
) -> tuple[dict[str, list[str]], dict[str, float]]:
    """What each system finds on each page, and its pages per CPU second.

    The systems take turns on every page, so that a busy machine slows all of them alike.
    """
    texts = [decode(page.html).text for page in pages]
    found: dict[str, list[str]] = {name: [] for name in systems}
    seconds = dict.fromkeys(systems, 0.0)
    for fold in range(FOLDS):
        _model(fold)
    for system in systems.values():
        system(texts[0], pages[0])  # imports and models
    for text, page in zip(texts, pages, strict=True):
        for name, system in systems.items():
            began = time.process_time()
            found[name].append(system(text, page))
            seconds[name] += time.process_time() - began
    return found, {name: len(pages) / max(1e-9, spent) for name, spent in seconds.items()}


def measure(data_dir: Path) -> list[Row]:
    """Body precision, recall and F1 (`ground_truth.body_scores`) of every system that is installed, and its speed."""
    rows: list[Row] = []
    sets = {
        "aeb": (load_aeb(data_dir), (data_dir / "aeb").rglob("*.*")),
        "fundus": (load_fundus(data_dir), (data_dir / "fundus").glob("*/*.*")),
    }
    systems = {name: system for name, (module, system) in SYSTEMS.items() if find_spec(module) is not None}
    for dataset, (pages, files) in sets.items():
        digest = digest_of(file for file in files if file.is_file())
        found, speeds = run(systems, pages)
        for name in systems:
            pairs = [(text, page.body) for text, page in zip(found[name], pages, strict=True)]
            precision, recall, f1 = body_scores(pairs)
            ours = name == "wiretrace"
            figures = {"P": precision, "R": recall, "F1": f1, "docs/s/core": speeds[name]}
            figures["x trafilatura"] = speeds[name] / speeds["trafilatura"]
            rows.append(
                Row(
                    section="body",
                    system=name,
                    dataset=dataset,
                    figures=figures,
                    pinned={"F1": 0.0005, "x trafilatura": _SPEED_SLACK} if ours else {},
                    digest=digest,
                )
            )
    return rows
