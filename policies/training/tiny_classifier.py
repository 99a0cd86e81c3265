"""Writes the tiny classifier that the tests bring as somebody's own model.

It is a real ONNX text classifier in the layout of a Hugging Face export (model.onnx, tokenizer.json,
config.json), a few kilobytes long, with a WordPiece vocabulary written here. A word adds to the label
that it is listed under; 64 positions, so longer windows break it as they break any BERT.

    python policies/training/tiny_classifier.py policies/src/test/resources/models/tiny

Needs onnx and tokenizers, see requirements.txt. The same call writes the same bytes.
"""

import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

LABELS = ["HARMLESS", "RUDE", "DRAGON"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
PLAIN = "the a is of it and to you are harbour ship grain warm up - . , ! ?".split()
RUDE = "rude nasty beast".split()
DRAGON = "dragon wyvern ##s".split()
POSITIONS = 64


def main(target: pathlib.Path) -> None:
    words = SPECIAL + PLAIN + RUDE + DRAGON
    tokenizer = Tokenizer(models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    target.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(target / "tokenizer.json"))

    # Each word has one row: what it adds to the three labels. The strongest word of a window decides.
    table = np.zeros((len(words), len(LABELS)), dtype=np.float32)
    for word in RUDE:
        table[words.index(word)] = [0, 8, 0]
    for word in ("dragon", "wyvern"):
        table[words.index(word)] = [0, 0, 6]
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["of_words"]),
        helper.make_node("Shape", ["input_ids"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["length"]),
        helper.make_node("Range", ["zero", "length", "one"], ["numbers"]),
        helper.make_node("Gather", ["positions", "numbers"], ["of_positions"]),
        helper.make_node("Add", ["of_words", "of_positions"], ["all"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["mask3"]),
        helper.make_node("Mul", ["all", "mask3"], ["seen"]),
        helper.make_node("ReduceMax", ["seen"], ["best"], axes=[1], keepdims=0),
        helper.make_node("Add", ["best", "bias"], ["logits"]),
    ]
    constants = {
        "words": table,
        "positions": np.zeros((POSITIONS, len(LABELS)), dtype=np.float32),
        "bias": np.array([2, 0, 0], dtype=np.float32),
        "zero": np.array(0, dtype=np.int64),
        "one": np.array(1, dtype=np.int64),
        "last": np.array([2], dtype=np.int64),
    }
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(LABELS)])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    (target / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
    config = {
        "model_type": "bert",
        "problem_type": "single_label_classification",
        "id2label": {str(i): label for i, label in enumerate(LABELS)},
    }
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
