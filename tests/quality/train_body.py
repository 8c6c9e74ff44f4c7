"""Learn the models that find a story's blocks: `python -m tests.quality.train_body` (needs the extra `train`).

Pages come from the ground truth beside the project; each block of a page is labelled by how much of it the true text
holds. The models in `workers/extract/models` learn from all pages. Beside them five more are learnt, each without the
publishers of one fold, and stored in `folds/`: the quality gate judges every page by the one that never saw its
publisher, so that no figure it prints is a memory.

The second guess must learn from first guesses as unsure as they will be on new pages: those of the training pages come
from models that did not see the page's publisher either.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.quality.ground_truth import TruePage, load_aeb, load_fundus, words_of
from workers.extract.blocks import Page, cut_blocks
from workers.extract.body import model_inputs
from workers.extract.decode import decode
from workers.extract.features import block_features, context_features
from workers.extract.metadata import read_head
from workers.extract.parse import parse
from workers.extract.trees import Trees

FOLDS = 5
FOLD_DIR = Path(__file__).with_name("folds")
MODEL_DIR = Path(__file__).resolve().parents[2] / "workers" / "extract" / "models"
_TREES, _DEPTH, _RATE = 150, 6, 0.1
_TEMPLATE_WEIGHT = 0.5
"""Stories that were put into real templates count half: their markup is plainer than a real story's."""

Floats = NDArray[np.float32]
Features = Callable[["Sample"], Floats]


@dataclass(slots=True)
class Sample:
    """One page to learn from."""

    publisher: str
    page: Page
    base: Floats
    labels: NDArray[np.bool_]
    weight: float
    guess: Floats = field(default_factory=lambda: np.zeros(0, np.float32))

    def weights(self) -> Floats:
        """What each block counts: by its words, with the same sum for a short and a long story."""
        words = self.base[:, 0]
        story = max(30.0, float(words[self.labels].sum()))
        return np.minimum(1, (words + 2) / story * 20).astype(np.float32) * np.float32(self.weight)


def fold_of(publisher: str) -> int:
    """The fold of a publisher; the same name has the same fold in every set of data."""
    return hashlib.sha256(publisher.encode()).digest()[0] % FOLDS


def publisher_of(page: TruePage) -> str:
    """One name for one publisher over all sets: the site without its suffix, or fundus' name."""
    return page.publisher.split(".")[0].lower()


def labels_of(page: Page, true_text: str) -> NDArray[np.bool_]:
    """Whether at least half of each block's words stand in the true text, within four words in the same order."""
    words, owner = [], []
    for at, block in enumerate(page.blocks):
        found = words_of(block.text)
        words += found
        owner += [at] * len(found)
    true_words = words_of(true_text)
    grams = {tuple(true_words[at : at + 4]) for at in range(len(true_words) - 3)}
    is_true = np.zeros(len(words), np.bool_)
    for at in range(len(words) - 3):
        if tuple(words[at : at + 4]) in grams:
            is_true[at : at + 4] = True
    sizes = np.bincount(np.array(owner, int), minlength=len(page.blocks))
    shares = np.bincount(np.array(owner, int), is_true, len(page.blocks)) / np.maximum(1, sizes)
    lines = Counter(" ".join(words_of(line)) for line in true_text.split("\n"))
    for at, block in enumerate(page.blocks):
        if 0 < sizes[at] < 4 and " ".join(words_of(block.text)) in lines:
            shares[at] = 1
    return shares >= 0.5


def sample_of(html: bytes, url: str, true_text: str, publisher: str, weight: float) -> Sample:
    """A page made ready to learn from."""
    root = parse(decode(html).text)
    assert root is not None
    page = cut_blocks(root)
    base = block_features(page, *model_inputs(read_head(root, url=url)))
    return Sample(publisher, page, base, labels_of(page, true_text), weight)


def load_samples(data_dir: Path) -> list[Sample]:
    """The pages of all sets; of the planted ones a few for each template."""
    samples = [
        sample_of(page.html, page.url, page.body, publisher_of(page), 1.0)
        for page in (*load_aeb(data_dir), *load_fundus(data_dir))
    ]
    for name, each in (("sites", 3), ("transplant", 2)):
        by_template: dict[str, list[dict[str, Any]]] = {}
        for line in (data_dir / name / "index.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            by_template.setdefault(row["template"], []).append(row)
        for template, rows in sorted(by_template.items()):
            for row in random.Random(template).sample(rows, min(each, len(rows))):
                html = gzip.decompress(next((data_dir / name).rglob(row["file"])).read_bytes())
                publisher = template.rsplit("/", 1)[-1].split("_")[0].lower()
                url = row.get("url", "https://planted.example/story")
                samples.append(sample_of(html, url, row["body"], publisher, _TEMPLATE_WEIGHT))
    return samples


def fit(samples: Sequence[Sample], features: Features) -> Trees:
    """An ensemble learnt from the blocks of these pages."""
    from catboost import CatBoostClassifier  # the extra `train`

    rows = np.concatenate([features(sample) for sample in samples])
    model = CatBoostClassifier(
        iterations=_TREES, depth=_DEPTH, learning_rate=_RATE, l2_leaf_reg=5, random_seed=0, thread_count=1, verbose=False, rsm=0.4,
        border_count=64, bootstrap_type="Bernoulli", subsample=0.7, allow_writing_files=False,
    )  # fmt: skip
    labels = np.concatenate([sample.labels for sample in samples]).astype(int)
    model.fit(rows, labels, sample_weight=np.concatenate([sample.weights() for sample in samples]))
    trees = trees_of(model)
    probe = rows[:: max(1, len(rows) // 2000)]
    off = float(np.abs(trees.chance(probe) - model.predict_proba(probe)[:, 1]).max())
    assert off < 1e-3, f"the exported trees differ from the learnt ones by {off}"
    return trees


def trees_of(model: Any) -> Trees:
    """The arrays of a learnt CatBoost model."""
    file = FOLD_DIR / "export.json"
    model.save_model(str(file), format="json")
    stored = json.loads(file.read_text("utf-8"))
    file.unlink()
    features = np.zeros((len(stored["oblivious_trees"]), _DEPTH), np.int16)
    borders = np.full(features.shape, np.inf, np.float32)  # a level that asks nothing answers no
    leaves = np.zeros((len(features), 1 << _DEPTH), np.float32)
    for at, tree in enumerate(stored["oblivious_trees"]):
        for level, split in enumerate(tree["splits"] or ()):
            features[at, level] = split["float_feature_index"]
            borders[at, level] = split["border"]
        values = tree["leaf_values"]
        leaves[at] = np.tile(values, (1 << _DEPTH) // len(values))
    scale, bias = stored["scale_and_bias"]
    return Trees(features, borders, leaves * scale, float(np.ravel(bias)[0]))


def _base(sample: Sample) -> Floats:
    return sample.base


def _context(sample: Sample) -> Floats:
    return context_features(sample.page, sample.base, sample.guess)


def train(samples: Sequence[Sample]) -> tuple[Trees, Trees]:
    """Both guesses, learnt from these pages."""
    inner = [int(hashlib.sha256(sample.publisher.encode()).digest()[1]) % 3 for sample in samples]
    for part in range(3):
        guess = fit([s for s, own in zip(samples, inner, strict=True) if own != part], _base)
        for sample, own in zip(samples, inner, strict=True):
            if own == part:
                sample.guess = guess.chance(sample.base)
    return fit(samples, _base), fit(samples, _context)


def main(argv: list[str] | None = None) -> int:
    """Learn and store the folds' models and the one that ships."""
    from tests.quality.__main__ import DATA

    parser = argparse.ArgumentParser(prog="python -m tests.quality.train_body", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=DATA, help="folder of the ground truth (default %(default)s)"
    )
    options = parser.parse_args(argv)
    FOLD_DIR.mkdir(exist_ok=True)
    MODEL_DIR.mkdir(exist_ok=True)
    samples = load_samples(options.data)
    print(f"{len(samples)} pages, {sum(len(s.labels) for s in samples)} blocks", flush=True)
    for fold in (*range(FOLDS), None):
        first, second = train([s for s in samples if fold_of(s.publisher) != fold])
        folder, suffix = (MODEL_DIR, "") if fold is None else (FOLD_DIR, f"_{fold}")
        first.save(folder / f"body_first{suffix}.npz")
        second.save(folder / f"body_second{suffix}.npz")
        print(f"learnt {'all' if fold is None else f'fold {fold}'}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
