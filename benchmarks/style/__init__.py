"""What the style panel says where the right answer is known, and of a run home's twin."""
