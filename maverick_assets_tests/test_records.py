"""Records on disk stay readable across releases."""

import json

from maverick_assets.records import TrainingSummary

OF_AN_EARLIER_RELEASE = {
    "personality": "robbie",
    "mode": "full",
    "base_digest": "5af571cbf074",
    "dataset_version": 0,
    "n_examples": 8,
    "n_tokens": 300,
    "n_supervised": 60,
    "learning_rate": 0.002,
    "epochs": 1,
    "steps": 2,
    "seconds": 3.2,
    "tokens_per_second": 90.1,
    "share_of_bound": 0.41,
    "peak_memory_mb": 900,
    "losses": [[1, 2.5], [2, 2.25]],
    "held_out": [[2, 2.375]],
    "seed": 0,
    "dtype": "float32",
    "device": "cpu",
    "curves": None,
}


def test_training_json_of_an_earlier_release_is_read_and_written_as_it_was() -> None:
    text = json.dumps(OF_AN_EARLIER_RELEASE)
    summary = TrainingSummary.model_validate_json(text)
    assert summary.validation_losses == [(2, 2.375)]
    assert summary.roofline_share == 0.41
    assert json.loads(summary.model_dump_json()) == OF_AN_EARLIER_RELEASE
    assert list(json.loads(summary.model_dump_json())) == list(OF_AN_EARLIER_RELEASE)
