"""The base model: prepared before anything needs it, and checked on demand."""
