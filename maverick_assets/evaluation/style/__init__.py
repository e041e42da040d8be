"""How alike two people's writing is: five measures, each on a scale from an impostor to himself."""
