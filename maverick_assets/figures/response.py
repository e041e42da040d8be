"""How fast a version answers in the form that is deployed."""

from pydantic import Field

from maverick_assets.figures.figure import Figure
from maverick_assets.strict_model import StrictModel


class Speed(StrictModel):
    """A figure of many answers; of so many % of them it is as good as this or better."""

    p50: Figure
    p95: Figure


class ResponseTimes(StrictModel):
    """Answers of the GGUF files in llama.cpp, one request at a time.

    They are those of the comparison before a release, beside which transformers computes on the
    other cores: a machine that does nothing else is faster.
    """

    machine: str = Field(description="processor, and cores that the process may use")
    threads: int = Field(description="of llama.cpp")
    n: int = Field(description="answers")
    prompt_tokens: Figure = Field(description="median length of a prompt, in tokens")
    first_token_ms: Speed = Field(
        description="from the request to the first token of the answer, in milliseconds; all of "
        "the prompt is computed"
    )
    tokens_per_second: Speed = Field(description="of an answer after its first token")
