import pytest
from django.utils import translation

from tests import factories


@pytest.fixture
def campaign(db):
    """One open campaign."""
    return factories.make_campaign()


@pytest.fixture
def mo(db, django_user_model):
    """Mo moderates."""
    return django_user_model.objects.create_superuser("mo", password="only for this test")


@pytest.fixture(autouse=True)
def _no_language_is_left_over():
    yield
    translation.deactivate()
