"""What every page and API of Maverick checks of a request: by which name, and from which site."""
