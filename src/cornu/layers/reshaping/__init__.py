"""Layers that change shapes and borders."""
