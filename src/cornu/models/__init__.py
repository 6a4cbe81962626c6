"""Models: layers joined to training."""

from typing import TYPE_CHECKING

from cornu import faces
from cornu.models.clone import clone_model as clone_model
from cornu.models.functional import Functional as Functional
from cornu.models.model import Model as Model
from cornu.models.sequential import Sequential as Sequential
from cornu.serialization import registry

registry.register_own("keras", [Sequential, Model])
registry.register_own("keras.src.models.functional", [Functional])

if TYPE_CHECKING:
    from cornu.saving.api import load_model as load_model
    from cornu.saving.api import model_from_config as model_from_config
    from cornu.saving.api import model_from_json as model_from_json
    from cornu.saving.api import save_model as save_model
else:
    __getattr__, __all__ = faces.defer(
        __name__,
        {
            "cornu.models.clone": ("clone_model",),
            "cornu.models.functional": ("Functional",),
            "cornu.models.model": ("Model",),
            "cornu.models.sequential": ("Sequential",),
            # Late: HDF5 takes 30 ms to import, and not every script writes a file.
            "cornu.saving.api": (
                "load_model", "model_from_config", "model_from_json", "save_model",
            ),
        },
    )  # fmt: skip

faces.opened(__name__)
