"""What versions remember: an audit with canaries, and what answers repeat."""
