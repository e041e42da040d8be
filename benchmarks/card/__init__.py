"""The sections of `benchmarks.gpu`, each in a process of its own."""
