"""Fine-tunes MiniLM-L6 whole on the windows that ExportWindows wrote.

usage: finetune.py WINDOWS_DIR BASE_DIR OUT_DIR [--from MODEL_DIR] [--hold FOLD]

Reads windows-train.jsonl. Two rounds: the first on windows that the n-gram models found hard, the
second, with --from, on windows that the model of the first round finds hard itself. With --hold,
sources of that fold are left out, so that scores on them are those of unseen sources. Seeded.
Writes model.pt after each epoch.
"""

import argparse
import json
import math
import os
import random
import time
from collections import Counter

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from minilm import load_base, window_ids

SEED = 20260724


def usable(rows, hold):
    """Windows whose label is known to be that of the window, not only of the text around it."""
    encoded = ("embed", "wrapped", "chat_template", "markdown_hidden", "embed+markdown_hidden", "")
    rows = [r for r in rows if r["fold"] != hold and (r["technique"] in encoded or not r["original"])]
    attacks = [r for r in rows if r["label"] == 1]
    located = {r["id"] for r in attacks if r["kind"] == "payload"}
    attacks = [r for r in attacks if r["kind"] == "payload" or r["id"] not in located]
    # An embedded payload that nothing located may be elsewhere: only where the n-grams are sure.
    attacks = [
        r
        for r in attacks
        if r["kind"] != "best" or not r["technique"].startswith("embed") or r["logit"] > 0
    ]
    return attacks, [r for r in rows if r["label"] == 0]


def choose(rows, hold, budget):
    """Picks some `budget` windows: those an n-gram model finds hard, sources evened out."""
    rng = random.Random(SEED)
    attacks, benign = usable(rows, hold)
    per = Counter(r["source"] for r in attacks)

    def keep_attack(r):
        n = per[r["source"]]
        return rng.random() < min(1.0, math.sqrt(450 / n) if n > 450 else 1.0)

    attacks = [r for r in attacks if keep_attack(r)]
    logits = sorted(r["logit"] for r in benign)
    hard = logits[int(len(logits) * 0.6)]
    benign = [r for r in benign if r["logit"] > hard or rng.random() < 0.3]
    rng.shuffle(attacks)
    rng.shuffle(benign)
    attacks = attacks[: int(budget * 0.45)]
    benign = benign[: budget - len(attacks)]
    return attacks + benign


def choose_again(rows, a, model, tokenizer):
    """Picks windows that `model` finds hard, and as many at random.

    An attack that it finds harmless beyond doubt stays out: of those, most windows hold none of it.
    """
    rng = random.Random(SEED + a.round - 1)
    attacks, benign = usable(rows, a.hold)
    per = Counter(r["source"] for r in attacks)
    attacks = [r for r in attacks if rng.random() < min(1.0, math.sqrt(900 / per[r["source"]]))]
    logits = sorted(r["logit"] for r in benign)
    hard = logits[int(len(logits) * 0.5)]
    benign = [r for r in benign if r["logit"] > hard or rng.random() < 0.25]
    rng.shuffle(attacks)
    rng.shuffle(benign)
    pool = attacks[: int(a.budget * 0.67)] + benign[: int(a.budget * 1.17)]
    items = [window_ids(tokenizer, r, a.max_tokens) for r in pool]
    said = [0.0] * len(pool)
    model.eval()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        for batch in batches(items, 6144, rng):
            logits = model(*collate(items, batch)).float()
            for i, x in zip(batch, logits.tolist()):
                said[i] = x
    kept = []
    for label, share in ((1, 0.42), (0, 0.58)):
        mine = [i for i, r in enumerate(pool) if r["label"] == label]
        sure = [i for i in mine if label == 1 and said[i] < -3 and pool[i]["kind"] != "payload"]
        mine = sorted(set(mine) - set(sure), key=lambda i: said[i] if label == 1 else -said[i])
        n = int(a.budget * share)
        rest = mine[n // 2 :]
        rng.shuffle(rest)
        kept += mine[: n // 2] + rest[: n - n // 2]
        print("label", label, "pool", len(mine), "left out", len(sure), "hardest", said[mine[n // 4]], flush=True)
    return [pool[i] for i in kept]


def batches(items, size_tokens, rng):
    """Batches of like length: sorted within blocks, the blocks and the batches shuffled."""
    order = list(range(len(items)))
    rng.shuffle(order)
    made = []
    for start in range(0, len(order), 2048):
        block = sorted(order[start : start + 2048], key=lambda i: len(items[i][0]))
        batch = []
        for i in block:
            longest = max(len(items[i][0]), *(len(items[j][0]) for j in batch), 0) if batch else len(items[i][0])
            if batch and longest * (len(batch) + 1) > size_tokens:
                made.append(batch)
                batch = []
            batch.append(i)
        made.append(batch)
    rng.shuffle(made)
    return made


def collate(items, batch):
    width = max(len(items[i][0]) for i in batch)
    ids = torch.zeros(len(batch), width, dtype=torch.long)
    types = torch.zeros(len(batch), width, dtype=torch.long)
    mask = torch.zeros(len(batch), width, dtype=torch.long)
    for k, i in enumerate(batch):
        n = len(items[i][0])
        ids[k, :n] = torch.tensor(items[i][0])
        types[k, :n] = torch.tensor(items[i][1])
        mask[k, :n] = 1
    return ids, mask, types


def main():
    p = argparse.ArgumentParser()
    p.add_argument("windows")
    p.add_argument("base")
    p.add_argument("out")
    p.add_argument("--from", dest="trained")
    p.add_argument("--round", type=int, default=2, help="with --from: other windows each round")
    p.add_argument("--hold", type=int, default=-2)
    p.add_argument("--budget", type=int, default=9000)
    p.add_argument("--epochs", type=int, default=2)
    p.add_argument("--max-tokens", type=int, default=104)
    p.add_argument("--rate", type=float, default=8e-5)
    p.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    torch.set_num_threads(a.threads)
    torch.manual_seed(SEED)
    rng = random.Random(SEED + (a.round if a.trained else 0))
    rows = [json.loads(line) for line in open(f"{a.windows}/windows-train.jsonl", encoding="utf-8")]
    tokenizer = Tokenizer.from_file(f"{a.base}/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    model = load_base(a.base)
    if a.trained:
        model.load_state_dict(torch.load(f"{a.trained}/model.pt"))
        rows = choose_again(rows, a, model, tokenizer)
    else:
        rows = choose(rows, a.hold, a.budget)
    print("windows", len(rows), Counter(r["label"] for r in rows), flush=True)
    per = Counter((r["label"], r["source"]) for r in rows)
    weight = [per[(r["label"], r["source"])] ** -0.3 for r in rows]
    mean = sum(weight) / len(weight)
    weight = [w / mean for w in weight]

    encoders = [r for r in model.named_parameters()]
    groups = [
        {"params": [v for n, v in encoders if n.startswith("embeddings")], "scale": 0.5},
        {"params": [v for n, v in encoders if n.startswith("layers")], "scale": 1.0},
        {"params": [v for n, v in encoders if n.startswith("head")], "scale": 5.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=a.rate, weight_decay=0.02)
    # The number of batches changes little between epochs: the first one's sets the schedule.
    step = 0
    total = None
    start = time.time()
    for epoch in range(a.epochs):
        # Windows jitter between epochs: width and where the payload stands in it.
        items = [
            window_ids(tokenizer, r, rng.choice((64, a.max_tokens, a.max_tokens)), rng.random())
            for r in rows
        ]
        order = batches(items, 3072, rng)
        total = total or len(order) * a.epochs
        print("batches", len(order), "tokens", sum(len(i[0]) for i in items), flush=True)
        model.train()
        running = 0.0
        for k, batch in enumerate(order):
            factor = min(1.0, step / (0.06 * total)) * max(0.02, 1 - step / total)
            for g in optimiser.param_groups:
                g["lr"] = a.rate * g["scale"] * factor
            ids, mask, types = collate(items, batch)
            y = torch.tensor([float(rows[i]["label"]) for i in batch])
            w = torch.tensor([weight[i] for i in batch])
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = model(ids, mask, types).float()
            loss = (
                F.binary_cross_entropy_with_logits(logits, y * 0.94 + 0.03, reduction="none") * w
            ).sum() / len(batch)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            step += 1
            running = 0.98 * running + 0.02 * loss.item() if k else loss.item()
            if k % 20 == 0:
                print(f"epoch {epoch} {k}/{len(order)} loss {running:.4f} {time.time()-start:.0f}s", flush=True)
        torch.save(model.state_dict(), f"{a.out}/model.pt")


if __name__ == "__main__":
    main()
