"""Delta tables: where each lies, how it is read and written, what changed since the last read."""
