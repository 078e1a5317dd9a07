"""Figures of one style: colours, letters, bars; of the package only files and errors are known here."""
