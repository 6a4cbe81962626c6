"""The window that a convolution moves over the places of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from cornu.errors import did_you_mean
from cornu.layers.base.arguments import axis_sizes
from cornu.ops.convolution import standardize_data_format


class Windowed:
    """What a layer with a window knows of it: sizes, steps, edges, and where channels lie.

    Attributes:
        rank: number of spatial axes.
        paddings: the paddings there are.
    """

    rank: int
    name: str
    paddings: ClassVar[tuple[str, ...]] = ("valid", "same")

    def set_window(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int],
        padding: str,
        data_format: str | None,
        dilation_rate: int | Sequence[int],
    ) -> None:
        """Keep these arguments, each as it stands in configs.

        Raises:
            ValueError: for a size that is not positive, an unknown padding or data format, or
                strides and dilation together.
        """
        self.kernel_size = self._per_axis(kernel_size, "kernel_size")
        self.strides = self._per_axis(strides, "strides")
        self.dilation_rate = self._per_axis(dilation_rate, "dilation_rate")
        self.padding = str(padding).lower()
        if self.padding not in self.paddings:
            raise ValueError(
                f"`padding` of {type(self).__name__} must be one of {self.paddings}"
                f"{did_you_mean(self.padding, self.paddings)} "
                f"Received: padding={padding!r} (layer '{self.name}')"
            )
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "`strides` and `dilation_rate` cannot both be larger than 1. Received: "
                f"strides={self.strides}, dilation_rate={self.dilation_rate} (layer '{self.name}')"
            )
        self.data_format = standardize_data_format(data_format)

    def _per_axis(self, value: Any, name: str) -> tuple[int, ...]:
        return axis_sizes(value, self.rank, name, self.name)

    @property
    def channel_axis(self) -> int:
        """The axis of the channels."""
        return -1 if self.data_format == "channels_last" else 1

    def check_fit(self, spatial: Sequence[int], shape: Sequence[int]) -> None:
        """Raise a ValueError if the window is larger than the inputs and may not leave them.

        Args:
            spatial: the spatial sizes of the inputs.
            shape: their whole shape, for the message.
        """
        if self.padding != "valid":
            return
        for size, window, step in zip(spatial, self.kernel_size, self.dilation_rate, strict=True):
            if size < (window - 1) * step + 1:
                raise ValueError(
                    f"the window of layer '{self.name}' does not fit into its input: "
                    f"kernel_size={self.kernel_size}, dilation_rate={self.dilation_rate}, input of "
                    f"shape {tuple(shape)}. Use padding='same', a smaller window or larger inputs"
                )

    def places(self, spatial: Sequence[int]) -> tuple[int, ...]:
        """At how many places along each axis the window lies, for inputs of these sizes."""
        spans = [(n - 1) * d + 1 for n, d in zip(self.kernel_size, self.dilation_rate, strict=True)]
        if self.padding == "valid":
            spatial = [size - span + 1 for size, span in zip(spatial, spans, strict=True)]
        return tuple(-(-size // step) for size, step in zip(spatial, self.strides, strict=True))
