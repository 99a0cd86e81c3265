"""What batching does to the shipped neural model: batch_effect.py [MODEL_DIR]

Runs eight windows of random tokens one at a time and together, on one thread, and prints the time of a window both
ways and the largest difference of their logits. See docs/adr/0012. Needs onnxruntime and numpy.
"""

import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime

WINDOWS = 8
ROUNDS = 7


def main() -> None:
    here = Path(__file__).resolve().parent.parent
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else here / "src/main/resources/models/guard-minilm"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    fill = {"attention_mask": np.ones_like, "token_type_ids": np.zeros_like}

    def run(ids: np.ndarray) -> np.ndarray:
        inputs = {i.name: fill.get(i.name, lambda x: x)(ids) for i in session.get_inputs()}
        return session.run(None, inputs)[0][:, 0]

    random = np.random.default_rng(7)
    for tokens in (128, 256):
        ids = random.integers(1000, 20000, (WINDOWS, tokens)).astype(np.int64)
        ids[:, 0], ids[:, -1] = 101, 102
        apart = np.concatenate([run(ids[i : i + 1]) for i in range(WINDOWS)])
        together = run(ids)
        alone, batched = [], []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            for i in range(WINDOWS):
                run(ids[i : i + 1])
            middle = time.perf_counter()
            run(ids)
            alone.append((middle - start) / WINDOWS * 1e3)
            batched.append((time.perf_counter() - middle) / WINDOWS * 1e3)
        ratio = np.median(np.array(batched) / np.array(alone))
        print(
            f"{tokens} tokens: {np.median(alone):.1f} ms alone, {np.median(batched):.1f} ms in a batch of {WINDOWS}"
            f" (ratio {ratio:.2f}); logits differ by up to {np.abs(apart - together).max():.2f}"
        )


if __name__ == "__main__":
    main()
