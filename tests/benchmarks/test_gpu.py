"""The GPU benchmark at tiny sizes on the CPU: same mathematics in each library, FLOPs, table."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import subprocess
import sys
from typing import Any

import jax
import numpy as np
import pytest

import cornu
import gpu
import run
from gpu_models import cases, in_cornu, in_jax
from gpu_models.cases import Case

BY_NAME = {case.name: case for case in cases.CASES}
FLOAT32 = [
    dataclasses.replace(cases.without_dropout(cases.tiny(case)), dtype="float32")
    for case in cases.CASES
    if case.name != "bert-bf16"
]


def batches(case: Case) -> list[tuple[np.ndarray, np.ndarray]]:
    x, y = cases.data(case)
    size = case.batch
    return [(x[i : i + size], y[i : i + size]) for i in range(0, len(x), size)]


@pytest.mark.parametrize("case", FLOAT32, ids=lambda case: case.model)
def test_plain_jax_trains_as_cornu_does(case: Case) -> None:
    model = in_cornu.build(cornu, case)
    weights = [np.array(w) for w in model.trainable_weights]
    state, step = in_jax.build(case, weights)
    for x, y in batches(case):
        model.reset_metrics()
        found = model.train_on_batch(x, y, return_dict=True)["loss"]
        state, loss = step(state, x, y)
        np.testing.assert_allclose(found, loss, rtol=1e-5)
    plain = in_jax.weights_of(case, state)
    for before, own, other in zip(weights, model.trainable_weights, plain, strict=True):
        # Adam divides by gradients: where these are next to nothing, rounding decides the sign.
        near = np.abs(np.array(own) - other) <= 1e-5 + 1e-4 * np.abs(other)
        assert near.mean() > 0.99
        assert np.abs(other - before).max() > 0


@pytest.mark.parametrize("case", FLOAT32, ids=lambda case: case.model)
def test_torch_trains_as_plain_jax_does(case: Case) -> None:
    pytest.importorskip("torch", reason="PyTorch is optional here")
    from gpu_models import in_torch  # noqa: PLC0415

    state, step = in_jax.build(case)
    torch_step = in_torch.build(case, in_jax.weights_of(case, state), compile=False)
    for (x, y), pair in zip(batches(case), in_torch.batches(case, *cases.data(case)), strict=True):
        state, loss = step(state, x, y)
        np.testing.assert_allclose(torch_step(*pair).cpu(), loss, rtol=1e-4)


@pytest.mark.parametrize("name", ["mlp", "vgg", "resnet50-bf16", "bert-tf32", "gpt2-bf16"])
def test_formulas_agree_with_xlas_count(name: str) -> None:
    case = dataclasses.replace(cases.without_dropout(BY_NAME[name]), batch=2, batches=1)
    model = in_jax.describe(case)
    weights = {key: jax.ShapeDtypeStruct(shape, "float32") for key, shape in model.shapes.items()}
    sizes: Any = case.sizes
    is_text = isinstance(sizes, cases.Transformer)
    x, y = jax.eval_shape(lambda: cases.data(case)) if not is_text else cases.data(case)
    lowered = jax.jit(model.loss).lower(weights, model.averages, x, y, jax.random.key(0))
    counted = lowered.cost_analysis()["flops"]
    # XLA counts elementwise work too, which is a few percent at these sizes (a tenth in the MLP),
    # and leaves out the products with padding.
    assert counted == pytest.approx(2 * case.forward(sizes), rel=0.12 if name == "mlp" else 0.05)


def test_known_sizes() -> None:
    def parameters(name: str) -> int:
        return sum(int(np.prod(shape)) for shape in in_jax.describe(BY_NAME[name]).shapes.values())

    assert parameters("resnet50-bf16") == 25_557_032  # as commonly given for 1,000 classes
    assert parameters("gpt2-bf16") == 124_439_808
    assert BY_NAME["gpt2-bf16"].units() == 16 * 1024
    assert BY_NAME["resnet50-bf16"].units() == 256
    assert BY_NAME["resnet50-bf16"].flops() == pytest.approx(3 * 256 * 2 * 4.09e9, rel=0.01)


@pytest.mark.parametrize("name", ["resnet50-bf16", "bert-tf32", "gpt2-bf16"])
def test_full_sizes_have_the_same_weights(name: str) -> None:
    model = in_cornu.build(cornu, BY_NAME[name])
    found = [tuple(w.shape) for w in model.trainable_weights]
    assert found == list(in_jax.describe(BY_NAME[name]).shapes.values())


@pytest.mark.parametrize("name", ["resnet50-bf16", "gpt2-bf16"])
def test_bfloat16_trains(name: str) -> None:
    case = cases.tiny(BY_NAME[name])
    if name == "resnet50-bf16":  # one block: such convolutions compile slowly on a CPU
        case = dataclasses.replace(case, sizes=dataclasses.replace(case.sizes, blocks=(1,)))
    found = gpu.measure(case, "cornu", epochs=2)
    assert found["step_s"] > 0
    assert np.isfinite(found["loss"])
    assert found["device"] == "cpu"
    assert "jax" in found["versions"]


@pytest.mark.parametrize("name", ["resnet50-bf16", "bert-bf16", "gpt2-bf16"])
def test_state_of_plain_jax_stays_float32(name: str) -> None:
    case = cases.tiny(BY_NAME[name])
    state, step = in_jax.build(case)
    after, loss = jax.eval_shape(step, state, *batches(case)[0])
    before = jax.eval_shape(lambda: state)
    assert jax.tree.map(lambda a: (a.shape, a.dtype), after) == jax.tree.map(
        lambda a: (a.shape, a.dtype), before
    )
    assert loss.dtype == "float32"


def test_the_command_runs_at_tiny_sizes_and_goes_on_where_it_was(tmp_path: pathlib.Path) -> None:
    kept = tmp_path / "figures.jsonl"
    earlier = {"case": "mlp", "library": "jax", "step_s": 2.0, "device": "cpu", "versions": {}}
    kept.write_text(json.dumps(earlier) + "\n")
    command = [sys.executable, str(run.ROOT / "benchmarks" / "gpu.py"), "--tiny"]
    command += ["--models", "mlp", "--libraries", "cornu", "jax", "--rounds", "1", "--epochs", "2"]
    done = subprocess.run([*command, "--figures", str(kept)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "| mlp | cornu |" in done.stdout
    assert "| mlp | plain JAX | 2 s |" in done.stdout
    assert "Written" not in done.stdout
    found = [json.loads(line)["library"] for line in kept.read_text().splitlines()]
    assert found == ["jax", "cornu"]


def test_full_sizes_need_a_gpu() -> None:
    with pytest.raises(SystemExit, match="`--tiny` runs on the CPU"):
        gpu.measure(BY_NAME["mlp"], "jax", epochs=2)


def test_a_library_that_is_not_there_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gpu.importlib.util, "find_spec", lambda name: None)
    assert gpu.present(gpu.LIBRARIES) == ["cornu", "jax"]
    assert "its column is left out" in capsys.readouterr().out


def test_the_table() -> None:
    case = BY_NAME["gpt2-bf16"]

    def runs(*steps: float) -> list[dict[str, Any]]:
        device = "NVIDIA H100 80GB HBM3"
        return [{"step_s": s, "device": device, "versions": {"jax": "0.11.2"}} for s in steps]

    figures = {(case.name, "cornu"): runs(0.1, 0.09, 0.2), (case.name, "jax"): runs(0.15)}
    page = gpu.table(figures, [case], ["cornu", "jax"])
    share = 100 * case.flops() / 0.1 / 989.4e12
    assert f"| gpt2-bf16 | cornu | 100 ms | 163,840 tokens | {share:.1f} % | 1.00 |" in page
    assert "| gpt2-bf16 | plain JAX | 150 ms | 109,227 tokens |" in page
    assert page.split("plain JAX | 150 ms")[1].splitlines()[0].endswith("| 1.50 |")
    assert f"| gpt2-bf16 | 16 | {case.flops():.3e} | 9.894e+14 |" in page
    assert "- plain JAX: jax 0.11.2" in page


@pytest.mark.parametrize(
    ("device", "name", "tflops"),
    [
        ("NVIDIA H100 PCIe", "gpt2-bf16", 756.5),
        ("NVIDIA H200", "bert-tf32", 494.7),
        ("NVIDIA A100-SXM4-80GB", "bert-bf16", 312.0),
        ("NVIDIA L40S", "bert-bf16", 362.05),
    ],
)
def test_peaks_of_data_sheets(device: str, name: str, tflops: float) -> None:
    assert gpu.peak(BY_NAME[name], device) == pytest.approx(tflops * 1e12)


def test_an_unknown_device_has_no_utilisation() -> None:
    assert gpu.utilisation(BY_NAME["mlp"], 1.0, "NVIDIA L400") == "-"


def test_figures_go_between_their_own_markers(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(f"above\n{run.BEGIN}\nother\n{run.END}\n{gpu.BEGIN}\nold\n{gpu.END}\nbelow\n")
    monkeypatch.setattr(run, "PAGE", page)
    gpu.write("new")
    expected = f"above\n{run.BEGIN}\nother\n{run.END}\n{gpu.BEGIN}\nnew\n{gpu.END}\nbelow\n"
    assert page.read_text() == expected


def test_the_page_has_the_markers() -> None:
    text = run.PAGE.read_text(encoding="utf-8")
    assert text.count(gpu.BEGIN) == text.count(gpu.END) == 1
