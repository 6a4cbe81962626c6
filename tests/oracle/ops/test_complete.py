"""Every public op, draw and activation has a row in a table, or a test of its own."""

from house import public_names
from oracle.ops.tables import TABLES

# Asked for elsewhere: functions of functions, and draws that only Cornu's own formula tells.
ELSEWHERE = {
    "ops.custom_gradient": "test_functions.py",
    "ops.jvp": "test_functions.py",
    "ops.vectorize": "test_functions.py",
    "ops.image.elastic_transform": "tests/ops/image/test_image.py",
    "random.SeedGenerator": "test_functions.py",
    "activations.get": "tests/test_activations.py",
    "activations.serialize": "tests/test_activations.py",
    "activations.deserialize": "tests/test_activations.py",
}
ROOMS = ("ops", "random", "activations")
NAMES = [
    name
    for name, facts in public_names.FACTS.items()
    if name.partition(".")[0] in ROOMS and "same_as" not in facts
]


def full_name(op):
    """`image.resize` -> `ops.image.resize`."""
    return op if op.startswith(("random.", "activations.")) else f"ops.{op}"


def test_every_op_has_a_row():
    rows = {full_name(row.op) for table in TABLES.values() for row in table}
    assert not set(NAMES) - rows - set(ELSEWHERE)
    assert not set(ELSEWHERE) & rows


def test_every_row_is_of_a_public_op():
    rows = {full_name(row.op) for table in TABLES.values() for row in table}
    assert not rows - set(public_names.FACTS)
