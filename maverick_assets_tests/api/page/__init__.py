"""A package, so that server and browser of its tests end with the last of them."""
