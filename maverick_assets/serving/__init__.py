"""Released adapters at work: GGUF export and the embedded llama.cpp runtime."""
