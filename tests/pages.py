"""Reads pages as a browser would: which elements there are, and what stands in fields and links."""

import re
from html.parser import HTMLParser

# Hundreds of countries that no visitor writes.
CHOICES = re.compile(r"<option.*?</option>", re.DOTALL)


class Page(HTMLParser):
    """`shapes` are the elements with the names of their attributes, without their contents."""

    def __init__(self, html: str):
        super().__init__(convert_charrefs=True)
        self.shapes: set[tuple[str, ...]] = set()
        self.fields: dict[str, str] = {}
        self.links: list[str] = []
        self.names: list[str] = []  # what stands in <bdi>: what people have typed
        self.texts: list[str] = []
        self._into: list[str] | None = None
        self._area = ""
        self.feed(CHOICES.sub("", html))
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.shapes.add((tag, *sorted(attributes)))
        self.links += [attributes[name] or "" for name in LINKS & attributes.keys()]
        if tag == "input":
            self.fields[attributes.get("name", "")] = attributes.get("value") or ""
        elif tag == "textarea":
            self._area = attributes["name"]
            self.fields[self._area] = ""
        elif tag == "bdi":
            self._into = []

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.fields[self._area] = self.fields[self._area].removeprefix("\n")
            self._area = ""
        elif tag == "bdi" and self._into is not None:
            self.names.append("".join(self._into))
            self._into = None

    def handle_data(self, data):
        self.texts.append(data)
        if self._area:
            self.fields[self._area] += data
        if self._into is not None:
            self._into.append(data)

    def handle_comment(self, data):
        self.shapes.add(("comment",))

    def handle_pi(self, data):
        self.shapes.add(("instruction",))

    def unknown_decl(self, data):
        self.shapes.add(("declaration",))

    @property
    def text(self) -> str:
        return "".join(self.texts)


LINKS = {"href", "src", "action", "formaction", "poster", "data", "srcset", "background"}
