"""What a PostgreSQL CRM says of itself: which rows a role may see, and which values can be read."""
