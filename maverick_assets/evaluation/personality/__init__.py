"""Whether a candidate's answers are its personality's, and nobody else's."""
