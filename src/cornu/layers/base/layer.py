"""Layer: an operation with weights.

A layer knows variables, build, call and config. It does not know compile, fit, files or devices.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ClassVar, Self

from cornu import dtype_policies, regularizers
from cornu.core import masks, naming, symbolic, tree
from cornu.core.scope import Outcome, current, pure
from cornu.core.symbolic import KerasTensor
from cornu.core.variable import Variable, autocast, structure_changed
from cornu.errors import unexpected_keywords, warn
from cornu.layers.base import calling, input_spec
from cornu.layers.base.explaining import explain
from cornu.layers.base.input_spec import InputSpec
from cornu.layers.base.masking import Masked, fill_masks, set_output_masks
from cornu.layers.base.weights import Weights
from cornu.ops.operation import Operation
from cornu.serialization import codec
from cornu.serialization.configurable import config_names, given_arguments

_BASE_ARGUMENTS = ("name", "trainable", "dtype", "activity_regularizer", "autocast")
# Where a first layer says what a Sequential model's input looks like.
_SHAPE_ARGUMENTS = ("input_shape", "batch_input_shape", "input_dim", "batch_size", "weights")


class Layer(Masked, Weights, Operation):
    """Base of all layers.

    Subclasses define `call`, and `build` to make weights once the input's shape is known.

    Args:
        activity_regularizer: name, object or function of the output; adds to the training loss.
        trainable: whether gradients update its weights.
        dtype: name or `DTypePolicy`: dtype of computation and weights; default: the global policy.
        autocast: whether float inputs are cast to the compute dtype.
        name: default: made from the class name.

    Raises:
        TypeError: for keyword arguments that the layer does not take.
    """

    mixes_rows_in_training: ClassVar[bool] = False  # whether outputs depend on the batch's others

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _guard_build(cls.__dict__["build"])  # type: ignore[method-assign]

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        Operation.__init__(self, name=name)
        self._weights: list[Variable] = []
        self._losses: list[Any] = []
        self.built = False
        self._building = False
        parent = naming.current_path()
        self._path = f"{parent}/{self.name}" if parent else self.name
        self._trainable = bool(trainable)
        self.dtype_policy = dtype_policies.get(dtype)
        self.autocast = autocast
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.input_spec: Any = None
        self._batch_input_shape = self._declared_shape(kwargs)
        structure_changed()

    def _declared_shape(self, kwargs: dict[str, Any]) -> tuple[int | None, ...] | None:
        unknown = [name for name in kwargs if name not in _SHAPE_ARGUMENTS]
        if unknown:
            allowed = [*config_names(type(self)), *_SHAPE_ARGUMENTS]
            raise unexpected_keywords(type(self).__name__, unknown, allowed)
        self._initial_weights = kwargs.get("weights")
        if kwargs.get("batch_input_shape") is not None:
            return tuple(kwargs["batch_input_shape"])
        shape = kwargs.get("input_shape")
        if shape is None and kwargs.get("input_dim") is not None:
            shape = (kwargs["input_dim"],)
        if shape is None:
            return None
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        return (kwargs.get("batch_size"), *shape)

    # -- what it is --------------------------------------------------------------------------------

    @property
    def path(self) -> str:
        """Place in the model, e.g. `sequential/dense`."""
        return self._path

    @property
    def dtype(self) -> str:
        """Dtype of the weights."""
        return self.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """Dtype of the computation."""
        return self.dtype_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """Dtype of the weights."""
        return self.dtype_policy.variable_dtype

    @property
    def input_dtype(self) -> str:
        """Dtype that float inputs are cast to."""
        return self.compute_dtype

    @property
    def losses(self) -> list[Any]:
        """Scalars from `add_loss` in the last call, and the penalties of regularized weights."""
        scope = current()
        if scope is not None:
            noted = list(scope.losses)
        else:
            noted = [loss for layer in self.walk() for loss in getattr(layer, "_losses", ())]
        return [*noted, *self.regularization_losses()]

    @property
    def metrics(self) -> list[Any]:
        """Metrics that this layer and its sublayers hold."""
        return list({id(m): m for layer in self.walk() for m in layer.own_metrics()}.values())

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of `metrics`."""
        return [v for metric in self.metrics for v in metric.variables]

    # -- building ----------------------------------------------------------------------------------

    def build(self, input_shape: Any = None) -> None:
        """Make the weights for inputs of this shape; subclasses define it."""
        del input_shape
        self.built = True

    def build_for(self, *args: Any, **kwargs: Any) -> None:
        """Build for the given call arguments, if not built yet."""
        if self.built:
            return
        names = calling.build_parameters(type(self).build)
        given = self._tensor_arguments(args, kwargs)
        shapes = {name: calling.shapes_of(value) for name, value in given.items()}
        if names is None or len(names) == 1:
            first = next(iter(shapes.values()), None)
            self.build(first)
        else:
            chosen = {
                n: shapes[n.removesuffix("_shape")]
                for n in names
                if n.removesuffix("_shape") in shapes
            }
            if not chosen:
                chosen = dict(zip(names, shapes.values(), strict=False))
            self.build(**chosen)
        if self._initial_weights is not None:
            self.set_weights(self._initial_weights)
            self._initial_weights = None

    def _tensor_arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        signature = calling.call_signature(type(self).call)
        named = dict(zip(signature.parameters, args, strict=False))
        named.update({f"arg{i}": a for i, a in enumerate(args[len(signature.parameters) :])})
        named.update(kwargs)
        order = [n for n in (*signature.parameters, *named) if n in named]
        return {n: named[n] for n in dict.fromkeys(order) if calling.holds_tensors(named[n])}

    def get_build_config(self) -> dict[str, Any] | None:
        """Shapes from which `build_from_config` builds again; None where nothing was built."""
        shapes = getattr(self, "_build_shapes", None)
        if not shapes or any(shape is None for shape in shapes.values()):
            return None
        listed = {name: calling.shapes_as_lists(shape) for name, shape in shapes.items()}
        return listed if "input_shape" in listed else {"shapes_dict": listed}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build with the shapes of `get_build_config`.

        Args:
            config: `input_shape`, or a shape for each argument of `build`.
        """
        shapes = config.get("shapes_dict", config)
        if self.built or not isinstance(shapes, dict) or None in shapes.values():
            return
        if "input_shape" in shapes:
            self.build(calling.shapes_as_tuples(shapes["input_shape"]))
        elif shapes:
            self.build(**{n: calling.shapes_as_tuples(shape) for n, shape in shapes.items()})

    # -- calling -----------------------------------------------------------------------------------

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output; subclasses define it."""
        raise NotImplementedError(f"layer '{self.name}' ({type(self).__name__}) defines no `call`")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Cast the inputs, build once, then compute, or note the call if they are symbolic."""
        self._check_initialized()
        wanted = self.input_dtype if self.autocast else None
        if args and type(args[0]) is not KerasTensor:
            args = (calling.convert(args[0], wanted), *(_later(a, wanted) for a in args[1:]))
        kwargs = {key: _later(value, wanted) for key, value in kwargs.items()}
        first = args[0] if args else next(iter(kwargs.values()), None)
        input_spec.check(self.input_spec, first, self.name)
        with naming.name_scope(self.name):
            if not self.built:
                self.build_for(*args, **kwargs)
                input_spec.check(self.input_spec, first, self.name)
            if symbolic.any_symbolic(args, kwargs):
                return self.symbolic_call(*args, **kwargs)
            return self._compute(args, kwargs)

    def _check_initialized(self) -> None:
        if "dtype_policy" not in self.__dict__:
            raise RuntimeError(
                f"{type(self).__name__}.__init__ did not call `super().__init__()`; "
                "call it first in the constructor."
            )

    def _compute(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call on values: training flag, masks, autocast, losses."""
        signature = calling.call_signature(type(self).call)
        training = calling.resolve_training(kwargs.get("training"), signature.training_default)
        call_kwargs = dict(kwargs)
        if "training" in signature.accepts or (signature.open_keywords and "training" in kwargs):
            if training is not None or "training" not in call_kwargs:
                positional = signature.parameters[: len(args)]
                if "training" not in positional:
                    call_kwargs["training"] = training
        else:
            call_kwargs.pop("training", None)
        fill_masks(signature, args, call_kwargs)
        outer = calling.outer()
        if outer is None and current() is None:
            for layer in self.walk():
                layer._losses.clear()
        token = calling.enter(calling.Frame(training, self._trains_all(outer)))
        try:
            with autocast(
                self.compute_dtype if self.compute_dtype != self.variable_dtype else None
            ):
                call = self.rematerialized_call(self.call, *args, **call_kwargs)
                outputs = call(*args, **call_kwargs)
        except Exception as error:
            explain(self, error, args)
            raise
        finally:
            calling.leave(token)
        if self.activity_regularizer is not None:
            for output in tree.flatten(outputs):
                rows = max(output.shape[0], 1) if output.ndim else 1  # an average over rows
                self._note_loss(self.activity_regularizer(output) / rows)
        set_output_masks(self, signature, args, kwargs, outputs)
        return outputs

    def _trains_all(self, outer: calling.Frame | None) -> bool:
        """Whether a training step is to reach all weights met here; warns of own ones missed."""
        scope = current()
        if scope is None or scope.abstract or not scope.training:
            return False
        if outer is None:
            # Another model that only a loss calls, say to compare features, is left as it is.
            return any(scope.holds(v) for v in self.trainable_variables)
        own = self._weights if self.trainable else ()
        if outer.trains_all and any(v.trainable and not scope.holds(v) for v in own):
            warn(
                f"layer '{self.name}' was called but is not tracked, so it is not trained: make it "
                "an attribute of the model or of one of its layers, or set its `trainable = False`"
            )
        return outer.trains_all

    # -- symbolic ----------------------------------------------------------------------------------

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Infer the outputs and note the call in the graph."""
        outputs = self._infer(args, kwargs)
        return symbolic.record(self, args, kwargs, outputs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic outputs for symbolic inputs, without a note in the graph."""
        return self._infer(args, kwargs)

    def _infer(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        def run(*args: Any, **kwargs: Any) -> Any:
            outputs = self._compute(args, kwargs)
            return outputs, [masks.get_mask(x) for x in tree.flatten(outputs)]

        # An outer layer's mask lookup has not happened yet here: `infer` hands masks on itself.
        outputs, found = symbolic.infer(run, args, kwargs)
        for output, mask in zip(tree.flatten(outputs), found, strict=True):
            if mask is not None:
                output._keras_mask = mask
        return outputs

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Shape of the output for inputs of the given shape(s), by tracing `call`.

        Args:
            *args: shape of each argument: tuple with None where unknown, or a nest of them.
            **kwargs: the same by keyword, `<argument>_shape` for each argument of `call`.
        """
        dtype = self.input_dtype if self.autocast else None

        def spec(shapes: Any) -> Any:
            return tree.map_shapes(
                lambda shape: KerasTensor(shape, dtype or self.compute_dtype), shapes
            )

        call_args = tuple(spec(shape) for shape in args)
        call_kwargs = {
            ("inputs" if key == "input_shape" else key.removesuffix("_shape")): spec(shape)
            for key, shape in kwargs.items()
        }
        if "inputs" in call_kwargs and not call_args:
            call_args = (call_kwargs.pop("inputs"),)
        with naming.name_scope(self.name):
            self.build_for(*call_args, **call_kwargs)
            outputs = self._infer(call_args, call_kwargs)
        return tree.map_structure(lambda t: t.shape, outputs)

    # -- losses ------------------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Add a scalar (or a list of them) to the training loss; call it inside `call`."""
        for value in tree.flatten(loss):
            if callable(value):
                value = value()
            self._note_loss(value)

    def _note_loss(self, value: Any) -> None:
        scope = current()
        if scope is not None:
            scope.losses.append(value)
        else:
            self._losses.append(value)

    # -- pure form ---------------------------------------------------------------------------------

    def stateless_call(
        self,
        trainable_variables: Any,
        non_trainable_variables: Any,
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call as a pure function of the variables' values.

        Returns:
            `(outputs, non_trainable_variables)`, and the losses with `return_losses`.

        Raises:
            ValueError: if the layer is not built, or the number of values is wrong.
        """
        if not self.built:
            raise ValueError(f"layer '{self.name}' must be built before `stateless_call`")
        trainable, frozen = self.trainable_variables, self.non_trainable_variables
        for what, values, expected in (
            ("trainable_variables", trainable_variables, trainable),
            ("non_trainable_variables", non_trainable_variables, frozen),
        ):
            if len(values) != len(expected):
                raise ValueError(
                    f"`{what}` must hold {len(expected)} arrays. Received: {len(values)}"
                )

        def run() -> Any:
            outputs = self(*args, **kwargs)
            return outputs, self.regularization_losses() if return_losses else []

        outcome: Outcome = pure(run, [*trainable, *frozen])(
            [*trainable_variables, *non_trainable_variables]
        )
        outputs, penalties = outcome.result
        updated = list(outcome.values[len(trainable) :])
        if return_losses:
            return outputs, updated, [*outcome.losses, *penalties]
        return outputs, updated

    # -- config ------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Arguments, as JSON-ready values, from which `from_config` makes an equal layer."""
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": codec.encode(self.dtype_policy),
        }
        own = super().get_config()
        config.update({key: value for key, value in own.items() if key not in _BASE_ARGUMENTS})
        if self.activity_regularizer is not None or "activity_regularizer" in self.config_extra:
            config["activity_regularizer"] = codec.encode(self.activity_regularizer)
        if self._batch_input_shape is not None and "batch_input_shape" in given_arguments(self):
            config["batch_input_shape"] = list(self._batch_input_shape)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A layer made with the arguments of a config (its weights are new)."""
        return super().from_config(config)

    def add_metric(self, *args: Any, **kwargs: Any) -> None:
        """Not in Keras 3 either: hold a metric as an attribute and update it in `call`."""
        raise NotImplementedError(
            "`add_metric` does not exist any more: make a metric in `__init__` and call its "
            "`update_state` in `call`; it is reported and reset by itself."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={getattr(self, 'built', False)}>"

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Layer | Variable) and "dtype_policy" not in self.__dict__:
            raise RuntimeError(
                f"attribute '{name}' of {type(self).__name__} was set before `super().__init__()`; "
                "call it first in the constructor."
            )
        super().__setattr__(name, value)


def _later(value: Any, dtype: str | None) -> Any:
    """Arguments after the first: arrays are converted, everything else stays as it is."""
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    return calling.convert(value, dtype)


def _guard_build(build: Callable[..., Any]) -> Callable[..., Any]:
    """`build` inside the layer's name scope, marking the layer built; safe for `super().build`."""
    if getattr(build, "_is_guarded", False):
        return build

    @functools.wraps(build)
    def guarded(self: Layer, *args: Any, **kwargs: Any) -> None:
        if self._building:
            build(self, *args, **kwargs)
            return
        path = naming.current_path()
        if path.split("/")[-1] != self.name:
            path = f"{path}/{self.name}" if path else self.name
        self._path = path
        self._building = True
        self._build_shapes = _shape_config(build, self, args, kwargs)
        try:
            with naming.root_scope(path):
                build(self, *args, **kwargs)
        finally:
            self._building = False
        self.built = True

    guarded._is_guarded = True  # type: ignore[attr-defined]
    return guarded


def _shape_config(
    build: Callable[..., Any], layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any] | None:
    try:
        bound = inspect.signature(build).bind(layer, *args, **kwargs)
    except TypeError:
        return None
    shapes = list(bound.arguments.items())[1:]
    if len(shapes) == 1:
        return {"input_shape": shapes[0][1]}
    return dict(shapes)


Layer.build = _guard_build(Layer.build)  # type: ignore[method-assign]

__all__ = ["InputSpec", "Layer"]
