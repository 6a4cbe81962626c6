"""Models: layers joined to training."""

from typing import TYPE_CHECKING

from cornu import faces
from cornu.errors import explain_missing_names
from cornu.models.clone import clone_model as clone_model
from cornu.models.functional import Functional as Functional
from cornu.models.model import Model as Model
from cornu.models.sequential import Sequential as Sequential
from cornu.saving.api import load_model as load_model
from cornu.saving.api import model_from_config as model_from_config
from cornu.saving.api import model_from_json as model_from_json
from cornu.saving.api import save_model as save_model
from cornu.serialization import registry

registry.register_own("keras", [Sequential, Model])
registry.register_own("keras.src.models.functional", [Functional])

if not TYPE_CHECKING:
    __getattr__ = explain_missing_names(__name__)

faces.opened(__name__)
