"""The command `cornu`."""

from cornu.cli.main import main as main
