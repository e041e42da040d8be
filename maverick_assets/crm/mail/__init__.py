"""Mail as its owner's mail program shows it: messages, mailboxes, and the rows that they become."""
