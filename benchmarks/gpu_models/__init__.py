"""The models of `gpu.py`, each in Cornu, in plain JAX and in PyTorch, with the same mathematics."""
