"""What plots and the charts of the page share: colours, and when an axis is broken."""

# Okabe and Ito's palette: told apart by colour-blind readers.
COLOURS = ("#D55E00", "#E69F00", "#0072B2", "#56B4E9", "#000000", "#009E73", "#CC79A7", "#999999")
PARTS = {"total": 4, "pool": 3, "training": 2, "both": 5, "quality": 1, "harm": 0}
"""Colour of each part of the lift, by its place in the palette."""
APART = 2.5
"""Times the highest other point that the target must exceed to stand above a break of the axis."""
