"""A simulation of Ollama's renderer: the part of Go's text/template that our templates use.

Ollama itself cannot be installed here. As its `template.Execute` does, messages of one role in a
row are joined with an empty line, and the template gets `.Messages` and `.System`. Simulated are
text, trim markers, constants, fields, variables, `if`, `else if`, `else`, `range` over two
variables, and the functions eq, and, not, len and slice. Everything else raises.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from maverick_assets.base_model.tokenizer import Message

_ACTION = re.compile(r'\{\{(-?)\s*((?:"(?:\\.|[^"\\])*"|[^"}])*?)\s*(-?)\}\}')
_WORD = re.compile(r'"(?:\\.|[^"\\])*"|[()]|[^\s()]+')

Node = tuple[Any, ...]


def template_data(messages: Sequence[Message]) -> dict[str, Any]:
    """What Ollama gives to a template for these messages."""
    collated: list[dict[str, str]] = []
    for message in messages:
        if collated and collated[-1]["Role"] == message["role"]:
            collated[-1]["Content"] += "\n\n" + message["content"]
        else:
            collated.append({"Role": message["role"], "Content": message["content"]})
    system = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
    return {"Messages": collated, "System": system}


def render(template: str, messages: Sequence[Message]) -> str:
    """What Ollama would send to llama.cpp for these messages."""
    nodes, end = _parse(iter(_tokens(template)))
    assert end is None, f"unexpected {end}"
    data = template_data(messages)
    return "".join(_execute(nodes, data, {"$": data}))


def _tokens(template: str) -> list[tuple[str, str]]:
    """("text", ...) and ("action", ...) in order, white space trimmed where a marker says so."""
    found: list[tuple[str, str]] = []
    at, trim_next = 0, ""
    for match in _ACTION.finditer(template):
        trim_before, action, trim_behind = match.groups()
        text = template[at : match.start()]
        text = text.lstrip() if trim_next else text
        found += [("text", text.rstrip() if trim_before else text), ("action", action)]
        at, trim_next = match.end(), trim_behind
    return [*found, ("text", template[at:].lstrip() if trim_next else template[at:])]


def _parse(tokens: Iterator[tuple[str, str]]) -> tuple[list[Node], str | None]:
    """Nodes up to `end` or an `else`, which is returned with them."""
    nodes: list[Node] = []
    for kind, text in tokens:
        if kind == "text":
            nodes.append(("text", text))
        elif text == "end" or text.startswith("else"):
            return nodes, text
        elif text.startswith("if "):
            nodes.append(_parse_if(text.removeprefix("if "), tokens))
        elif text.startswith("range "):
            match = re.fullmatch(r"range (\$\w*), (\$\w*) := (.+)", text)
            assert match, text
            body, end = _parse(tokens)
            assert end == "end", end
            nodes.append(("range", *match.groups(), body))
        elif match := re.fullmatch(r"(\$\w+) (:?=) (.+)", text):
            nodes.append(("set", match[1], match[3]))
        else:
            nodes.append(("value", text))
    return nodes, None


def _parse_if(condition: str, tokens: Iterator[tuple[str, str]]) -> Node:
    body, end = _parse(tokens)
    otherwise: list[Node] = []
    if end == "else":
        otherwise, end = _parse(tokens)
    elif end is not None and end.startswith("else if "):
        return ("if", condition, body, [_parse_if(end.removeprefix("else if "), tokens)])
    assert end == "end", end
    return ("if", condition, body, otherwise)


def _execute(nodes: Sequence[Node], dot: Any, variables: dict[str, Any]) -> Iterator[str]:
    for kind, *parts in nodes:
        if kind == "text":
            yield parts[0]
        elif kind == "value":
            yield str(_evaluate(parts[0], dot, variables))
        elif kind == "set":
            variables[parts[0]] = _evaluate(parts[1], dot, variables)
        elif kind == "if":
            condition, body, otherwise = parts
            chosen = body if _evaluate(condition, dot, variables) else otherwise
            yield from _execute(chosen, dot, variables)
        else:
            index, element, sequence, body = parts
            for at, item in enumerate(_evaluate(sequence, dot, variables)):
                variables |= {index: at, element: item}
                yield from _execute(body, item, variables)


def _evaluate(pipeline: str, dot: Any, variables: dict[str, Any]) -> Any:
    words = _WORD.findall(pipeline)
    value, rest = _call(words, dot, variables)
    assert not rest, f"not simulated: {pipeline}"
    return value


def _call(words: list[str], dot: Any, variables: dict[str, Any]) -> tuple[Any, list[str]]:
    """The value of a command, up to the parenthesis that ends it."""
    values: list[Any] = []
    name = None
    while words and words[0] != ")":
        word, *words = words
        if word == "(":
            value, words = _call(words, dot, variables)
            assert words[0] == ")", words
            words = words[1:]
        elif word in _FUNCTIONS and name is None and not values:
            name = word
            continue
        else:
            value = _operand(word, dot, variables)
        values.append(value)
    if name:
        return _FUNCTIONS[name](*values), words
    assert len(values) == 1, values
    return values[0], words


def _operand(word: str, dot: Any, variables: dict[str, Any]) -> Any:
    if word.startswith('"'):
        return json.loads(word)
    if word.isdigit():
        return int(word)
    if word in ("true", "false"):
        return word == "true"
    if word.startswith("."):
        return dot[word[1:]]
    variable, _, field = word.partition(".")
    return variables[variable][field] if field else variables[variable]


def _and(*values: Any) -> Any:
    return next((value for value in values if not value), values[-1])


_FUNCTIONS: dict[str, Any] = {
    "eq": lambda a, b: a == b,
    "and": _and,
    "not": lambda a: not a,
    "len": len,
    "slice": lambda items, start: items[start:],
}
