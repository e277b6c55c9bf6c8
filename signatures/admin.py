"""Django looks here for the desk."""

from signatures.desk import moderation, updates

__all__ = ["moderation", "updates"]
