"""Turns: the utterances of all tables, cleaned, linked, attributed and protected."""
