"""Greek, with the hours of the day from 0 to 23."""

DATETIME_FORMAT = "d/m/Y, H:i"
TIME_FORMAT = "H:i"
