"""`maverick models`: versions listed, shown, compared, put in service, pruned and pushed."""
