"""The organisers' desk: what Django's admin shows of signatures, a file for each kind of work."""
