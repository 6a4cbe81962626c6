"""Recurrent layers, and wrappers that apply layers over time."""
