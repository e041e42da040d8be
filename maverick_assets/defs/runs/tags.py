"""Names by which a run is recognised: its tags, and the step that trains."""

TRAINING_TAG = "maverick/training"  # "incremental" or "full"
TRAINING_STEP = "deepspeed_train"
