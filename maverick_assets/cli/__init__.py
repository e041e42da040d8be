"""`maverick`: a module a command group."""
