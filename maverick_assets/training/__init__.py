"""LoRA adapters trained on the shared base model, alone or under Dagster."""

import logging

# Where bitsandbytes is installed, peft imports it, and it logs on a CPU that it found no kernel for
# inference on the hub. Silenced here, because every room below imports peft.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
