"""People in texts: addresses, names, and where a text names somebody."""
