"""MiniLM-L6 as a classifier of windows: the same graph for training and for export."""

import math

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import nn

# What the model is told of where a text stands: the first sequence of the pair.
ZONES = {
    "system": "system",
    "user": "user",
    "assistant": "assistant",
    "tool_call": "tool call",
    "tool_result": "tool",
    "document": "document",
    "metadata": "metadata",
}
HEADS = 12
WIDTH = 384


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, WIDTH)
        self.value = nn.Linear(WIDTH, WIDTH)
        self.attended = nn.Linear(WIDTH, WIDTH)
        self.norm1 = nn.LayerNorm(WIDTH, eps=1e-12)
        self.wide = nn.Linear(WIDTH, 4 * WIDTH)
        self.narrow = nn.Linear(4 * WIDTH, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH, eps=1e-12)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x, bias):
        b, t, _ = x.shape

        def heads(y):
            return y.view(b, t, HEADS, WIDTH // HEADS).transpose(1, 2)

        scores = heads(self.query(x)) @ heads(self.key(x)).transpose(2, 3)
        shares = torch.softmax(scores * (1 / math.sqrt(WIDTH // HEADS)) + bias, dim=-1)
        mixed = (self.dropout(shares) @ heads(self.value(x))).transpose(1, 2).reshape(b, t, WIDTH)
        x = self.norm1(x + self.dropout(self.attended(mixed)))
        return self.norm2(x + self.dropout(self.narrow(F.gelu(self.wide(x)))))


class Embeddings(nn.Module):
    def __init__(self, words):
        super().__init__()
        self.words = nn.Embedding(words, WIDTH)
        self.positions = nn.Embedding(512, WIDTH)
        self.types = nn.Embedding(2, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.dropout = nn.Dropout(0.1)

    def forward(self, ids, types):
        positions = torch.arange(ids.shape[1], device=ids.device)
        return self.dropout(
            self.norm(self.words(ids) + self.types(types) + self.positions(positions)[None])
        )


class Head(nn.Module):
    """Reads the mean of all tokens and the first one."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(2 * WIDTH, WIDTH)
        self.out = nn.Linear(WIDTH, 1)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x, mask):
        m = mask[:, :, None].to(x.dtype)
        mean = (x * m).sum(1) / m.sum(1)
        both = torch.cat([mean, x[:, 0]], dim=-1)
        return self.out(self.dropout(torch.tanh(self.dense(self.dropout(both)))))[:, 0]


class Guard(nn.Module):
    def __init__(self, words=30522):
        super().__init__()
        self.embeddings = Embeddings(words)
        self.layers = nn.ModuleList(Layer() for _ in range(6))
        self.head = Head()

    def forward(self, input_ids, attention_mask, token_type_ids):
        x = self.embeddings(input_ids, token_type_ids)
        bias = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * -10000.0
        for layer in self.layers:
            x = layer(x, bias)
        return self.head(x, attention_mask)


def load_base(directory):
    """The encoder of `model.onnx`, a sentence-transformers MiniLM-L6; its head is new."""
    graph = onnx.load(f"{directory}/model.onnx").graph
    named = {i.name: torch.tensor(numpy_helper.to_array(i).copy()) for i in graph.initializer}
    # Matrices lost their names when they were exported; they stand in the order of their use.
    matrices = iter(
        [
            named[i]
            for n in graph.node
            if n.op_type == "MatMul"
            for i in n.input
            if i in named and named[i].dim() == 2
        ]
    )
    torch.manual_seed(20260724)
    model = Guard(named["embeddings.word_embeddings.weight"].shape[0])
    e = model.embeddings
    with torch.no_grad():
        for part, name in (
            (e.words.weight, "word_embeddings.weight"),
            (e.positions.weight, "position_embeddings.weight"),
            (e.types.weight, "token_type_embeddings.weight"),
            (e.norm.weight, "LayerNorm.weight"),
            (e.norm.bias, "LayerNorm.bias"),
        ):
            part.copy_(named["embeddings." + name])
        for k, layer in enumerate(model.layers):
            at = f"encoder.layer.{k}."
            for part, name in (
                (layer.query, "attention.self.query"),
                (layer.key, "attention.self.key"),
                (layer.value, "attention.self.value"),
                (layer.attended, "attention.output.dense"),
                (layer.wide, "intermediate.dense"),
                (layer.narrow, "output.dense"),
            ):
                part.bias.copy_(named[at + name + ".bias"])
                part.weight.copy_(next(matrices).T)
            for part, name in (
                (layer.norm1, "attention.output.LayerNorm"),
                (layer.norm2, "output.LayerNorm"),
            ):
                part.weight.copy_(named[at + name + ".weight"])
                part.bias.copy_(named[at + name + ".bias"])
    return model


def window_ids(tokenizer, row, width, jitter=0.5):
    """Token ids and types of at most `width` tokens around the spot `from`..`to` of the text.

    `jitter` between 0 and 1 says where the spot stands in what is left of the window.
    """
    zone = tokenizer.encode(ZONES[row["zone"]], add_special_tokens=False).ids
    said = tokenizer.encode(row["text"], add_special_tokens=False)
    room = width - len(zone) - 3
    ids = said.ids
    if len(ids) > room:
        offsets = said.offsets
        first = next((i for i, o in enumerate(offsets) if o[1] > row["from"]), 0)
        last = next((i for i in range(len(offsets) - 1, -1, -1) if offsets[i][0] < row["to"]), len(ids) - 1)
        spot = last + 1 - first
        if spot >= room:
            begin = first + int((spot - room) * jitter)
        else:
            begin = first - int((room - spot) * jitter)
        begin = max(0, min(begin, len(ids) - room))
        ids = ids[begin : begin + room]
    head = [101] + zone + [102]
    return head + ids + [102], [0] * len(head) + [1] * (len(ids) + 1)
