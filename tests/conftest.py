import pytest
from django.utils import translation

from tests import factories
from tests.desk import DeskClient


@pytest.fixture
def campaign(db):
    """One open campaign."""
    return factories.make_campaign()


@pytest.fixture
def client():
    """A browser; `force_login` goes through the second factor, too."""
    return DeskClient()


@pytest.fixture
def mo(db, django_user_model):
    """Mo moderates."""
    return django_user_model.objects.create_superuser("mo", password="only for this test")


@pytest.fixture
def clock(time_machine):
    """A clock that stands still until it is told to `shift`."""
    time_machine.move_to("2026-11-24 10:00Z", tick=False)
    return time_machine


@pytest.fixture(autouse=True)
def _no_language_is_left_over():
    yield
    translation.deactivate()
