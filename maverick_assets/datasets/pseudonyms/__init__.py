"""Third parties: found by the columns of the CRM and in text, and replaced by stable surrogates."""
