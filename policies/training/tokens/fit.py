"""Fits the factors of TokenEstimate to counts.json: python fit.py [FACTORS_JSON]

The features are those of TokenEstimate.java, written again here; EstimateFixturesTest holds the two
together. Factors are not negative and minimise relative errors.
"""

import json
import pathlib
import sys

import numpy as np
from scipy.optimize import nnls

HERE = pathlib.Path(__file__).parent
FAMILIES = ["o200k", "cl100k", "claude", "llama", "gemini", "qwen", "deepseek", "mistral"]
FEATURES = [
    "english_words", "english_long", "other_letters", "marked_letters", "capitals",
    "digit_groups", "digits", "mixed", "marks", "more_marks", "line_breaks", "indents",
    "cyrillic", "greek", "arabic", "hebrew", "devanagari", "indic", "thai", "kana", "han", "hangul", "symbols",
]
COMMON = set(
    "the of and to a in is that it for on with as are this be by you not or from at an if your"
    " can will have was were which its but".split()
)
SHORT = 7  # letters of a word that is mostly one token in English
CODE = 0.12  # marks for each letter above which a text is no prose


def script(c):
    o = ord(c)
    if c.isascii() and c.isalpha():
        return "latin"
    if "0" <= c <= "9":
        return "digit"
    if c in "\r\n":
        return "break"
    if c in " \t":
        return "space"
    if o < 0x80:
        return "mark"
    if 0xC0 <= o <= 0x24F and o not in (0xD7, 0xF7) or 0x1E00 <= o <= 0x1EFF:
        return "marked"
    if 0x370 <= o <= 0x3FF or 0x1F00 <= o <= 0x1FFF:
        return "greek"
    if 0x400 <= o <= 0x52F:
        return "cyrillic"
    if 0x590 <= o <= 0x5FF:
        return "hebrew"
    if 0x600 <= o <= 0x77F:
        return "arabic"
    if 0x900 <= o <= 0x97F:
        return "devanagari"
    if 0x980 <= o <= 0xDFF:
        return "indic"
    if 0xE00 <= o <= 0xEFF:
        return "thai"
    if 0x3040 <= o <= 0x30FF:
        return "kana"
    if 0x3400 <= o <= 0x9FFF or 0xF900 <= o <= 0xFAFF:
        return "han"
    if 0xAC00 <= o <= 0xD7A3:
        return "hangul"
    return "symbol"


def features(text):
    f = dict.fromkeys(FEATURES, 0.0)
    words = common = letters = long_letters = marked = 0
    before, word = "", ""
    run = 0

    def end_word():
        nonlocal words, common, long_letters, word
        if word:
            words += 1
            common += word.lower() in COMMON
            long_letters += max(0, len(word) - SHORT)
        word = ""

    for c in text:
        s = script(c)
        run = run + 1 if s == before else 1
        if s in ("latin", "marked"):
            letters += 1
            marked += s == "marked"
            if word and c.isupper() and not word[-1].isupper():
                end_word()
            if c.isupper() and word and word[-1].isupper():
                f["capitals"] += 1
            f["mixed"] += before == "digit"
            word += c
        else:
            if word and s == "digit":
                f["mixed"] += 1
            end_word()
            if s == "digit":
                f["digits"] += 1
                f["digit_groups"] += run % 3 == 1
            elif s == "mark":
                f["marks" if run == 1 else "more_marks"] += 1
            elif s == "break":
                f["line_breaks"] += run == 1
            elif s == "space":
                f["indents"] += run == 2
            elif s == "symbol":
                f["symbols"] += 1
            else:
                f[s] += 1
        before = s
    end_word()
    # Whether the Latin words are English, or code, which tokenizers know as well: as a share.
    marks = f["marks"] + f["more_marks"]
    code = min(1.0, marks / (CODE * letters)) if letters else 0.0
    english = min(1.0, 5.0 * common / words) if words else 0.0
    known = max(english, code * code)
    f["english_words"] = known * words
    f["english_long"] = known * long_letters
    f["other_letters"] = (1 - known) * letters
    f["marked_letters"] = marked
    return [f[name] for name in FEATURES]


def main(target=None):
    rows = json.loads((HERE / "counts.json").read_text("utf-8"))
    tests = {
        row["id"]: row
        for row in map(json.loads, open(HERE / "../../src/test/resources/tokens/others.jsonl"))
    }
    texts = {
        row["id"]: row["text"]
        for row in map(json.loads, open(HERE / "../../src/test/resources/tokens/openai.jsonl"))
    }
    x = np.array([features(row["text"]) for row in rows])
    weight = np.array([row.get("weight", 1.0) for row in rows])
    held = np.array([features(texts[i]) for i in tests])
    factors = {}
    for family in FAMILIES:
        y = np.array([row[family] for row in rows], float)
        scale = weight / y
        ridge = 0.02 * np.eye(len(FEATURES))
        a = np.vstack([x * scale[:, None], ridge])
        b = np.concatenate([weight, ridge @ np.full(len(FEATURES), 0.5)])
        solution, _ = nnls(a, b)
        factors[family] = [round(float(v), 3) for v in solution]
        truth = np.array([row[family] for row in tests.values()], float)
        error = held @ factors[family] / truth - 1
        order = np.argsort(-abs(error))
        print(
            family, "median %.1f %%" % (100 * np.median(abs(error))), "bias %.1f %%" % (100 * np.median(error)),
            "fit %.1f %%" % (100 * np.median(abs(x @ factors[family] / y - 1))),
            [(list(tests)[i], round(float(error[i]), 2)) for i in order[:12]],
        )
    # Of a model that nobody knows: as the open tokenizers on the average.
    open_ones = [factors[family] for family in FAMILIES if family != "claude"]
    factors["other"] = [round(float(v), 3) for v in np.median(open_ones, axis=0)]
    if target:
        lines = [f'  "{name}": {json.dumps(values)}' for name, values in factors.items()]
        head = f'  "features": {json.dumps(FEATURES)}'
        pathlib.Path(target).write_text("{\n" + ",\n".join([head, *lines]) + "\n}\n", "utf-8")
    for i, name in enumerate(FEATURES):
        print(name, [factors[family][i] for family in FAMILIES])


main(*sys.argv[1:])
