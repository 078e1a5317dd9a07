"""Colours of all figures, told apart by colour-blind readers and in print; nothing is drawn here.

Those of several things in one figure are Okabe and Ito's (jfly.uni-koeln.de/color), of which bases have darker shades,
so that thin letters are seen on white.
"""

from __future__ import annotations

SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
MARKERS = "osD^v<>"  # beside colours, in the same order
BASES = {"A": "#00855f", "C": "#0072b2", "G": "#c47f00", "T": "#c8452b"}
RAISES, LOWERS = "#c2500a", "#2263a8"  # what raises and what lowers the activity
NEITHER, WHOLE = "#888888", "#555555"  # what does neither; a total
LETTER, MISSING = "#333333", "#e4e6e8"  # of another letter than A, C, G, T; where nothing is known
