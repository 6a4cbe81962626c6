"""Layers that most models start from."""
