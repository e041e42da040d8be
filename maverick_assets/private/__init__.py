"""What no other account may read: the run home, its keys, folders of sockets, words of errors."""
