"""Replaces third parties in texts by surrogates. Those whom the CRM names are recognised."""

import re
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache

from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.pseudonyms.addresses.display_names import UNSPACED
from maverick_assets.datasets.pseudonyms.addresses.encoded import (
    encoded_addresses,
    packed_addresses,
)
from maverick_assets.datasets.pseudonyms.addresses.spelled import spelled_addresses
from maverick_assets.datasets.pseudonyms.addresses.surnames import (
    is_surname_alone,
    may_stand_alone,
)
from maverick_assets.datasets.pseudonyms.addresses.written import plain_addresses
from maverick_assets.datasets.pseudonyms.contacts import (
    Contact,
    contact_surrogates,
    contacts_of_address,
    is_initial_and_surname,
    is_role_account,
    name_words,
    registered_domain,
    without_umlaut,
)
from maverick_assets.datasets.pseudonyms.name_index import (
    KnownName,
    NameIndex,
    Words,
    find_words,
    first_words,
    folded_words,
    longest_name,
    name_windows,
)
from maverick_assets.datasets.pseudonyms.phones.regions import region_of_domain
from maverick_assets.datasets.pseudonyms.phones.search import phone_numbers
from maverick_assets.datasets.pseudonyms.replacements import (
    Replacement,
    apply_replacements,
    match_case,
)
from maverick_assets.datasets.pseudonyms.streets import street_addresses
from maverick_assets.datasets.pseudonyms.surrogates import DOMAIN, split_domain
from maverick_assets.datasets.pseudonyms.vocabulary import AMBIGUOUS_NAMES

#   "www.acme.com"  "https://shop.acme.co.uk/cart"
_HOST = re.compile(r"(?<![\w.@-])(?:[\w-]{1,63}\.){1,4}[A-Za-z]{2,24}(?![\w-])")
# The local part of an address: "dana.cole", "dana_cole", "dana-cole"
_GIVEN_AND_SURNAME = re.compile(r"([^\W\d_]{2,})([._-])([^\W\d_]{2,})")

# In front of a name that greets or signs: "Hi Dana,"  "Thanks, Dana"  "@dana"  "\nDana"
# These words are English; to add another language, add its greetings here.
_BEFORE_GREETED = re.compile(
    r"(?:\b(?:[Hh]i|[Hh]ello|[Hh]ey|[Dd]ear|[Tt]hanks,?|[Tt]hank you,?|@) ?|^)\Z", re.MULTILINE
)
_GREETING_CHARACTERS = 16  # as many as the longest greeting has, with room
# Right after it: "Dana,"  "Dana:"  "Dana!"  "Dana -"  "Dana\n"
_AFTER_GREETED = re.compile(r"\s*(?:[,:!-]|$)", re.MULTILINE)

_MIN_LOWER_CASE_LETTERS = 8  # of a company's name that is replaced in lower case, too
_MAX_CAPITALS_LETTERS = 3  # of a company's name that is replaced in capitals only


class ThirdParties:
    """Everyone but the owner: those whom the CRM names, and the participants of a conversation.

    The owner's addresses, names and company stay. The result depends on the key, the text, its
    participants, and the `contacts` that the text names.
    """

    def __init__(
        self,
        key: bytes,
        contacts: Sequence[Contact],
        owner_emails: Sequence[str] = (),
        regions: Sequence[str] = (),
    ) -> None:
        """`owner_emails` are patterns for `fnmatch`.

        `regions` (ISO 3166): countries whose phone numbers are expected, besides those of the
        participants' domains and of a text's language.
        """
        self.regions = tuple(regions)
        self._owner_emails = tuple(sorted({pattern.lower() for pattern in owner_emails}))
        self._mailbox_names = _mailbox_names(contacts)
        self._owner_words = frozenset(
            word for pattern in self._owner_emails for word in name_words(pattern.split("@")[0])
        ) | {
            word
            for address, names in self._mailbox_names.items()
            if self._is_owner(address)
            for name in names
            for word in name
        }
        self._owner_domains = {
            registered_domain(pattern.split("@")[-1]) for pattern in self._owner_emails
        }
        self._contacts = contacts
        self.surrogates = contact_surrogates(key, contacts, tuple(self._owner_words))
        self._participant_names = lru_cache(maxsize=4096)(self._names_of_participants)

    def protect(self, text: str, participants: Sequence[str] = ()) -> str:
        """`text` with surrogates for phone numbers, addresses, streets and names.

        A given name or surname that stands alone is replaced only if it belongs to one of
        `participants` (addresses). If it is also an ordinary word, it must greet someone or sign.
        """
        addresses = tuple(sorted({address.strip().lower() for address in participants}))
        return self._protect(text, addresses)

    def replacements(self, text: str, participants: Sequence[str] = ()) -> list[Replacement]:
        """What `protect` replaces; addresses that are surrogates already stay."""
        addresses = tuple(sorted({address.strip().lower() for address in participants}))
        return self._chosen(text, addresses, self._is_surrogate_address)

    def protect_outgoing(self, text: str) -> str:
        """`text` of a model or a recipe with surrogates; addresses that are surrogates stay.

        Those have a domain that nobody can register. A contact's may have one, too.
        """
        return self._protect(text, (), self._is_surrogate_address)

    def _is_surrogate_address(self, address: str) -> bool:
        domain = address.lower().rpartition("@")[2]
        is_unregistrable = domain.endswith(f".{DOMAIN}")
        known = self._contact_domains | self._owner_domains
        return is_unregistrable and registered_domain(domain) not in known

    def _protect(
        self,
        text: str,
        addresses: tuple[str, ...],
        stays: Callable[[str], bool] | None = None,
    ) -> str:
        return apply_replacements(text, self._chosen(text, addresses, stays))

    def _chosen(
        self, text: str, addresses: tuple[str, ...], stays: Callable[[str], bool] | None
    ) -> list[Replacement]:
        covered = bytearray(len(text))  # 1 for each character that is replaced
        chosen: list[Replacement] = []
        for start, end, new in self._replacements(text, addresses, stays):
            if not any(covered[start:end]):
                covered[start:end] = b"\1" * (end - start)
                chosen.append(Replacement(start, end, new))
        return chosen

    def address(self, address: str) -> str:
        """The surrogate of an address, such as `ruth.whitlow@banninggroup.com.example`.

        The owner's addresses stay, and so do the names of role accounts (`info@`).
        """
        plain = address.lower().strip("'")
        if self._is_owner(plain):
            return address
        local, _, domain = plain.rpartition("@")
        if is_role_account(local):
            return f"{local}@{self.surrogates.domain(domain)}"
        names = _GIVEN_AND_SURNAME.fullmatch(local)
        if names and name_words(local):
            # The person's surrogate, so that an address and a signature name the same one.
            given, surname = self.surrogates.person(fold(f"{names[1]} {names[3]}"))
            separator = names[2]
        else:
            given, surname = self.surrogates.person(plain)
            separator = "."
        local = fold(f"{given}{separator}{surname}")
        return f"{local}@{self.surrogates.domain(domain)}"

    def _replacements(
        self, text: str, addresses: tuple[str, ...], stays: Callable[[str], bool] | None
    ) -> Iterator[Replacement]:
        """Possible replacements. Where two overlap, `protect` takes the first."""
        yield from self._address_replacements(text, stays)
        for match in _HOST.finditer(text):
            domain = registered_domain(match.group())
            if domain in self._contact_domains:
                start = match.end() - len(domain)  # `www.` and the like stay
                yield Replacement(start, match.end(), self.surrogates.domain(domain))
        domains = (address.rpartition("@")[2] for address in addresses)
        near = {region for domain in domains if (region := region_of_domain(domain))}
        for start, end, digits in phone_numbers(text, sorted({*self.regions, *near})):
            yield Replacement(start, end, self.surrogates.phone(digits))
        yield from street_addresses(text, self.surrogates.street)
        yield from self._name_replacements(text, addresses)

    def _address_replacements(
        self, text: str, stays: Callable[[str], bool] | None
    ) -> Iterator[Replacement]:
        """A replaced address is written as the one whose place it takes."""
        finders = (plain_addresses, encoded_addresses, spelled_addresses)
        for written in (written for find in finders for written in find(text)):
            address = written.address
            new = address if stays and stays(address) else self.address(address)
            if new != written.address:
                yield Replacement(written.start, written.end, written.encode(new))
            else:  # covered, so that no rule reads a part of it
                yield Replacement(written.start, written.end, text[written.start : written.end])
        for packed in packed_addresses(text, self.protect):
            yield Replacement(*packed)

    def _name_replacements(self, text: str, addresses: tuple[str, ...]) -> Iterator[Replacement]:
        yield from self._unspaced_names(text)
        full_names, single_names = self._participant_names(addresses)
        surnames = self._contact_surnames
        indexes = (self._contact_names, full_names)
        folded = folded_words(text)
        # Most texts name nobody. So each distinct word, and then each distinct run of three words,
        # is looked up before the slow part, which searches the text for its tokens.
        singles = ChainMap(single_names, surnames)
        starts = first_words(folded, indexes, singles)
        if not starts:
            return
        windows = list(zip(folded, [*folded[1:], ""], [*folded[2:], "", ""], strict=False))
        candidates = name_windows(windows, starts, indexes, singles)
        if not candidates:
            return
        words = find_words(text, folded)
        position = 0
        while position < len(folded):
            if windows[position] in candidates:
                token = words.tokens[position]
                full_name = longest_name(words, position, indexes, self._surrogate_of)
                if full_name:
                    position, new = full_name
                    yield Replacement(token.start(), words.tokens[position].end(), new)
                elif folded[position] in single_names and is_used_as_name(text, token):
                    new = match_case(token.group(), single_names[folded[position]])
                    yield Replacement(*token.span(), new)
                elif folded[position] in surnames:
                    surname = folded[position]
                    if is_surname_alone(text, token, surname):
                        yield Replacement(
                            *token.span(), match_case(token.group(), surnames[surname])
                        )
            position += 1

    def _surrogate_of(self, name: KnownName, words: Words, first: int, last: int) -> str | None:
        """The surrogate of a name; None where its spelling shows that it means something else."""
        written = words.span(first, last)
        first_word, last_word = words.tokens[first].group(), words.tokens[last].group()
        if name.form == "company":
            is_capitalised = first_word[:1].isupper()
            if not is_capitalised and len(name.identity) < _MIN_LOWER_CASE_LETTERS:
                return None
            if len(name.identity) <= _MAX_CAPITALS_LETTERS and not written.isupper():
                return None
            return match_case(written, self.surrogates.company(name.identity))
        if name.form == "backwards" and "," not in written:
            return None
        is_ambiguous = not AMBIGUOUS_NAMES.isdisjoint(name.identity.split())
        if is_ambiguous and not (first_word[:1].isupper() and last_word[:1].isupper()):
            return None
        given, surname = self.surrogates.person(name.identity)
        if name.form == "backwards":
            return match_case(written, f"{surname}, {given}")
        space = "" if first == last else " "  # `danacole` stays one word
        return match_case(written, f"{given}{space}{surname}")

    @cached_property
    def _contact_names(self) -> NameIndex:
        index = NameIndex()
        for contact in self._contacts:
            self._add_names(index, contact)
        return index

    @cached_property
    def _contact_surnames(self) -> dict[str, str]:
        """Surnames of contacts with their surrogates. Of two namesakes the first counts."""
        surnames: dict[str, str] = {}
        owned = {split_domain(domain)[1] for domain in self._owner_domains}
        for contact in self._contacts:
            words = contact.name.split()
            if contact.kind != "person" or len(words) < 2 or words[-1] in self._owner_words | owned:
                continue
            if may_stand_alone(words[-1]):
                surnames.setdefault(words[-1], self.surrogates.person(contact.identity)[1])
        return surnames

    @cached_property
    def _unspaced(self) -> tuple[re.Pattern[str], dict[str, str]] | None:
        """Names in scripts that a search by words cannot read, and their surrogates."""
        names: dict[str, str] = {}
        for contact in self._contacts:
            if contact.kind == "person" and UNSPACED.search(contact.name):
                given, surname = self.surrogates.person(contact.identity)
                names[contact.name.replace(" ", "")] = f"{given} {surname}"
        if not names:
            return None
        longest_first = sorted(names, key=lambda name: (-len(name), name))
        forms = [r"[ \u3000]?".join(map(re.escape, name)) for name in longest_first]
        return re.compile("|".join(forms), re.IGNORECASE), names

    def _unspaced_names(self, text: str) -> Iterator[Replacement]:
        if text.isascii() or self._unspaced is None:
            return
        pattern, names = self._unspaced
        for match in pattern.finditer(text):
            name = re.sub(r"[ \u3000]", "", match.group()).lower()
            yield Replacement(*match.span(), names[name])

    @cached_property
    def _contact_domains(self) -> frozenset[str]:
        domains = {contact.name for contact in self._contacts if contact.kind == "domain"}
        return frozenset(domains - self._owner_domains)

    def _add_names(self, index: NameIndex, contact: Contact) -> None:
        """Add a contact's names to the index, unless they are the owner's or his company's."""
        if contact.kind == "person" and not self._owner_words.issuperset(contact.name.split()):
            for spelling in contact.spellings:
                index.add(spelling, KnownName("person", contact.identity))
            for spelling in contact.backwards:
                index.add(spelling, KnownName("backwards", contact.identity))
        owned = {split_domain(domain)[1].replace("-", "") for domain in self._owner_domains}
        if contact.kind == "company" and owned.isdisjoint(contact.spellings):
            for spelling in contact.spellings:
                index.add(spelling, KnownName("company", contact.identity))

    def _names_of_participants(
        self, addresses: tuple[str, ...]
    ) -> tuple[NameIndex, dict[str, str]]:
        """An index of the participants' full names, and their single names with surrogates."""
        index = NameIndex()
        singles: dict[str, str] = {}
        for address in addresses:
            if self._is_owner(address):
                continue
            for contact in contacts_of_address(address):
                if contact.kind == "person":
                    self._add_names(index, contact)
            for name, surrogate in self._single_names(address):
                if name not in self._owner_words:
                    # Of two participants with the same name the first counts, in sorted order.
                    singles.setdefault(name, surrogate)
                    singles.setdefault(without_umlaut(name), surrogate)
        return index, singles

    def _single_names(self, address: str) -> Iterator[tuple[str, str]]:
        """Words of a participant's names, each with its surrogate."""
        local = fold(address.split("@")[0])
        for words in (name_words(local), *self._mailbox_names.get(address, ())):
            if not words:
                continue
            identity = f"{words[0]} {words[-1]}" if len(words) > 1 else address
            given, surname = self.surrogates.person(identity)
            is_surname = len(words) == 1 and is_initial_and_surname(local)
            yield words[0], surname if is_surname else given
            if len(words) > 1:
                yield words[-1], surname

    def _is_owner(self, address: str) -> bool:
        return any(fnmatchcase(address, pattern) for pattern in self._owner_emails)


def _mailbox_names(contacts: Iterable[Contact]) -> dict[str, list[list[str]]]:
    """The names of mailboxes, each as its words, by address."""
    names: dict[str, list[list[str]]] = {}
    for contact in contacts:
        if contact.kind == "mailbox":
            address, *words = contact.name.split()
            names.setdefault(address, []).append(words)
    return names


def is_used_as_name(text: str, token: re.Match[str]) -> bool:
    """Whether a word that may be a name is used as one: in `Mark called`, not in `mark this`."""
    word = token.group()
    if (word.istitle() or word.isupper()) and word.lower() not in AMBIGUOUS_NAMES:
        return True
    return greets_or_signs(text, token)


def greets_or_signs(text: str, token: re.Match[str]) -> bool:
    """Whether a word stands where a mail greets someone or is signed."""
    before = text[max(token.start() - _GREETING_CHARACTERS, 0) : token.start()]
    return bool(_BEFORE_GREETED.search(before)) and bool(_AFTER_GREETED.match(text, token.end()))
