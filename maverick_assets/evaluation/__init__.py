"""What an adapter learned: metrics, reports, gates."""
