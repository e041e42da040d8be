"""Figures under their names, and two versions side by side."""
