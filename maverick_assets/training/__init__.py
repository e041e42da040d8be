"""LoRA adapters trained on the shared base model, alone or under Dagster."""
