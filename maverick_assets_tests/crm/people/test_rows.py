"""Rows of raw tables no longer name people who were forgotten."""

import json

from maverick_assets.crm.forgotten import Identity, people_of
from maverick_assets.crm.people.mentions import name_forms
from maverick_assets.crm.people.rows import without_people


def test_headers_that_name_somebody_stay_json_without_him() -> None:
    people = people_of([Identity("dana@acme.example", tuple(name_forms("Dana Cole")))])
    headers = {
        "cc": ['"Cole, Dana" <dana@acme.example>, Lee <lee@acme.example>'],
        "list-unsubscribe": ["<https://x.example/?u=dana%40acme.example>"],
    }
    row = {"id": "1", "headers": json.dumps(headers), "folder": "Clients/Dana Cole", "flags": []}
    cleaned = without_people(row, people, row.keys())
    kept = json.loads(cleaned["headers"])
    assert kept["cc"] == ['"N. N." <nn@invalid>, Lee <lee@acme.example>']
    assert "dana" not in json.dumps(kept).lower()
    assert cleaned["folder"] == "Clients/N. N."
