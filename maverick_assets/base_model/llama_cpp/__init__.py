"""llama.cpp beside transformers: bases and adapters as GGUF files, and the server of them."""
