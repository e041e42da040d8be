"""The training loop: jobs in, optimizer steps, validation, checkpoints, adapters out."""
