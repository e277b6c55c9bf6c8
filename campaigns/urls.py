from django.urls import path

from campaigns import feeds, views

app_name = "campaigns"

urlpatterns = [
    path("", views.home, name="home"),
    path("<code:slug>/updates/", views.updates, name="updates"),
    path("<code:slug>/updates/feed/", feeds.updates, name="feed"),
    path("<code:slug>/updates/<int:pk>/", views.update, name="update"),
]
