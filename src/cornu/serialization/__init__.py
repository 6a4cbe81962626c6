"""Names to objects and back: configs, registries, families of small named things."""
