"""How long importing takes, in times of `import jax` (of the backend's package for the others)."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

import workload

TIMES = 3
READY = "cornu.Sequential, cornu.layers.Dense, cornu.optimizers.SGD, cornu.losses, cornu.metrics"


def main() -> None:
    """Measure the library that the command line names, in new processes."""
    library = workload.chosen_library("imports")
    if library == "cornu":
        programs = {
            "base": "import jax",
            "import": "import jax; import cornu",
            "ready": f"import jax; import cornu; {READY}",
        }
    else:
        base = workload.BACKENDS[library]
        programs = {"base": f"import {base}", "import": "import keras", "ready": "import keras"}
        os.environ["KERAS_BACKEND"] = base
    seconds = alternately(programs)
    workload.report(
        library,
        {
            "import_s": seconds["import"],
            "import_share": seconds["import"] / seconds["base"],
            "ready_share": seconds["ready"] / seconds["base"],
        },
    )


def alternately(programs: dict[str, str]) -> dict[str, float]:
    """Median seconds of the whole process of each program, run in turns."""
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(TIMES + 1):
        for name, program in programs.items():
            before = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
            if number:  # the first run writes byte code and fills the system's file cache
                taken[name].append(time.perf_counter() - before)
    return {name: statistics.median(values) for name, values in taken.items()}


if __name__ == "__main__":
    main()
