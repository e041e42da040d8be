"""Chat formats of public model families with small tokenizers; see `chat_templates.yaml`."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast

from maverick_assets_tests.corpora.files import read_list

# Enough words for merges across spaces, punctuation and line breaks.
_TEXT = """
Yes, at 9:30. No. Should we give the new client a 30 % discount? Two paragraphs, then one more.
You are Allan. You answer briefly. User: Assistant: USER: ASSISTANT: [INST] [/INST] system user
### Instruction: ### Response: - one - two (a) (b) "quoted" <b>bold</b> it's theirs, and yes it is.
Über grüne Hügel, naïve café, 你好 世界. He said: no. I said yes: see you on Monday at the office.
"""


@dataclass(frozen=True)
class ChatFormat:
    """The facts of one family's format."""

    family: str
    template: str
    eos: str
    opening: str  # how a prompt ends
    completion: str  # what is supervised for the answer "Yes."
    bos: str | None = None
    tokens: tuple[str, ...] = ()  # beside bos and eos
    vocabulary: str = "bytes"  # or pieces: begins every text with a space, as SentencePiece does
    adds_start: bool = False  # whether the tokenizer puts bos before every text

    def save_tokenizer(self, directory: Path) -> None:
        """Write a tokenizer of this format, without a pad token."""
        tokenizer = Tokenizer.from_str(_trained(self.vocabulary))
        special = dict.fromkeys([self.eos, *([self.bos] if self.bos else []), *self.tokens])
        tokenizer.add_special_tokens(
            [AddedToken(token, special=True, normalized=False) for token in special]
        )
        if self.adds_start:
            assert self.bos is not None
            tokenizer.post_processor = TemplateProcessing(
                single=[self.bos, "$A"],
                pair=[self.bos, "$A", "$B"],
                special_tokens=[(self.bos, tokenizer.token_to_id(self.bos))],
            )
        fast = PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, eos_token=self.eos, bos_token=self.bos
        )
        fast.chat_template = self.template
        fast.save_pretrained(directory)


def chat_formats() -> list[ChatFormat]:
    return [
        ChatFormat(**entry | {"tokens": tuple(entry.get("tokens", ()))})
        for entry in read_list("chat_templates.yaml")
    ]


@cache
def _trained(vocabulary: str) -> str:
    """A vocabulary of some hundred entries, as tokenizer.json."""
    if vocabulary == "bytes":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet, known = pre_tokenizers.ByteLevel.alphabet(), []
    else:
        tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
        )
        # For training alone: no piece of SentencePiece reaches from one word into the next.
        tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
        tokenizer.decoder = decoders.Sequence(
            [
                decoders.Replace("▁", " "),
                decoders.ByteFallback(),
                decoders.Fuse(),
                decoders.Strip(" ", 1, 0),
            ]
        )
        alphabet, known = [], ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = BpeTrainer(
        vocab_size=900, initial_alphabet=alphabet, special_tokens=known, show_progress=False
    )
    lines = [word for line in _TEXT.splitlines() for word in (line, *line.split())]
    tokenizer.train_from_iterator(lines, trainer)
    content = json.loads(tokenizer.to_str())
    content["added_tokens"] = []  # the trainer made the bytes special, and decoding skips those
    if vocabulary == "pieces":
        content["pre_tokenizer"] = None
    return json.dumps(content)
