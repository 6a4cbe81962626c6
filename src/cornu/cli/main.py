"""`cornu COMMAND ...`: finds the command and hands it the rest of the line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from cornu.cli import convert, inspect, run
from cornu.errors import did_you_mean

COMMANDS: dict[str, tuple[str, Callable[[list[str]], int]]] = {
    "convert": ("turn an old .h5 model into .keras, or back", convert.main),
    "inspect": ("show what is in a model file, without loading it", inspect.main),
    "run": ("run a Keras script, module or piece of code with Cornu as `keras`", run.main),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `cornu ARGV...`; gives the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = arguments[0] if arguments else "--help"
    if name in ("-h", "--help"):
        print(usage())
        return 0
    if name in ("-V", "--version"):
        print(f"cornu {sys.modules['cornu'].__version__}")
        return 0
    if name not in COMMANDS:
        hint = did_you_mean(name, COMMANDS)
        print(f"cornu: unknown command '{name}'{hint}\n\n{usage()}", file=sys.stderr)
        return 2
    return COMMANDS[name][1](arguments[1:])


def usage() -> str:
    """The text of `cornu --help`."""
    lines = [f"  {name:<8} {summary}" for name, (summary, _) in COMMANDS.items()]
    head = "usage: cornu [--help] [--version] COMMAND ...\n\ncommands:\n"
    return head + "\n".join(lines) + "\n\n`cornu COMMAND --help` tells more."
