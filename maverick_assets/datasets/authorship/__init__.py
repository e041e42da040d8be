"""Who wrote a mail, and what became of it: read from its headers, folder and flags."""
