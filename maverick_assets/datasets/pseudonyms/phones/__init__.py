"""Phone numbers in text, in the national forms of the countries that a text may be about."""
