"""Speed-ups that use private parts of torch and transformers; all such access is in here.

The field `fast` of encoders and classifier raters switches them off. Each model is checked once
against the plain path when it is loaded, and where it differs it runs plainly, with a warning.
"""
