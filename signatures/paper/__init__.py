"""Signatures collected by hand: the sheet that is printed, and its number."""
