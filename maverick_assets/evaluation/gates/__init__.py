"""Whether a version may be released: compared with base and version in service, and decided."""
