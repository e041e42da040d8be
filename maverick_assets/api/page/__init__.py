"""The chat page: its files, and how a browser logs in."""
