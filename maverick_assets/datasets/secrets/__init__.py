"""Secrets: found as machines issue them and as people phrase them, and quarantined."""
