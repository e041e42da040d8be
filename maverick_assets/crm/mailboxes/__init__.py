"""Mailboxes as mail programs keep or export them: files and folders of messages."""
