"""The CRM: connection, schema, extraction, importers, and a sample to start with."""
