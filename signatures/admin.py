"""Django looks here for the desk."""

from signatures.desk import exports, hand_in, moderation

__all__ = ["exports", "hand_in", "moderation"]
