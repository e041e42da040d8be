"""The training engine against other trainers, on a CPU: `python -m benchmarks.train`."""
