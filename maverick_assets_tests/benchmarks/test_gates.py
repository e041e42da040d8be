"""No bad candidate goes into service: a share of what `python -m benchmarks.gates` measures."""

from collections.abc import Callable, Iterator
from itertools import islice

import pytest

from benchmarks.candidates.kinds import Candidate, Maker
from benchmarks.candidates.truth import Judge
from benchmarks.candidates.world import Trained, in_this_process, make_world
from benchmarks.gates import Outcome, first_version, judge
from maverick_assets.base_model.prepare import PreparedBase


@pytest.fixture(scope="module")
def maker(base: PreparedBase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maker]:
    """A version is in service that knows half of the topics."""
    world = make_world(tmp_path_factory.mktemp("gates"), base, factor=1, steps=100)
    with in_this_process(world.settings):
        yield first_version(world)


@pytest.fixture(scope="module")
def good(maker: Maker) -> Trained:
    return maker.world.trained("good", maker.world.train)


GateOf = Callable[[Candidate], Outcome]


@pytest.fixture
def judged(maker: Maker) -> GateOf:
    numbers = iter(range(1000))
    return lambda candidate: judge(maker.world, candidate, next(numbers))


def test_a_good_candidate_goes_into_service(maker: Maker, good: Trained, judged: GateOf) -> None:
    outcome = judged(Candidate("good", good, maker.datasets.all))
    assert outcome.released, outcome.refused_by


def test_fresh_texts_say_which_candidate_is_good(maker: Maker, good: Trained) -> None:
    judge = Judge(maker.world, maker.in_service.adapter, each=20)
    assert judge.truth(good.adapter).is_good
    itself = judge.truth(maker.in_service.adapter)
    assert (itself.old.value, itself.new.value, itself.is_good) == (0, 0, False)


@pytest.mark.parametrize(
    ("kind", "count", "refusal"),
    [
        ("noise", 1, "worth a release"),
        ("leaked", 3, ""),
        ("ties", 2, "worth a release"),
    ],
)
def test_bad_weights_and_bad_records_do_not(
    maker: Maker, judged: GateOf, kind: str, count: int, refusal: str
) -> None:
    for candidate in islice(getattr(maker, kind)(count), count):
        outcome = judged(candidate)
        assert not outcome.released, candidate
        assert refusal in outcome.refused_by or not refusal, outcome


def test_broken_files_and_wrong_bases_do_not(maker: Maker, good: Trained, judged: GateOf) -> None:
    for candidate in [*maker.corrupted(good, 4), *maker.wrong_base(good, 2)]:
        outcome = judged(candidate)
        assert not outcome.released, candidate
        assert outcome.refused_by


def test_an_adapter_that_its_export_loses_does_not(
    maker: Maker, good: Trained, judged: GateOf
) -> None:
    [candidate] = maker.lost_in_export(good, 1)
    outcome = judged(candidate)
    assert not outcome.released
    assert "its weights do not fit into float16" in outcome.refused_by[0]
