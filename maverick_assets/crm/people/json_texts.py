"""People in texts that are JSON: what is cleaned stays JSON."""

import json
from typing import Any

from maverick_assets.crm.people.mentions import People


def without_in_json(text: str, people: People) -> str:
    """A text, or all texts inside JSON, with placeholders where it names people."""
    if text[:1] in "{[" and text:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return people.without(text)
        cleaned = _walk(value, people)
        return text if cleaned == value else json.dumps(cleaned)
    return people.without(text)


def _walk(value: Any, people: People) -> Any:
    if isinstance(value, str):
        return without_in_json(value, people)
    if isinstance(value, list):
        return [_walk(item, people) for item in value]
    if isinstance(value, dict):
        return {people.without(key): _walk(item, people) for key, item in value.items()}
    return value
