"""Secrets: rules that find them in texts, and the quarantine of examples that hold one."""
