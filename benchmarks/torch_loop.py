"""The MLP and the VGG-like network as plain PyTorch training loops, without Keras.

python benchmarks/torch_loop.py --workload vgg
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import workload

# name -> (rows, batch, epochs to time at once, shape of a row)
SIZES = {"mlp": (1000, 128, 50, (20,)), "vgg": (100, 32, 1, (3, 100, 100))}


def main() -> None:
    """Time the loop that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--workload", choices=SIZES, required=True)
    parser.add_argument("--epochs", type=int)
    arguments, _ = parser.parse_known_args()
    started = float(os.environ.get(workload.START_VARIABLE, time.time()))
    rows, batch, epochs, shape = SIZES[arguments.workload]
    epochs = arguments.epochs or epochs
    epoch = prepare(arguments.workload, rows, batch, shape)
    epoch()
    first = time.time() - started

    def several() -> None:
        for _ in range(epochs):
            epoch()

    seconds = workload.median_time(several, 3)
    workload.report(
        "torch", {"first_epoch_s": first, "step_s": seconds / epochs / -(-rows // batch)}
    )


def prepare(name: str, rows: int, batch: int, shape: tuple[int, ...]) -> Callable[[], Any]:
    """A function that trains for an epoch and gives its loss and accuracy."""
    import torch  # noqa: PLC0415 (the clock sees its import)
    from torch import nn  # noqa: PLC0415

    random = np.random.default_rng(0)
    x = torch.from_numpy(random.random((rows, *shape), dtype="float32"))
    y = torch.from_numpy(random.integers(10, size=rows))
    if name == "mlp":
        parts = [
            *(nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.5)),
            *(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 10)),
        ]
    else:
        x = x.to(memory_format=torch.channels_last)
        parts = [
            *(nn.Conv2d(3, 32, 3), nn.ReLU(), nn.Conv2d(32, 32, 3), nn.ReLU()),
            *(nn.MaxPool2d(2), nn.Dropout(0.25)),
            *(nn.Conv2d(32, 64, 3), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.ReLU()),
            *(nn.MaxPool2d(2), nn.Dropout(0.25), nn.Flatten()),
            *(nn.Linear(64 * 22 * 22, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 10)),
        ]
    model = nn.Sequential(*parts)
    if name == "vgg":
        model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True)
    loss_of = nn.CrossEntropyLoss()

    def epoch() -> tuple[float, float]:
        order = torch.randperm(rows)
        total, right = torch.zeros(()), torch.zeros((), dtype=torch.int64)
        for start in range(0, rows, batch):
            chosen = order[start : start + batch]
            optimizer.zero_grad(set_to_none=True)
            outputs = model(x[chosen])
            loss = loss_of(outputs, y[chosen])
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(chosen)
            right += (outputs.argmax(1) == y[chosen]).sum()
        return total.item() / rows, right.item() / rows

    return epoch


if __name__ == "__main__":
    main()
