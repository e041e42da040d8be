"""Commands around answers: a chat in the terminal, the HTTP API, and who may call it."""
