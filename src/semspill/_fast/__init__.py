"""Speed-ups that reach into private parts of torch and transformers, and nothing else does.

The field `fast` of encoders and classifier raters switches them off. Each model is checked once
against the plain path when it is loaded, and where it differs it runs plainly, with a warning.
"""
