"""A search of the whole run home for people: every file and both databases.

It finds what is written in UTF-8 or UTF-16, escaped as in JSON, in links, in mails
(quoted-printable) and in HTML, compressed by gzip, and inside Parquet files. Weights hold no text
and are left out, as is the base model, which nothing here has trained.
"""

import gzip
import html
import quopri
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from maverick_assets.crm.forgotten import Identity, people_of
from maverick_assets.crm.people.folding import FOLDED_LETTERS, fold
from maverick_assets.crm.people.mentions import Mention
from maverick_assets.pipeline.forget.databases import text_columns, texts_of_table

_WEIGHTS = (".safetensors", ".gguf", ".pt", ".bin")
_PIECE = 1 << 12  # characters of a text that are looked at together
_AROUND = 256  # characters on both sides of them, without which an address may look like another
_BATCH = 1 << 23  # characters that are looked at together
_JSON_ESCAPE = re.compile(r"\\+u([0-9a-fA-F]{4})")
_LONGEST = 1 << 28  # bytes of a gzip file
_PATTERN = 400  # names and addresses in one expression
_FIRST_USER_OID = 16384  # below it, PostgreSQL's databases are templates of its own


@dataclass(frozen=True)
class Leftover:
    """A place that still holds something of the forgotten, and how often; never the words."""

    place: str
    count: int


@dataclass(frozen=True)
class _Piece:
    """A part of a text with what stands around it. Mentions that begin in the part are its own."""

    text: str
    start: int  # of the part, in `text`

    def owns(self, mention: Mention) -> bool:
        return self.start <= mention.start < self.start + _PIECE


class Search:
    """Searches for people of whom all is known in clear."""

    def __init__(self, identities: Collection[Identity]) -> None:
        self._people = people_of(identities)
        self._patterns = list(_patterns(identities))

    def in_files(self, home: Path, skip: Collection[Path] = ()) -> list[Leftover]:
        """Files below `home` that name them, in their content or path."""
        paths = [
            path
            for path in sorted(home.rglob("*"))
            if not any(path == each or each in path.parents for each in skip)
        ]
        return self._leftovers(_texts_of_files(home, paths))

    def in_database(self, connection: psycopg.Connection, name: str) -> list[Leftover]:
        """Tables of a database that name them."""
        return self._leftovers(
            (f"database {name}: table {table}", text)
            for table, columns in text_columns(connection).items()
            for column, _ in columns
            for _, text in texts_of_table(connection, table, column)
        )

    def suspects(self, texts: Sequence[str]) -> list[bool]:
        """Which texts may name them."""
        pieces = [(n, piece.text) for n, text in enumerate(texts) for piece in _pieces(text)]
        hits = self._suspects([text for _, text in pieces])
        found = {n for (n, _), hit in zip(pieces, hits, strict=True) if hit}
        return [n in found for n in range(len(texts))]

    def _leftovers(self, texts: Iterable[tuple[str, str]]) -> list[Leftover]:
        counts: Counter[str] = Counter()
        pieces = ((place, piece) for place, text in texts for piece in _pieces(text))
        for batch in _batches(pieces):
            hits = self._suspects([piece.text for _, piece in batch])
            for (place, piece), hit in zip(batch, hits, strict=True):
                found = self._people.mentions(piece.text) if hit else []
                counts[place] += sum(map(piece.owns, found))
        return [Leftover(place, count) for place, count in sorted(counts.items()) if count]

    def _suspects(self, pieces: Sequence[str]) -> list[bool]:
        folded = _folded(pa.array(pieces, pa.large_string()))
        suspects = pa.array([False] * len(pieces), pa.bool_())
        for pattern in self._patterns:
            suspects = pc.or_(suspects, pc.match_substring_regex(folded, pattern))
        return list(suspects.to_pylist())


def _batches(pieces: Iterator[tuple[str, _Piece]]) -> Iterator[list[tuple[str, _Piece]]]:
    batch: list[tuple[str, _Piece]] = []
    size = 0
    for piece in pieces:
        batch.append(piece)
        size += len(piece[1].text)
        if size > _BATCH:
            yield batch
            batch, size = [], 0
    yield batch


def _patterns(identities: Iterable[Identity]) -> Iterator[str]:
    """Expressions for folded texts that find too much, never too little."""
    needles = set()
    for identity in identities:
        local, _, domain = identity.address.partition("@")
        # An escaped "@" between them; a domain in another script is written in many ways.
        label = "" if "xn--" in domain else domain.partition(".")[0]
        needles.add(f"{re.escape(fold(local))}.{{1,9}}{re.escape(fold(label))}")
        needles |= {".{1,14}".join(map(_folded_word, name.split())) for name in identity.names}
        needles |= {".{0,3}".join(phone) for phone in identity.phones}
    ordered = sorted(needles)
    for start in range(0, len(ordered), _PATTERN):
        yield "(?s)" + "|".join(ordered[start : start + _PATTERN])


def _folded_word(word: str) -> str:
    """An expression for a word of a name, also where the text had an umlaut for two letters."""
    return re.sub(r"(?<=[aou])e|(?<=a)a", r"\g<0>?", re.escape(word))


def _folded(texts: pa.Array) -> pa.Array:
    """Texts as `fold` returns them; nearly all are ASCII, which costs little."""
    is_ascii = pc.string_is_ascii(texts)
    lower = pc.utf8_lower(texts)
    if pc.all(is_ascii).as_py():
        return lower
    others = pc.utf8_normalize(lower.filter(pc.invert(is_ascii)), form="NFKD")
    others = pc.replace_substring_regex(others, r"\pM+", "")
    for letter, ascii_letters in FOLDED_LETTERS.items():
        others = pc.replace_substring(others, letter, ascii_letters)
    return pc.replace_with_mask(lower, pc.invert(is_ascii), others)


def _pieces(text: str) -> Iterator[_Piece]:
    for form in _forms(text):
        for start in range(0, max(len(form), 1), _PIECE):
            before = min(start, _AROUND)
            yield _Piece(form[start - before : start + _PIECE + _AROUND], before)


def _forms(text: str) -> Iterator[str]:
    """The text, and what it is without escapes, where it has any."""
    yield text
    if "\\u" in text:
        yield _JSON_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    if "%" in text and re.search(r"%[0-9A-Fa-f]{2}", text):
        yield unquote(text)
    if re.search(r"=[0-9A-F]{2}|=\r?\n", text):
        decoded = quopri.decodestring(text.encode("utf-8", "replace"))
        yield decoded.decode("utf-8", "ignore")
    if "&" in text and re.search(r"&#?\w+;", text):
        yield html.unescape(text)


def _texts_of_files(home: Path, paths: Iterable[Path]) -> Iterator[tuple[str, str]]:
    for path in paths:
        place = str(path.relative_to(home))
        yield place, path.name
        if path.is_file() and not path.is_symlink() and not _holds_no_text(path):
            yield from ((place, text) for text in _texts_of_file(path))


def _holds_no_text(path: Path) -> bool:
    folder = path.parent.name
    is_template = folder.isdigit() and int(folder) < _FIRST_USER_OID
    return path.suffix in _WEIGHTS or (is_template and path.parent.parent.name == "base")


def _texts_of_file(path: Path) -> Iterator[str]:
    try:
        if path.suffix == ".parquet":
            yield from _texts_of_parquet(path)
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            with gzip.open(path) as stream:
                data = stream.read(_LONGEST)
    except FileNotFoundError:  # a lock file of a process that ended
        return
    yield re.sub(rb"\0+", b"\n", data).decode("utf-8", "ignore")
    if data.count(b"\0", 0, 4096) > 200 and not data.startswith(b"PAR1"):  # may be UTF-16
        yield data.decode("utf-16-le", "ignore")


def _texts_of_parquet(path: Path) -> Iterator[str]:
    for batch in pq.ParquetFile(path).iter_batches():
        for column in batch.columns:
            while pa.types.is_list(column.type) or pa.types.is_struct(column.type):
                if pa.types.is_list(column.type):
                    column = column.flatten()
                else:
                    column = pa.concat_arrays(
                        [part.cast(pa.string()) for part in column.flatten() if _is_text(part)]
                        or [pa.array([], pa.string())]
                    )
            if _is_text(column):
                yield from (text for text in column.to_pylist() if text)


def _is_text(column: pa.Array) -> bool:
    kind = column.type
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )
