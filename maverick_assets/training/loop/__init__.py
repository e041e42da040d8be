"""The training loop: batches in, optimizer steps, checkpoints, validation loss, adapters out."""
