"""Training: what `compile` was given, the pure steps, the loops around them, the data.

Knows models only by what it needs of them: their variables and their call.
"""
