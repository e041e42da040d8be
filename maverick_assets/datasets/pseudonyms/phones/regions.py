"""The countries whose phone numbers a text may hold: those of contacts, owner and language."""

from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache

import phonenumbers

from maverick_assets.datasets.language import languages_of
from maverick_assets.datasets.pseudonyms.phones.formats import regions_of_language

MIN_DOMAINS = 3  # of contacts under a country's top-level domain, for its numbers to be expected
MAX_CONTACT_REGIONS = 8
_LANGUAGE_CHARACTERS = 2000  # of a text, that its language is identified by
# Top-level domains that are no code of a country of ISO 3166, or stand for no country
_OTHER_CODES = {"uk": "GB"}
_WORLDWIDE = frozenset(["IO", "CO", "ME", "TV", "AI", "CC", "LY", "GG", "FM", "AM", "TO", "IS"])


def regions_of_domains(domains: Iterable[str]) -> tuple[str, ...]:
    """The countries of top-level domains that occur at least `MIN_DOMAINS` times, sorted."""
    counts = Counter(region for domain in domains if (region := region_of_domain(domain)))
    frequent = [region for region, count in counts.most_common() if count >= MIN_DOMAINS]
    return tuple(sorted(frequent[:MAX_CONTACT_REGIONS]))


def region_of_domain(domain: str) -> str | None:
    """`acme.co.uk` -> `GB`; None for a domain of no country."""
    ending = domain.rpartition(".")[2].lower()
    region = _OTHER_CODES.get(ending, ending.upper())
    is_country = region in phonenumbers.SUPPORTED_REGIONS and region not in _WORLDWIDE
    return region if is_country else None


def regions_of_owner(timezone: str, languages: Iterable[str]) -> tuple[str, ...]:
    """The countries of the owner's time zone, and of the languages that he wants, sorted."""
    regions = set(_regions_by_timezone().get(timezone, ()))
    for language in languages:
        regions.update(regions_of_language(language))
    return tuple(sorted(regions))


def regions_of_text(text: str) -> tuple[str, ...]:
    """The countries where the language of a text is spoken; empty for a short one."""
    return _regions_of(text[:_LANGUAGE_CHARACTERS])


@lru_cache(1024)
def _regions_of(text: str) -> tuple[str, ...]:
    regions: dict[str, None] = {}
    for language in languages_of(text):
        regions.update(dict.fromkeys(regions_of_language(language)))
    return tuple(regions)


@cache
def _regions_by_timezone() -> dict[str, tuple[str, ...]]:
    """`Europe/Berlin` -> `DE`: the time zones of countries that have a single one."""
    from phonenumbers import timezone  # loads half a megabyte, and only settings ask for it

    regions: dict[str, list[str]] = {}
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        number = phonenumbers.example_number(region)
        for zone in timezone.time_zones_for_number(number) if number else ():
            regions.setdefault(zone, []).append(region)
    return {zone: tuple(found) for zone, found in regions.items()}
