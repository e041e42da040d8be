"""From raw rows to prompt-completion examples: cleaning, threads, privacy, examples, splits."""
