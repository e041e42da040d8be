"""The sample CRM: records of the invented owner Allan Reyes, generated from a seed."""

from maverick_assets.crm.sample.chats import chat_rows
from maverick_assets.crm.sample.deals import deal_rows
from maverick_assets.crm.sample.emails import email_rows
from maverick_assets.crm.sample.notes import note_rows
from maverick_assets.crm.sample.personalities import personality_rows
from maverick_assets.crm.sample.signals import device_rows, feedback_rows

__all__ = ["sample_crm"]


def sample_crm(seed: int = 7, factor: int = 1) -> dict[str, list[dict[str, object]]]:
    """Rows for each CRM table. Equal arguments give equal rows; `factor` multiplies their number.

    Times are UTC datetimes between May 2025 and October 2026. At factor 1: 200 e-mail threads,
    80 conversations, 200 deals, 150 notes and 150 samples of each of five personalities.
    """
    conversations, messages = chat_rows(seed, factor)
    return {
        "crm_emails": email_rows(seed, factor),
        "conversations": conversations,
        "messages": messages,
        "crm_deals": deal_rows(seed, factor),
        "sticky_notes": note_rows(seed, factor),
        "personality_samples": personality_rows(seed, factor),
        "feedback": feedback_rows(seed, factor),
        "device_interactions": device_rows(seed, factor),
    }
