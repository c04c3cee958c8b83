"""Adresses des notifications d'orientation."""

from django.urls import URLPattern, path

from jalon.web.notifications import lots, views

urlpatterns: list[URLPattern] = [
    path("notifications/", views.notifications, name="notifications"),
    path("notifications/receptions/", views.receptions, name="notifications_receptions"),
    path("notifications/produire/", lots.produire, name="notifications_produire"),
    path("notifications/lots/<uuid:public_id>/", lots.detail, name="notifications_lot"),
    path("notifications/lots/<uuid:public_id>/imprimeur.pdf", lots.planche, name="notifications_planche"),
    path("notifications/lots/<uuid:public_id>/reprendre/", lots.reprendre, name="notifications_reprendre"),
    path("notifications/lots/<uuid:public_id>/depart/", lots.depart, name="notifications_depart"),
    path("notifications/decisions/<uuid:public_id>/", views.notification, name="notification"),
    path("notifications/decisions/<uuid:public_id>/apercu.pdf", views.apercu, name="notification_apercu"),
    path("notifications/decisions/<uuid:public_id>/produire/", views.produire, name="notification_produire"),
    path("notifications/<uuid:public_id>/reception/", views.reception, name="notification_reception"),
]
