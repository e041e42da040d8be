"""Tiny random models of public families: real architecture, kind of tokenizer, tokens and template.

What a family's own weights and vocabulary are, no test needs. What its tokens are called and do,
which of them are put before a text, where a turn ends, and what the forward pass computes besides
the usual: that is here as in the published models.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import sentencepiece
import torch
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from maverick_assets_tests.corpora.chat_templates import chat_formats

_TEMPLATES = {each.family: each for each in chat_formats()}


@dataclass(frozen=True)
class ModelFamily:
    """One public family of chat models."""

    name: str
    chat_format: str  # in chat_templates.yaml
    config: str  # class of transformers
    extras: dict[str, Any] = field(default_factory=dict)  # of the configuration
    pieces: bool = False  # a vocabulary of SentencePiece; else one of bytes, as GPT-2's
    begins_with_space: bool = True  # whether SentencePiece puts a space before a text
    swallows_space: bool = False  # whether white space behind a special token is dropped (Phi-3)
    embedding: float = 1.0  # factor of its random embedding
    text_tokens: tuple[str, ...] = ()  # tokens that are not special: decoding shows them

    def save(self, directory: Path, byte_vocabulary: Path) -> None:
        """Write the model. `byte_vocabulary` is the directory of a base whose bytes are joined.

        llama.cpp's converter knows such a vocabulary by what it makes of one text. Added tokens
        change nothing of that, so the embedded base's vocabulary stands for every family's.
        """
        tokenizer = self.save_tokenizer(directory, byte_vocabulary)
        torch.manual_seed(0)
        config = getattr(transformers, self.config)(**self._sizes(tokenizer))
        model = transformers.AutoModelForCausalLM.from_config(config)
        with torch.no_grad():
            model.get_input_embeddings().weight.mul_(self.embedding)
            # Not the likeliest, whatever is learned: a release refuses a version that says nothing.
            model.get_output_embeddings().weight[_silent_tokens(tokenizer)] *= 0.02
        model.save_pretrained(directory)

    def save_tokenizer(self, directory: Path, byte_vocabulary: Path) -> Tokenizer:
        """Write the tokenizer and the chat template alone."""
        directory.mkdir(parents=True)
        if self.pieces:
            tokenizer = self._save_pieces(directory)
        else:
            tokenizer = self._save_bytes(directory, byte_vocabulary)
        chat_format = _TEMPLATES[self.chat_format]
        (directory / "chat_template.jinja").write_text(chat_format.template)
        return tokenizer

    def _sizes(self, tokenizer: Tokenizer) -> dict[str, Any]:
        chat_format = _TEMPLATES[self.chat_format]
        bos = tokenizer.token_to_id(chat_format.bos) if chat_format.bos else None
        return {
            "vocab_size": tokenizer.get_vocab_size(),
            "hidden_size": 64,
            "intermediate_size": 96,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_dim": 32,
            "max_position_embeddings": 2048,
            "initializer_range": 0.3,  # wide, so that the model is sure of what it says
            "bos_token_id": bos,
            "eos_token_id": tokenizer.token_to_id(chat_format.eos),
            "pad_token_id": None,
            "tie_word_embeddings": False,
        } | self.extras

    def _special(self) -> list[str]:
        chat_format = _TEMPLATES[self.chat_format]
        first = [chat_format.bos] if chat_format.bos else []
        tokens = dict.fromkeys([*first, chat_format.eos, *chat_format.tokens])
        return [token for token in tokens if token not in self.text_tokens]

    def _added_tokens(self) -> list[AddedToken]:
        strip = {"rstrip": self.swallows_space, "normalized": False}
        special = [AddedToken(token, special=True, **strip) for token in self._special()]
        return special + [AddedToken(token, special=False) for token in self.text_tokens]

    def _save_bytes(self, directory: Path, byte_vocabulary: Path) -> Tokenizer:
        """A vocabulary of bytes. The start token is left to the template.

        The converter's text is read with the start token, and with it the vocabulary is another
        one than those that it knows.
        """
        tokenizer = Tokenizer.from_file(str(byte_vocabulary / "tokenizer.json"))
        tokenizer.add_special_tokens([t for t in self._added_tokens() if t.special])
        tokenizer.add_tokens([t for t in self._added_tokens() if not t.special])
        self._save_fast(tokenizer, directory)
        # transformers gives every Qwen 2 the splitting of words of Qwen 2's vocabulary, unless a
        # class of its own is named.
        path = directory / "tokenizer_config.json"
        content = json.loads(path.read_text()) | {"auto_map": {"AutoTokenizer": [None, "own.Own"]}}
        path.write_text(json.dumps(content))
        return tokenizer

    def _save_fast(self, tokenizer: Tokenizer, directory: Path) -> None:
        chat_format = _TEMPLATES[self.chat_format]
        PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, eos_token=chat_format.eos, bos_token=chat_format.bos
        ).save_pretrained(directory)

    def _save_pieces(self, directory: Path) -> Tokenizer:
        """tokenizer.model, and the tokenizer.json that was made of it."""
        chat_format = _TEMPLATES[self.chat_format]
        assert chat_format.bos is not None
        proto = _train_pieces(chat_format.bos, chat_format.eos, self._special())
        (directory / "tokenizer.model").write_bytes(proto)
        tokenizer = _as_fast(proto, self.begins_with_space)
        tokenizer.add_special_tokens(self._added_tokens())
        if chat_format.adds_start:
            bos = chat_format.bos
            tokenizer.post_processor = TemplateProcessing(
                single=[bos, "$A"],
                pair=[bos, "$A", bos, "$B"],
                special_tokens=[(bos, tokenizer.token_to_id(bos))],
            )
        self._save_fast(tokenizer, directory)
        path = directory / "tokenizer_config.json"
        content = json.loads(path.read_text())
        content |= {"add_bos_token": chat_format.adds_start, "add_eos_token": False}
        path.write_text(json.dumps(content))
        return tokenizer


def _silent_tokens(tokenizer: Tokenizer) -> list[int]:
    """Those that an answer does not show: ends of turns, spaces, line breaks."""
    ids = range(tokenizer.get_vocab_size())
    return [at for at in ids if not tokenizer.decode([at], skip_special_tokens=True).strip()]


def _train_pieces(bos: str, eos: str, special: Sequence[str]) -> bytes:
    """A small model of SentencePiece that joins pairs, with a piece for every byte."""
    target = BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_TEXT.splitlines()),
        model_writer=target,
        model_type="bpe",
        vocab_size=600,
        hard_vocab_limit=False,
        byte_fallback=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        split_digits=True,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=-1,
        bos_piece=bos,
        eos_piece=eos,
        control_symbols=[token for token in special if token not in (bos, eos)],
        num_threads=1,
        minloglevel=2,
    )
    return target.getvalue()


def _as_fast(proto: bytes, begins_with_space: bool) -> Tokenizer:
    """The same vocabulary for the library tokenizers, with merges in the order of the scores."""
    pieces = sentencepiece.SentencePieceProcessor(model_proto=proto)
    vocabulary = {pieces.id_to_piece(at): at for at in range(pieces.vocab_size())}
    merges = [
        (-pieces.get_score(at), vocabulary[piece[:cut]], vocabulary[piece[cut:]], piece, cut)
        for piece, at in vocabulary.items()
        if not (pieces.is_byte(at) or pieces.is_control(at) or pieces.is_unknown(at))
        for cut in range(1, len(piece))
        if piece[:cut] in vocabulary and piece[cut:] in vocabulary
    ]
    in_order = [(piece[:cut], piece[cut:]) for *_, piece, cut in sorted(merges)]
    tokenizer = Tokenizer(
        models.BPE(
            vocab=vocabulary, merges=in_order, byte_fallback=True, unk_token="<unk>", fuse_unk=True
        )
    )
    space: list[Any] = [normalizers.Replace(" ", "▁")]
    strip: list[Any] = []
    if begins_with_space:
        space.insert(0, normalizers.Prepend("▁"))
        strip.append(decoders.Strip(" ", 1, 0))
    tokenizer.normalizer = normalizers.Sequence(space)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *strip]
    )
    return tokenizer


_TEXT = """
You are Allan. You answer briefly. What should we do first this week? Should we give a discount?
Thanks for the offer. We can do Monday at 9:30, or Tuesday at 14:00. Please send me the numbers.
Dear Robbie, I had a good day. How was yours? The garden is green, and the coffee was strong.
Yes, I will. No, not before Friday. Two paragraphs, then one more. Best regards, Allan
"""

_LLAMA_3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 512,
}
_NARROW = {"sliding_window": 16}  # shorter than every prompt
_THINK = ("<think>", "</think>")

FAMILIES = {
    family.name: family
    for family in (
        ModelFamily("Llama 2 chat", "Llama 2", "LlamaConfig", pieces=True),
        ModelFamily("Llama 3.1", "Llama 3.1", "LlamaConfig", {"rope_parameters": _LLAMA_3_ROPE}),
        ModelFamily(
            "Mistral", "Mistral v3", "MistralConfig", {"sliding_window": None}, pieces=True
        ),
        ModelFamily(
            "Gemma 2",
            "Gemma 2",
            "Gemma2Config",
            {"query_pre_attn_scalar": 32, "tie_word_embeddings": True, **_NARROW},
            pieces=True,
            begins_with_space=False,
        ),
        ModelFamily(
            "Gemma 3",
            "Gemma 3",
            "Gemma3TextConfig",
            {
                "query_pre_attn_scalar": 32,
                "tie_word_embeddings": True,
                "layer_types": ["sliding_attention", "full_attention"],
                **_NARROW,
            },
            pieces=True,
            embedding=0.1,  # else its head, which is the same matrix, repeats the last token
            begins_with_space=False,
        ),
        ModelFamily("Qwen 2.5", "Qwen 2.5", "Qwen2Config", {"tie_word_embeddings": True}),
        ModelFamily("Qwen 3", "Qwen 3", "Qwen3Config", text_tokens=_THINK),
        ModelFamily("Phi-3", "Phi-3", "Phi3Config", pieces=True, swallows_space=True),
        ModelFamily("SmolLM3", "SmolLM3", "SmolLM3Config", text_tokens=_THINK),
        ModelFamily(
            "Granite",
            "Granite 3.3",
            "GraniteConfig",
            {
                "embedding_multiplier": 12.0,
                "logits_scaling": 8.0,
                "residual_multiplier": 0.22,
                "attention_multiplier": 0.125,
            },
        ),
    )
}
