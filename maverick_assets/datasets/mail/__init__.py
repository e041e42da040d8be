"""What a mail says: quotes, footers and contact blocks cut, machine mail marked, threads linked."""
