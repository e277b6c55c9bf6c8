"""Django looks here for the desk."""

from signatures.desk import moderation

__all__ = ["moderation"]
