"""Django looks here for the desk."""

from signatures.desk import comments, earlier, moderation, organisations, paper, updates

__all__ = ["comments", "earlier", "moderation", "organisations", "paper", "updates"]
