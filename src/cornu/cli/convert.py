"""`cornu convert OLD NEW`: a model file in another format."""

from __future__ import annotations

import argparse
import sys

from cornu.saving import api


def main(arguments: list[str]) -> int:
    """Read OLD and write NEW; gives the exit status."""
    parser = argparse.ArgumentParser(
        prog="cornu convert",
        description="Turn a whole model in .h5 (Keras 1, 2, tf.keras) into .keras, or back. The "
        "format of NEW goes by its ending. Models with classes of your own need Python: "
        "`load_model(OLD, custom_objects=...).save(NEW)`.",
    )
    parser.add_argument("old", metavar="OLD")
    parser.add_argument("new", metavar="NEW")
    parser.add_argument("--overwrite", action="store_true", help="replace NEW if it is there")
    options = parser.parse_args(arguments)
    try:
        model = api.load_model(options.old)
        api.save_model(model, options.new, overwrite=options.overwrite)
    except (ValueError, OSError) as error:
        print(f"cornu convert: {error}", file=sys.stderr)
        return 1
    print(f"{options.new}: {model.count_params():,} parameters")
    return 0
