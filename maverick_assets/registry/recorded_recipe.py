"""A recipe as the manifest of a version holds it: the one that the version was trained by."""

from collections.abc import Mapping
from typing import Any

from pydantic import (
    ModelWrapValidatorHandler,
    PrivateAttr,
    model_serializer,
    model_validator,
)

from maverick_assets.recipes import ExampleSource, Gates, Recipe, Training


class _RecordedSource(ExampleSource, extra="ignore"):
    pass


class _RecordedTraining(Training, extra="ignore"):
    validation_fraction: float = 0.1  # its limit was 1 in the first release


class _RecordedGates(Gates, extra="ignore"):
    pass


class RecordedRecipe(Recipe, extra="ignore"):
    """A recipe of this or of an earlier release.

    Earlier releases lacked some of today's keys, knew others, and listed moods and modes without
    descriptions. Missing keys get their defaults and unknown keys are ignored, so that every
    manifest stays readable. `stored` is the recipe as the manifest spells it, now and when it is
    written again: the fingerprint of the version is a hash of exactly that.
    """

    sources: list[_RecordedSource]  # type: ignore[assignment]  # a list of a subclass
    training: _RecordedTraining = _RecordedTraining()
    gates: _RecordedGates = _RecordedGates()
    _stored: dict[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def stored(self) -> Mapping[str, Any]:
        """The recipe as JSON, as the manifest holds it."""
        return self._stored

    @model_validator(mode="wrap")
    @classmethod
    def _keep_stored(
        cls, value: Any, handler: ModelWrapValidatorHandler["RecordedRecipe"]
    ) -> "RecordedRecipe":
        if isinstance(value, RecordedRecipe):
            return value
        stored = value.model_dump(mode="json") if isinstance(value, Recipe) else value
        recipe = handler(stored)
        recipe._stored = dict(stored)
        return recipe

    @model_serializer
    def _as_stored(self) -> dict[str, Any]:
        return self._stored
