"""The machine: device, memory, threads, and the rate that it allows."""
