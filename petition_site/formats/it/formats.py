"""Italian, without the day of the week in moments."""

DATETIME_FORMAT = "j F Y, H:i"
