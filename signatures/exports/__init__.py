"""Taking data away: for a purpose, with a reason, for a short time, and no more than needed."""

from signatures.exports.download import Gone, download
from signatures.exports.encryption import BadKey, check_key
from signatures.exports.granting import LASTS, grant, is_open
from signatures.exports.tables import count

__all__ = ["LASTS", "BadKey", "Gone", "check_key", "count", "download", "grant", "is_open"]
