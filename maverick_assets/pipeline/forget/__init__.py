"""Forgetting a contact or a row: out of the lake, and out of service what learned from it."""
