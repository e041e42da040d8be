"""What of a conversation fits into the context."""

from maverick_assets.serving.sessions.history import messages_to_drop, most_messages


def test_a_short_conversation_stays_whole() -> None:
    assert messages_to_drop([10, 10, 10, 10], [20, 20], context=2048, answer=200) == 0


def test_the_oldest_turns_go_first_and_whole() -> None:
    # 512 - 128 for the answer - 2 * 18 for the others = 348; a turn has 216
    assert messages_to_drop([100, 100] * 5, [10, 10], context=512, answer=200) == 8
    assert messages_to_drop([100, 100, 1, 1], [10, 10], context=256, answer=60) == 2


def test_a_message_that_fills_the_context_leaves_no_room() -> None:
    assert messages_to_drop([1, 1, 1, 1], [10, 4000], context=512, answer=10) == 4


def test_more_messages_than_fit_need_not_be_counted() -> None:
    assert most_messages(2048) == 256
    assert messages_to_drop([0] * 258, [0], context=2048, answer=1) > 0
