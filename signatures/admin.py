"""Django looks here for the desk."""

from signatures.desk import comments, moderation, organisations

__all__ = ["comments", "moderation", "organisations"]
