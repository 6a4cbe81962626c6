"""Training: what `compile` was given, the pure steps, the loops around them, and where data comes from.

Knows models only by what it needs of them: their variables and their call.
"""
