"""Mail addresses in text, however programs encode them and people spell them."""
