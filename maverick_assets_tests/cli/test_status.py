"""`maverick status` names each table that gives no example once, with who reads it."""

from maverick_assets.cli.status import warning_lines


def test_a_warning_is_said_once_for_all_personalities_that_it_concerns() -> None:
    notes, mails = "sticky_notes: 3 rows of yours, 0 examples: 3 no title", "crm_emails: nothing"
    lines = warning_lines({"twin": [mails, notes], "mentor": [notes], "robbie": []})
    assert lines == [f"warning   {mails} (twin)", f"warning   {notes} (twin, mentor)"]
