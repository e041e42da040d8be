"""What can be counted in answers: overlap with real ones, variety, loops, and general skills."""
