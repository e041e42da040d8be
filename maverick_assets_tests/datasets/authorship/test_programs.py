"""Headers say that a program wrote a mail."""

import pytest

from maverick_assets.datasets.authorship.programs import program_reason


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"auto-submitted": ["auto-replied"]}, "out of office"),
        ({"auto-submitted": ["auto-replied (vacation)"]}, "out of office"),
        ({"x-autoreply": ["yes"]}, "out of office"),
        ({"precedence": ["auto_reply"]}, "out of office"),
        ({"auto-submitted": ["auto-generated"]}, "auto-submitted"),
        ({"auto-submitted": ["auto-notified; owner-email=a@x.example"]}, "auto-submitted"),
        ({"x-auto-response-suppress": ["DR, OOF, AutoReply"]}, "auto-submitted"),
        ({"x-ms-exchange-generated-message-source": ["Mailbox Rules Agent"]}, "auto-submitted"),
        ({"precedence": ["bulk"]}, "newsletter"),
        ({"feedback-id": ["1:2:3:mailer"]}, "newsletter"),
        ({"list-id": ["<n.x>"], "list-unsubscribe": ["<https://x/u>"]}, "newsletter"),
        ({"list-post": ["NO"], "list-unsubscribe": ["<https://x/u>"]}, "newsletter"),
        ({"content-type": ["multipart/report; report-type=delivery-status"]}, "bounce"),
        ({"x-parts": ["text/plain", "message/disposition-notification"]}, "bounce"),
        # People
        ({}, None),
        ({"auto-submitted": ["no"], "precedence": ["bulk"]}, None),
        ({"x-auto-response-suppress": ["RN, NRN"]}, None),
        ({"list-id": ["<l.x>"], "list-post": ["<mailto:l@x>"], "precedence": ["list"]}, None),
        ({"list-post": ["<mailto:l@x>"], "precedence": ["bulk"]}, None),
        ({"precedence": ["normal"], "list-unsubscribe": ["<mailto:u@x>"]}, None),
        ({"content-type": ["text/plain"], "x-autoreply": ["no"]}, None),
    ],
)
def test_programs_say_so_and_lists_of_people_are_no_newsletters(
    headers: dict[str, list[str]], reason: str | None
) -> None:
    assert program_reason(headers) == reason
