"""Commands about how alike a version is."""
