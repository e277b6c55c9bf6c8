"""Django looks here for the desk."""

from signatures.desk import earlier, moderation, paper

__all__ = ["earlier", "moderation", "paper"]
