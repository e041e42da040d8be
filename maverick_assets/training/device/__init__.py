"""What a training runs on: hardware, memory, threads, and how fast it could be."""
