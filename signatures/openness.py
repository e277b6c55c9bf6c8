"""What a page may do or allow beyond the others; `petition_site.middleware.headers` makes it so."""


def scripted(view):
    """The page loads a script of ours. Without it the page is whole."""
    view.openness = "script"
    return view


def sharing(view):
    """The same, and the script copies a link and opens the device's own way to share."""
    view.openness = "share"
    return view


def framed(view):
    """The page may be shown within pages of other sites."""
    view.openness = "frame"
    return view


def readable(view):
    """Other sites may show the answer, and their scripts may read it."""
    view.openness = "figures"
    return view
