"""The Ollama servers of a fleet: versions brought to them, and questions asked of them."""
