"""The model families that people train: from rows of the CRM to an answer through llama.cpp.

Each is a tiny random model of the family's own architecture, with its kind of tokenizer, its
special tokens and what its chat template does (`corpora/model_families.py`). The stages run one
after the other in this process. In `abuse/test_foreign_addresses.py` one goes through the weekly
job.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from maverick_assets.base_model.prepare import PreparedBase, ensure_base
from maverick_assets.base_model.tokenizer import ChatTokenizer, Message
from maverick_assets.crm.connection import create_tables
from maverick_assets.crm.embedded import database_url
from maverick_assets.crm.sample import sample_crm
from maverick_assets.crm.schema import TABLES, TEXT_TABLES
from maverick_assets.evaluation import evaluate as evaluation_process
from maverick_assets.fleets import Node
from maverick_assets.lake.paths import key_path
from maverick_assets.pipeline import evaluate, release
from maverick_assets.pipeline.evaluate import evaluate_next
from maverick_assets.pipeline.ingest import extract_table, refresh_clean, refresh_personality
from maverick_assets.pipeline.release import release_next
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.pipeline.train import train_on_node
from maverick_assets.processes import Log
from maverick_assets.recipes import load_recipes
from maverick_assets.registry.store import Registry
from maverick_assets.serving.asked import NamesStay, asked, trial
from maverick_assets.serving.chat import open_chat
from maverick_assets.serving.export import gate, parity, publish
from maverick_assets.serving.export.base import ensure_base_gguf
from maverick_assets.serving.export.publish import TRIAL_QUESTION
from maverick_assets.serving.runtime import AdapterFile, Runtime, prompt_encoder
from maverick_assets.settings import Settings
from maverick_assets.training.loop.reporting import Reporter
from maverick_assets.training.loop.run import run_training
from maverick_assets.training.spec import TrainingSpec, read_json
from maverick_assets_tests.corpora.model_families import FAMILIES
from maverick_assets_tests.recording_log import RecordingLog

ROBBIE = load_recipes()["robbie"]
ROWS = 40
QUESTION = "What should we do first?"


@pytest.fixture(scope="module")
def clean_lake(pgdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Raw and clean tables of a CRM that holds some texts of one personality."""
    url = database_url(pgdata, "families")
    samples = robbies_rows()
    columns = list(samples[0])
    with psycopg.connect(url) as crm:
        create_tables(crm)
        names, values = ", ".join(columns), ", ".join(f"%({name})s" for name in columns)
        statement = f"INSERT INTO personality_samples ({names}) VALUES ({values})"
        crm.cursor().executemany(statement, samples)
    settings = Settings(home=tmp_path_factory.mktemp("crm_home"), crm_url=url)
    run = RunContext(settings, "ingest", RecordingLog())
    for table in TABLES.values():
        extract_table(run, table)
    refresh_clean(run, TEXT_TABLES)
    return settings.lake


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def in_this_process(module: ModuleType, patch: pytest.MonkeyPatch) -> Callable[..., str]:
    """In place of `run_module`: a start takes seconds, and there would be thirty."""

    def run(_name: str, *arguments: str, on_result: Callable[[str], None], log: Log) -> str:
        def tell(line: str) -> None:
            (on_result if line.startswith("{") else log.info)(line)

        patch.setattr(module, "print", tell, raising=False)
        module.main(arguments)
        return ""

    return run


def train_here(spec_file: Path) -> Mapping[str, str]:
    refusals: dict[str, str] = {}

    def keep(message: dict[str, object]) -> None:
        if message.get("status") == "refused":
            refusals[str(message["personality"])] = str(message["reason"])

    run_training(read_json(spec_file, TrainingSpec), Reporter(lambda _: None, keep))
    return refusals


@dataclass(frozen=True)
class Served:
    """A family's base after a version of Robbie on it went into service."""

    settings: Settings
    base: PreparedBase
    log: RecordingLog

    @property
    def directory(self) -> Path:
        return self.settings.models / "robbie" / "v1.0"


@pytest.fixture(scope="module", params=FAMILIES)
def served(
    request: pytest.FixtureRequest,
    base: PreparedBase,
    clean_lake: Path,
    tmp_path_factory: pytest.TempPathFactory,
    patch: pytest.MonkeyPatch,
) -> Served:
    folder = tmp_path_factory.mktemp("family")
    FAMILIES[request.param].save(folder / "model", base.directory)
    settings = Settings(home=folder / "home", base_model=str(folder / "model"))
    shutil.copytree(clean_lake, settings.lake)
    keep_surrogates(settings)
    run = RunContext(settings, "weekly", RecordingLog())
    patch.setenv("MAVERICK_HOME", str(settings.home))
    patch.setenv("MAVERICK_BASE_MODEL", str(folder / "model"))
    patch.setattr(evaluate, "run_module", in_this_process(evaluation_process, patch))
    patch.setattr(release, "run_module", in_this_process(publish, patch))
    patch.setattr(gate, "MAX_TOKENS", 8)  # random weights never end, and drift apart
    patch.setattr(parity, "STRICT", 0.3)  # nor is what they compute small, as after a training
    family_base = ensure_base(settings)
    refresh_personality(run, ROBBIE)
    assert train_on_node(run, Node(name="here"), [ROBBIE], "full", train_here), run.log
    evaluate_next(run, ROBBIE)
    release_next(run, "robbie")
    assert isinstance(run.log, RecordingLog)
    return Served(settings, family_base, run.log)


@pytest.fixture(scope="module")
def runtime(served: Served) -> Runtime:
    gguf = ensure_base_gguf(served.base, served.settings.base_dir)
    adapters = {"robbie": AdapterFile(served.directory / "adapter.gguf")}
    return Runtime(gguf, adapters, encode_prompt=prompt_encoder(served.base))


def test_rows_of_the_crm_become_a_version_that_answers(served: Served, runtime: Runtime) -> None:
    chat = open_chat(served.settings, ROBBIE, "final", None, None)
    for question in (QUESTION, "And then?"):
        chat.say(question)  # words drawn from random weights, sometimes none
    trial = first_messages(TRIAL_QUESTION)  # what the release has asked, too
    assert runtime.chat(trial, adapter="robbie", temperature=0)


def test_llama_cpp_computes_what_was_trained(served: Served, runtime: Runtime) -> None:
    """In float16, so a little is lost."""
    tokenizer = ChatTokenizer(served.base.directory)
    ids = torch.tensor([tokenizer.encode_prompt(first_messages(QUESTION))])
    model = AutoModelForCausalLM.from_pretrained(served.base.directory, dtype=torch.float32)
    lora = PeftModel.from_pretrained(model, served.directory / "adapter")
    with torch.inference_mode():
        own = torch.log_softmax(lora(input_ids=ids).logits[0].float(), -1)
    # The last place where the likeliest token is whole characters: it says nothing of others.
    at = max(at for at, row in enumerate(own) if "\ufffd" not in tokenizer.decode([row.argmax()]))
    prompt = {"prompt": ids[0, : at + 1].tolist(), "lora": [{"id": 0, "scale": 1.0}]}
    answer = runtime.server.complete(
        prompt | {"max_tokens": 1, "temperature": 0, "logprobs": 5, "ignore_eos": True}
    )
    likeliest = answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    theirs = {entry["id"]: entry["logprob"] for entry in likeliest}
    assert theirs == pytest.approx({token: own[at, token].item() for token in theirs}, abs=0.1)


def test_llama_cpp_reads_a_prompt_as_training_did(served: Served, runtime: Runtime) -> None:
    tokenizer = ChatTokenizer(served.base.directory)
    messages = [*first_messages(QUESTION), said("Über 30 %, it's\n\nfine."), question("When?")]
    ids = tokenizer.encode_prompt(messages)
    text = tokenizer.prompt_text(messages)
    plain, whole = (runtime.server.tokenize("a", add_special=start) for start in (False, True))
    start = whole[: len(whole) - len(plain)]
    if start:
        text = text.removeprefix(tokenizer.token(start[0]))
        assert ids.count(start[0]) == text.count(tokenizer.token(start[0])) + 1
    assert runtime.server.tokenize(text, add_special=True) == ids


def test_an_answer_ends_at_the_end_of_a_turn(served: Served, runtime: Runtime) -> None:
    tokenizer = ChatTokenizer(served.base.directory)
    example = tokenizer.encode([*first_messages(QUESTION), said("Tea.")], 1000)
    request = {"prompt": example.input_ids[: example.n_prompt], "max_tokens": 3, "temperature": 0}
    for token, ends in (
        (example.input_ids[-1], "stop"),
        (example.input_ids[example.n_prompt], "length"),
    ):
        forced = runtime.server.complete(
            request | {"logit_bias": [[token, 1000]], "lora": [{"id": 0, "scale": 1.0}]}
        )
        assert forced["choices"][0]["finish_reason"] == ends


def test_ollama_is_told_the_same_format(served: Served) -> None:
    manifest = Registry(served.settings.models).get("robbie", "v1.0")
    assert manifest.no_modelfile is None, served.log.of_level("info")
    page = (served.directory / "Modelfile").read_text()
    assert page.startswith("FROM base-")
    for token in ChatTokenizer(served.base.directory).stop_tokens:
        assert f'PARAMETER stop "{token}"\n' in page


def keep_surrogates(settings: Settings) -> None:
    """The same surrogates in every run: by others, random weights learn to answer nothing."""
    key = key_path(settings.lake)
    key.parent.mkdir(mode=0o700, parents=True)
    key.write_bytes(bytes(32))
    key.chmod(0o600)


def robbies_rows() -> list[dict[str, Any]]:
    rows = sample_crm()["personality_samples"]
    return [row for row in rows if row["personality"] == "robbie"][:ROWS]


def said(text: str) -> Message:
    return Message(role="assistant", content=text)


def first_messages(text: str) -> list[Message]:
    return asked(ROBBIE, trial(ROBBIE, text), NamesStay())


def question(text: str) -> Message:
    return Message(role="user", content=text)
