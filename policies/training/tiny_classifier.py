"""Writes the tiny models that the tests bring as somebody's own.

They are real ONNX models in the layout of a Hugging Face export (model.onnx, tokenizer.json,
config.json), a few kilobytes long, with a WordPiece vocabulary written here; 64 positions, so longer
windows break them as they break any BERT. In the classifier a word adds to the label that it is listed
under. The cross-encoder reads a pair, and says NOT_ENTAILED if a word of the second sequence that means
something is not in the first.

    python policies/training/tiny_classifier.py policies/src/test/resources/models/tiny
    python policies/training/tiny_classifier.py --pairs policies/src/test/resources/models/tiny-pairs

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


WORDS = SPECIAL + PLAIN + RUDE + DRAGON
# What an answer may say without a document that says it.
SMALL = "the a is of it and to you are up - . , ! ? ##s".split()


def write_tokenizer(target: pathlib.Path) -> None:
    tokenizer = Tokenizer(models.WordPiece({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    target.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(target / "tokenizer.json"))


def write(target: pathlib.Path, nodes: list, constants: dict, inputs: tuple, labels: list) -> None:
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"]) for name in inputs],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(labels)])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    (target / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
    config = {
        "model_type": "bert",
        "problem_type": "single_label_classification",
        "id2label": {str(i): label for i, label in enumerate(labels)},
    }
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def classifier(target: pathlib.Path) -> None:
    write_tokenizer(target)
    words = WORDS
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
    write(target, nodes, constants, ("input_ids", "attention_mask"), LABELS)


def cross_encoder(target: pathlib.Path) -> None:
    write_tokenizer(target)
    weights = np.array([0.0 if w in SPECIAL or w in SMALL else 1.0 for w in WORDS], dtype=np.float32)
    nodes = [
        helper.make_node("Shape", ["input_ids"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["length"]),
        helper.make_node("Range", ["zero", "length", "one"], ["numbers"]),
        helper.make_node("Gather", ["positions", "numbers"], ["of_positions"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["token_type_ids"], ["second"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["one_f", "second"], ["first"]),
        # same[i, j]: token i of the first sequence is token j
        helper.make_node("Unsqueeze", ["input_ids", "last"], ["down"]),
        helper.make_node("Unsqueeze", ["input_ids", "middle"], ["across"]),
        helper.make_node("Equal", ["down", "across"], ["same_b"]),
        helper.make_node("Cast", ["same_b"], ["same"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["first", "last"], ["first_down"]),
        helper.make_node("Mul", ["same", "first_down"], ["told"]),
        helper.make_node("ReduceMax", ["told"], ["supported"], axes=[1], keepdims=0),
        helper.make_node("Sub", ["one_f", "supported"], ["unsupported"]),
        helper.make_node("Gather", ["weights", "input_ids"], ["weight"]),
        helper.make_node("Mul", ["weight", "second"], ["weight2"]),
        helper.make_node("Mul", ["weight2", "mask"], ["weight3"]),
        helper.make_node("Mul", ["weight3", "unsupported"], ["bad_words"]),
        helper.make_node("Add", ["bad_words", "of_positions"], ["bad_all"]),
        helper.make_node("ReduceMax", ["bad_all"], ["worst"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["worst", "factor"], ["scaled"]),
        helper.make_node("Add", ["scaled", "bias"], ["logits"]),
    ]
    constants = {
        "weights": weights,
        "positions": np.zeros(POSITIONS, dtype=np.float32),
        "factor": np.array([0, 6], dtype=np.float32),
        "bias": np.array([0, -3], dtype=np.float32),
        "one_f": np.array(1, dtype=np.float32),
        "zero": np.array(0, dtype=np.int64),
        "one": np.array(1, dtype=np.int64),
        "middle": np.array([1], dtype=np.int64),
        "last": np.array([2], dtype=np.int64),
    }
    inputs = ("input_ids", "attention_mask", "token_type_ids")
    write(target, nodes, constants, inputs, ["ENTAILED", "NOT_ENTAILED"])


if __name__ == "__main__":
    if sys.argv[1] == "--pairs":
        cross_encoder(pathlib.Path(sys.argv[2]))
    else:
        classifier(pathlib.Path(sys.argv[1]))
