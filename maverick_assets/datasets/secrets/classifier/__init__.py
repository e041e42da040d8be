"""A small classifier of our own: whether a span of a text is a secret, by its shape and context."""
