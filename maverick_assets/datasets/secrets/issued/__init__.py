"""Secrets that machines issue: keys, tokens, numbers of cards and accounts."""
