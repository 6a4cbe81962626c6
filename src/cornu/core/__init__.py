"""Values and how they run: dtypes, variables, scopes, symbolic tensors, randomness, compilation.

Knows no layer and no model.
"""
