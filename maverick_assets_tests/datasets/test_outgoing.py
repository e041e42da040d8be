"""Whatever leaves the lake passes one scan for secrets and third parties."""

from pathlib import Path

import pytest

from maverick_assets.datasets.outgoing import OutgoingText, mask_secrets, outgoing_text
from maverick_assets.datasets.pseudonyms.contacts import contacts_of_address
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets.datasets.quality.checks import leaking_prompts
from maverick_assets.recipes import load_recipes
from maverick_assets_tests.datasets.pseudonyms.test_contact_table import mail, put, refresh

OWNER = ("allan@testpilot.example",)
PETRA = "petra.lindqvist@brightoven.example"
PEOPLE = ThirdParties(bytes(32), [*contacts_of_address(PETRA)], OWNER)
SCAN = OutgoingText(PEOPLE)


def test_secrets_names_addresses_and_phone_numbers_leave_no_text() -> None:
    text = (
        f"Petra Lindqvist <{PETRA}> has the keys, or ring 0171 2345678. "
        "The password is hunter2!! and the card is 4111 1111 1111 1111."
    )
    cleaned = SCAN.clean(text)
    left = ("Petra", "Lindqvist", "brightoven", "2345678", "hunter2", "4111")
    assert not [value for value in left if value.lower() in cleaned.lower()]
    assert cleaned.endswith(".") and "[" in cleaned


def test_surrogates_stay_as_they_are() -> None:
    once = SCAN.clean(f"Ask Petra Lindqvist, {PETRA}, tel. 0171 2345678.")
    assert SCAN.clean(once) == once


def test_the_owner_and_ordinary_words_stay() -> None:
    text = "Allan (allan@testpilot.example) will send the 12 page price list on 12.06.2025."
    assert SCAN.clean(text) == text


def test_overlapping_secrets_become_one() -> None:
    assert mask_secrets("nothing here") == "nothing here"
    masked = mask_secrets("password: Hx7-Quartz-99! and token=Hx7-Quartz-99!")
    assert "Quartz" not in masked and masked.count("[") == masked.count("]")


def test_the_scan_knows_the_contacts_of_the_lake(tmp_path: Path) -> None:
    assert outgoing_text(tmp_path, OWNER).clean("Petra Lindqvist") == "Petra Lindqvist"
    put(tmp_path, crm_emails=[mail("m1", PETRA, OWNER[0], "See you then.")])
    refresh(tmp_path)
    assert "Lindqvist" not in outgoing_text(tmp_path, OWNER).clean("Petra Lindqvist said no.")


@pytest.mark.parametrize(
    ("addition", "problem"),
    [
        ("The PIN of the alarm is 4471.", "a secret"),
        (f"Copy {PETRA}.", "a contact's"),
        ("You work with Petra Lindqvist.", "a contact's"),
        ("Ring 0171 2345678 in doubt.", "a contact's"),
    ],
)
def test_a_system_prompt_with_a_secret_or_a_contact_is_named(addition: str, problem: str) -> None:
    recipe = load_recipes()["gatekeeper"]
    leaking = recipe.model_copy(update={"system_prompt": f"{recipe.system_prompt} {addition}"})
    (found,) = leaking_prompts(leaking, SCAN)
    assert problem in found and recipe.name in found
    assert addition not in found


def test_the_packaged_prompts_hold_nobody() -> None:
    assert [leaking_prompts(recipe, SCAN) for recipe in load_recipes().values()] == [[]] * 6
