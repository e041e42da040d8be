"""How well an adapter does: metrics, sample answers, gates, reports."""
