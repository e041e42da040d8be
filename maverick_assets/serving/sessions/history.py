"""How much of a conversation an answer can still see."""

from collections.abc import Sequence

_MARKUP = 8  # tokens around a message: its role, its beginning and its end
_MOST_ANSWER = 4  # the part of the context that is kept for the answer: one in so many


def messages_to_drop(
    history: Sequence[int], others: Sequence[int], context: int, answer: int
) -> int:
    """How many of the oldest messages do not fit; always whole turns, a question and its answer.

    `history`: tokens of each message so far, `others`: of system prompt and new message, `answer`:
    the most that the answer may have. What is left to the answer is at most a quarter of the
    context: its length is a limit, and seldom reached.
    """
    room = context - min(answer, context // _MOST_ANSWER)
    room -= sum(tokens + _MARKUP for tokens in others)
    sizes = [tokens + _MARKUP for tokens in history]
    dropped = 0
    while dropped < len(sizes) and sum(sizes[dropped:]) > room:
        dropped += 2
    return min(dropped, len(sizes))


def most_messages(context: int) -> int:
    """More messages than this do not fit, however short they are; whole turns."""
    return context // _MARKUP // 2 * 2
