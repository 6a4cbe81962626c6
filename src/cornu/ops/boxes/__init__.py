"""Bounding boxes: their formats, how far they overlap, and how detectors encode them."""
