"""`python -m tests.coverage`: how much of Keras's public vocabulary is there.

Prints names present / listed, parameters and defaults equal / listed and aliases identical / listed
for each namespace, then each exception with its reason; fails if anything else differs.
"""

from __future__ import annotations

import pathlib
import sys

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    from house import api_coverage

    print("\n".join(api_coverage.report()))
    sys.exit(not all(count.complete for _, count in api_coverage.counts()))
