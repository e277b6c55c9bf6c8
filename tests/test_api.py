"""The figures for programs: the list, the document that describes them, and the sitemap."""

import re
import xml.etree.ElementTree as ET
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from campaigns.models import Call
from tests.factories import approved, confirmed, make_campaign, text

pytestmark = pytest.mark.django_db

TYPES = {"object": dict, "array": list, "string": str, "integer": int}


@pytest.fixture
def document(client):
    return client.get("/api/v1/openapi.json").json()


def fault_of(value, schema, document) -> str:
    """What is wrong with a value after as much of JSON Schema as our document uses, or nothing."""
    if "$ref" in schema:
        return fault_of(value, lookup(document, schema["$ref"]), document)
    assert set(schema) <= {
        "type", "required", "properties", "items", "enum", "minimum", "description",
        "additionalProperties", "format", "pattern",
    }  # fmt: skip
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if value is None:
        return "" if "null" in kinds else "null"
    if not isinstance(value, TYPES[kinds[0]]):
        return f"{value} is no {kinds[0]}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{value} is none of {schema['enum']}"
    if isinstance(value, int) and value < schema.get("minimum", value):
        return f"{value} is too small"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return f"{value} is not like {schema['pattern']}"
    missing = set(schema.get("required", [])) - set(value if isinstance(value, dict) else [])
    parts = []
    if isinstance(value, list):
        parts = [(item, schema["items"]) for item in value]
    elif isinstance(value, dict):
        other = schema.get("additionalProperties")
        known = schema.get("properties", {})
        undeclared = value.keys() - known.keys() if other is None else set()
        if undeclared:
            return f"{undeclared} is not declared"
        parts = [(item, known.get(name, other)) for name, item in value.items()]
    faults = [fault_of(item, part, document) for item, part in parts]
    return next(filter(None, faults), f"{missing} is missing" if missing else "")


def lookup(document, reference):
    assert reference.startswith("#/")
    found = document
    for step in reference[2:].split("/"):
        found = found[step]
    return found


def references(part):
    if isinstance(part, dict):
        yield from ([part["$ref"]] if "$ref" in part else [])
        part = list(part.values())
    for inner in part if isinstance(part, list) else []:
        yield from references(inner)


def test_the_list_has_every_public_campaign_the_newest_first(client, campaign):
    make_campaign("bread", status="closed", title=text(en="Bread"))
    make_campaign("secret", status="draft")
    confirmed(client, campaign)

    answer = client.get("/api/v1/campaigns/")
    listed = answer.json()["campaigns"]
    assert [(entry["slug"], entry["status"], entry["total"]) for entry in listed] == [
        ("bread", "closed", 0),
        ("peace", "open", 1),
    ]
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert listed[1] == client.get("/api/v1/campaigns/peace/").json()


def test_the_list_asks_the_database_the_same_however_many_campaigns_there_are(
    client, campaign, django_assert_num_queries
):
    make_campaign("bread")
    make_campaign("water")

    with django_assert_num_queries(2):
        client.get("/api/v1/campaigns/")


def test_without_a_campaign_the_list_is_empty(client, db):
    assert client.get("/api/v1/campaigns/").json() == {"campaigns": []}


def test_the_answers_are_as_the_document_says(client, campaign, mo, document):
    confirmed(client, campaign)
    approved(client, campaign, mo)
    for status in ("paused", "closed", "handed_in"):
        make_campaign(status.replace("_", "-"), status)

    for path, methods in document["paths"].items():
        if "organisations" in path:  # has its own tests
            continue
        answer = client.get(path.replace("{slug}", "peace"))
        content = methods["get"]["responses"]["200"]["content"]["application/json"]
        assert answer.status_code == 200, path
        assert fault_of(answer.json(), content["schema"], document) == "", path


def test_the_document_is_whole(document):
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "http://testserver"}]
    for reference in references(document):
        assert lookup(document, reference)
    operations = [methods["get"]["operationId"] for methods in document["paths"].values()]
    assert len(set(operations)) == len(operations) == 3
    for methods in document["paths"].values():
        assert set(methods) == {"get"}
        assert "200" in methods["get"]["responses"]


def test_the_check_finds_what_is_wrong(document):
    schema = {"$ref": "#/components/schemas/Campaigns"}

    assert fault_of({"campaigns": [{}]}, schema, document)
    assert fault_of({"campaigns": 1}, schema, document)
    assert fault_of({"campaigns": [], "more": 1}, schema, document)
    assert fault_of({}, schema, document)
    assert fault_of({"campaigns": []}, schema, document) == ""


def test_the_sitemap_has_the_public_pages_in_each_language_with_the_others(client, campaign):
    make_campaign("bread", status="closed")
    make_campaign("secret", status="draft")
    letter = {"title": text(en="Come"), "body": text(en="Sign.")}
    Call.objects.create(organiser=campaign.organisers.get(), **letter)
    space = {
        "s": "http://www.sitemaps.org/schemas/sitemap/0.9",
        "x": "http://www.w3.org/1999/xhtml",
    }

    answer = client.get("/sitemap.xml")
    tree = ET.fromstring(answer.content)
    places = [url.find("s:loc", space).text for url in tree.findall("s:url", space)]
    codes = [code for code, _name in settings.LANGUAGES]

    assert answer["Content-Type"] == "application/xml; charset=utf-8"
    assert len(places) == len(set(places)) == len(codes) * (1 + 2 * 3 + 1 + 2)
    for url in tree.findall("s:url", space):
        others = {link.get("hreflang"): link.get("href") for link in url.findall("x:link", space)}
        assert list(others) == codes
        assert url.find("s:loc", space).text in others.values()
    for place in places:
        assert client.get(urlsplit(place).path).status_code == 200, place
        assert "signatories" not in place
        assert "secret" not in place


def test_with_one_campaign_its_page_is_the_first(client, campaign):
    assert "<loc>http://testserver/en/</loc>" not in client.get("/sitemap.xml").content.decode()


def test_robots_are_told_of_the_sitemap(client, db):
    assert "Sitemap: http://testserver/sitemap.xml" in client.get("/robots.txt").content.decode()
