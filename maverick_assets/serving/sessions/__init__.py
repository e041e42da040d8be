"""Conversations and ratings that are kept: tomorrow's data.

They lie in the tables of the embedded CRM, or in a database of the run home where the CRM is the
user's own. Both have the CRM's columns, so that an ingest reads them like all other chats. What is
more than that is the conversation's metadata, of which `made_by` says that Maverick made it.
"""
