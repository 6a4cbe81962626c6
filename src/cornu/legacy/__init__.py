"""Keras 1 and 2: argument names, module paths and the `K` backend, as tables over today's Cornu."""
