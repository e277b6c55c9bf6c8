"""Mails as files: the embedded default, so that a newcomer can read what would be sent."""

import os
import uuid
from pathlib import Path

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend


class EmlBackend(BaseEmailBackend):
    """Writes each mail as one RFC 5322 file, `<uuid>.eml`, into `EMAIL_FILE_PATH`."""

    def send_messages(self, email_messages):
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            self._write(folder / f"{uuid.uuid4()}.eml", message.message().as_bytes())
        return len(email_messages)

    def _write(self, path: Path, content: bytes) -> None:
        """Whoever watches the folder never sees half a mail, and a crash never leaves one."""
        draft = path.with_suffix(".part")
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
