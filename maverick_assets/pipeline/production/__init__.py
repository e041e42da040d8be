"""What happens in service: answers, times, ratings, and how far questions are from training."""
