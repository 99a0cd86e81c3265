"""Fits the letter model of the normaliser: how likely a letter is after two others.

    python3 policies/training/letters.py TRAIN.jsonl policies/src/main/resources/io/llmtrace/policies/detect/text/letters.bin

Reads the benign rows of a JSON-lines file (`text`, `label`, and `technique`, whose encoded rows are
left out) and writes two tables of signed bytes, Latin (27^3) and Cyrillic (34^3), symbol 0 being the
edge of a word. A byte is 16 * (ln P(c | a b) - ln(1 / size)), interpolated with the pair and the single
letter and clipped to [-127, 127]: above 0 is more likely than chance. Counts only; no text is kept.
Deterministic; needs nothing but the standard library.
"""
import json
import math
import sys
import unicodedata

LATIN = {c: i + 1 for i, c in enumerate("abcdefghijklmnopqrstuvwxyz")}
CYRILLIC = {chr(0x430 + i): i + 1 for i in range(32)} | {"ё": 33}
ENCODED = {None, "wrapped", "chat_template"}
MOST_WORDS_OF_A_TEXT = 400


def words(text):
    """Runs of letters of one alphabet, as numbers; marks on Latin letters are taken off."""
    word, alphabet = [], None
    for c in unicodedata.normalize("NFC", text.lower()) + " ":
        base = c if c in CYRILLIC else unicodedata.normalize("NFD", c)[0]
        kind = LATIN if base in LATIN else CYRILLIC if base in CYRILLIC else None
        if kind is not alphabet and word:
            yield alphabet is CYRILLIC, tuple(word)
            word = []
        alphabet = kind
        if kind is not None:
            word.append(kind[base])


def main(train, out):
    sizes = (27, 34)
    three = [dict(), dict()]
    for line in open(train, encoding="utf-8"):
        row = json.loads(line)
        if row["label"] != "benign" or row.get("technique") not in ENCODED:
            continue
        for n, (cyrillic, word) in enumerate(words(row["text"])):
            if n == MOST_WORDS_OF_A_TEXT:
                break
            if len(word) > 24:
                continue
            table = three[cyrillic]
            edged = (0, 0) + word + (0,)
            for i in range(2, len(edged)):
                key = edged[i - 2 : i + 1]
                table[key] = table.get(key, 0) + 1
    with open(out, "wb") as file:
        for size, table in zip(sizes, three):
            file.write(quantised(size, table))


def quantised(size, table):
    pair, pairs, single, total = {}, {}, {}, 0
    context = {}
    for (a, b, c), n in table.items():
        context[a, b] = context.get((a, b), 0) + n
        pair[b, c] = pair.get((b, c), 0) + n
        pairs[b] = pairs.get(b, 0) + n
        single[c] = single.get(c, 0) + n
        total += n
    result = bytearray()
    for a in range(size):
        for b in range(size):
            for c in range(size):
                p1 = (single.get(c, 0) + 1) / (total + size)
                p2 = (pair.get((b, c), 0) + 8 * p1) / (pairs.get(b, 0) + 8)
                p3 = (table.get((a, b, c), 0) + 12 * p2) / (context.get((a, b), 0) + 12)
                score = round(16 * math.log(p3 * size))
                result.append(max(-127, min(127, score)) & 0xFF)
    return bytes(result)


if __name__ == "__main__":
    main(*sys.argv[1:])
