"""LoRA adapters on the shared base model: base model, batches, engine, driver."""
