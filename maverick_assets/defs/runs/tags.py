"""Names that identify a run: its tag, and the step that trains."""

TRAINING_TAG = "maverick/training"  # "incremental" or "full"
OVERRIDES_TAG = "maverick/overrides"  # JSON of `TrainingOverrides`
TRAINING_STEP = "deepspeed_train"
