"""What programs put around a writer's words: one module for each kind of block."""
