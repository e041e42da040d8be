"""What leaves for llama.cpp and Ollama: GGUF files, Modelfiles, and whether they agree."""
