"""Intersection over union of predicted and true regions, class by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu.core import dtypes
from cornu.errors import warn
from cornu.losses.pairing import mismatch
from cornu.losses.weighting import align
from cornu.metrics.metric import Metric
from cornu.metrics.reduction import divide_no_nan
from cornu.ops.promotion import as_array


class IoU(Metric):
    """Mean over some classes of `|true and predicted| / |true or predicted|`.

    Args:
        num_classes: how many classes there are.
        target_class_ids: the classes to average over.
        name: key in logs.
        dtype: dtype of the confusion matrix; default int32.
        ignore_class: targets of this number do not count.
        sparse_y_true: whether targets are class numbers; False: one score a class.
        sparse_y_pred: the same for predictions.
        axis: where the scores are.

    Raises:
        ValueError: if a target class is not in [0, num_classes).
    """

    rows_weighable = False  # counts are integers by default

    _direction = "up"

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype or "int32")
        for class_id in target_class_ids:
            if not 0 <= class_id < num_classes:
                raise ValueError(f"target class {class_id} is not in [0, {num_classes})")
        self.num_classes = num_classes
        self.target_class_ids = list(target_class_ids)
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self.add_variable(
            (num_classes, num_classes), "zeros", name="total_confusion_matrix"
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Args:
            y_true: class numbers, any shape, or scores with classes along `axis`.
            y_pred: class numbers or scores likewise.
            sample_weight: None, or weights of the leading dimensions of the class numbers.

        Raises:
            ValueError: if targets and predictions are not equally many.
        """
        true = self._numbers(y_true, self.sparse_y_true)
        predicted = self._numbers(y_pred, self.sparse_y_pred)
        if true.size != predicted.size:
            raise mismatch(true.shape, predicted.shape, "class numbers must be equally many")
        dtype = dtypes.held(self.dtype)
        weights = jnp.ones((), dtype)
        if sample_weight is not None:
            given = as_array(sample_weight)
            if jnp.issubdtype(given.dtype, jnp.floating) and jnp.issubdtype(dtype, jnp.integer):
                warn(
                    f"{type(self).__name__} counts in {self.dtype}: fractions of sample weights "
                    "are cut off; give it dtype='float32'."
                )
            weights = align(given.astype(dtype), true.shape)
        weights = jnp.broadcast_to(weights, true.shape).reshape(-1)
        matrix = self._confusion(true.reshape(-1), predicted.reshape(-1), weights)
        self.total_cm.assign(self.total_cm.value + matrix)

    def _numbers(self, x: Any, sparse: bool) -> Array:
        array = as_array(x)
        return array.astype("int32") if sparse else jnp.argmax(array, axis=self.axis)

    def _confusion(self, true: Array, predicted: Array, weights: Array) -> Array:
        classes = self.num_classes
        valid = (true >= 0) & (true < classes) & (predicted >= 0) & (predicted < classes)
        if self.ignore_class is not None:
            valid &= true != self.ignore_class
        place = jnp.where(valid, true * classes + predicted, 0)
        counted = jnp.where(valid, weights, 0)
        flat = jnp.zeros(classes * classes, counted.dtype).at[place].add(counted)
        return flat.reshape(classes, classes)

    def result(self) -> Array:
        """The mean over the target classes that occur; 0 where none does."""
        matrix = self.total_cm.value.astype("float32")
        both = jnp.diagonal(matrix)
        either = jnp.sum(matrix, axis=0) + jnp.sum(matrix, axis=1) - both
        chosen = jnp.asarray(self.target_class_ids, "int32")
        both, either = both[chosen], either[chosen]
        return divide_no_nan(jnp.sum(divide_no_nan(both, either)), jnp.sum(either > 0))


class BinaryIoU(IoU):
    """IoU of two classes that a threshold on the prediction tells apart.

    Args:
        target_class_ids: the classes to average over: 0, 1 or both.
        threshold: predictions from here up are class 1.
        name: key in logs.
        dtype: dtype of the confusion matrix; default int32.
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(num_classes=2, target_class_ids=target_class_ids, name=name, dtype=dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Args:
            y_true: 0 or 1, any shape.
            y_pred: predictions, the same shape.
            sample_weight: None, or weights of the leading dimensions.
        """
        super().update_state(y_true, as_array(y_pred) >= self.threshold, sample_weight)


class MeanIoU(IoU):
    """IoU averaged over all classes.

    Args:
        num_classes: how many classes there are.
        name: key in logs.
        dtype: dtype of the confusion matrix; default int32.
        ignore_class: targets of this number do not count.
        sparse_y_true: whether targets are class numbers; False: one score a class.
        sparse_y_pred: the same for predictions.
        axis: where the scores are.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes=num_classes,
            target_class_ids=range(num_classes),
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=sparse_y_true,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )


class OneHotIoU(IoU):
    """IoU over some classes, for one-hot targets.

    Args:
        num_classes: how many classes there are.
        target_class_ids: the classes to average over.
        name: key in logs.
        dtype: dtype of the confusion matrix; default int32.
        ignore_class: targets of this number do not count.
        sparse_y_pred: whether predictions are class numbers; False: one score a class.
        axis: where the scores are.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes=num_classes,
            target_class_ids=target_class_ids,
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=False,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )


class OneHotMeanIoU(MeanIoU):
    """IoU averaged over all classes, for one-hot targets.

    Args:
        num_classes: how many classes there are.
        name: key in logs.
        dtype: dtype of the confusion matrix; default int32.
        ignore_class: targets of this number do not count.
        sparse_y_pred: whether predictions are class numbers; False: one score a class.
        axis: where the scores are.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes=num_classes,
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=False,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )
