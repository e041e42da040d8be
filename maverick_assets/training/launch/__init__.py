"""Several processes of one training: started, watched and stopped together."""
