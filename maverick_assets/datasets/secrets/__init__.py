"""Secrets: rules that find them in text, and the quarantine of examples that hold one."""
