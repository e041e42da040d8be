"""Evidence of what a mail answers: its subject, its names, the words that it quotes, its time."""
