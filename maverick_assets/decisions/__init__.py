"""How a twin's decision is weighed: own decisions, phrases, priors, rates (no model, no server)."""
