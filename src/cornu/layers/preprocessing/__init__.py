"""Layers that turn raw values into what a network learns from: scales, bins, codes, image sizes."""
