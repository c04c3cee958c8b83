"""Réglages des essais : même PostgreSQL que partout, sans fichiers statiques ni mots de passe lents."""

import os
from pathlib import Path

from jalon.socle.embarquee import preparer_environnement

os.environ.setdefault("JALON_DONNEES", str(Path(__file__).resolve().parents[2] / "var" / "essais"))
os.environ.pop("JALON_PROCESSUS", None)
preparer_environnement(Path(os.environ["JALON_DONNEES"]))

from config.settings.base import *  # noqa: E402, F403
from config.settings.base import DATABASES, MIDDLEWARE, TEMPLATES  # noqa: E402

MIDDLEWARE = [nom for nom in MIDDLEWARE if "whitenoise" not in nom]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DUREE_COMPTEURS = 0
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
TEMPLATES[0]["OPTIONS"]["debug"] = True  # type: ignore[index]
DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"]["TEST"] = {"NAME": os.environ.get("JALON_BASE_ESSAIS", "test_jalon")}
