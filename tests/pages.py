"""A visitor, and what a browser would see in the pages: elements, fields and links."""

import itertools
import re
from html.parser import HTMLParser
from urllib.parse import urlencode

from django.test import Client

FORM = "application/x-www-form-urlencoded"
networks = (f"10.{a}.{b}.1" for a, b in itertools.cycle(itertools.product(range(256), repeat=2)))

# Hundreds of countries that no visitor writes.
CHOICES = re.compile(r"<option.*?</option>", re.DOTALL)


class Visitor(Client):
    """Comes from another network each time, so that no limit is reached; breaks are answers."""

    def generic(self, method, path, *args, **extra):
        return super().generic(method, path, *args, REMOTE_ADDR=next(networks), **extra)

    def send(self, path, **fields):
        return self.post(path, urlencode(fields), content_type=FORM)


class Page(HTMLParser):
    """`shapes` are the elements with the names of their attributes, without their contents."""

    def __init__(self, html: str, choices: bool = False):
        super().__init__(convert_charrefs=True)
        self.shapes: set[tuple[str, ...]] = set()
        self.fields: dict[str, str] = {}
        self.links: list[str] = []
        self.names: list[str] = []  # what stands in <bdi>: what people have typed
        self.texts: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.title = ""
        self._in_title = False
        self._into: list[str] | None = None
        self._area = ""
        self.feed(html if choices else CHOICES.sub("", html))
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        self.shapes.add((tag, *sorted(attributes)))
        self.links += [attributes[name] or "" for name in LINKS & attributes.keys()]
        if tag == "input":
            self.fields[attributes.get("name", "")] = attributes.get("value") or ""
        elif tag == "textarea":
            self._area = attributes.get("name") or ""
            self.fields[self._area] = ""
        elif tag == "bdi":
            self._into = []
        self._in_title = tag == "title"

    def handle_endtag(self, tag):
        self._in_title = False
        if tag == "textarea":
            self.fields[self._area] = self.fields[self._area].removeprefix("\n")
            self._area = ""
        elif tag == "bdi" and self._into is not None:
            self.names.append("".join(self._into))
            self._into = None

    def handle_data(self, data):
        self.texts.append(data)
        self.title += data if self._in_title else ""
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

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] or "" for _tag, attributes in self.elements if "id" in attributes]

    @property
    def assets(self) -> list[str]:
        """What a browser loads by itself; of the links in the head, those that are no reference."""
        loaded = [value for tag, name in LOADED for value in self.all(tag, name)]
        links = [attributes for tag, attributes in self.elements if tag == "link"]
        kinds = ("canonical", "alternate")
        return loaded + [link["href"] or "" for link in links if link.get("rel") not in kinds]

    def all(self, tag: str, attribute: str) -> list[str]:
        """The values of an attribute of all elements of a kind."""
        found = (attributes for name, attributes in self.elements if name == tag)
        return [attributes[attribute] or "" for attributes in found if attribute in attributes]


LINKS = {"href", "src", "action", "formaction", "poster", "data", "srcset", "background"}
LOADED = [
    ("img", "src"), ("audio", "src"), ("video", "src"), ("source", "src"), ("script", "src"),
    ("iframe", "src"), ("object", "data"), ("embed", "src"), ("input", "src"),
]  # fmt: skip
