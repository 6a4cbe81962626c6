"""The functions of Keras 2's `keras.backend` (`K`), over `cornu.ops`, a file a theme.

They keep the argument names of Keras 2.2.4 and take arrays, traced arrays, variables and symbolic
tensors. The face with all names is `cornu.backend`.
"""
