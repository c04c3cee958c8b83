"""Réglages communs. Aucune règle métier ici : ce fichier branche les pièces entre elles."""

from __future__ import annotations

import os
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from jalon.socle.secrets import lire_cle

RACINE = Path(__file__).resolve().parents[2]
DONNEES = Path(os.environ.get("JALON_DONNEES", RACINE / "var")).resolve()
PROFILS = Path(os.environ.get("JALON_PROFILS", RACINE / "profils"))
NODE_MODULES = Path(os.environ.get("JALON_NODE_MODULES", RACINE / "node_modules"))
CLE_MAITRE = lire_cle(DONNEES)
SECRET_KEY = CLE_MAITRE.deriver("django").hex()
DEBUG = False
DEMONSTRATION = os.environ.get("JALON_DEMONSTRATION", "") == "oui"
"""Installation de démonstration : le second facteur n'y est pas exigé, et un bandeau le dit."""
ALLOWED_HOSTS = os.environ.get("JALON_HOTES", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [h for h in os.environ.get("JALON_ORIGINES", "").split(",") if h]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
    "django_htmx",
    "django_filters",
    "django_tables2",
    "crispy_forms",
    "crispy_bootstrap5",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "jalon.socle",
    "jalon.referentiels",
    "jalon.traces",
    "jalon.documents",
    "jalon.organismes",
    "jalon.agents",
    "jalon.personnes",
    "jalon.droits",
    "jalon.diagnostics",
    "jalon.orientations",
    "jalon.accompagnements",
    "jalon.rendezvous",
    "jalon.contrats",
    "jalon.manquements",
    "jalon.instances",
    "jalon.passeport",
    "jalon.echanges",
    "jalon.observatoire",
    "jalon.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "jalon.web.socle.securite.PolitiqueContenuMiddleware",
    "jalon.web.socle.transaction.TransactionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "jalon.web.comptes.suivi.SuiviConnexionsMiddleware",
    "jalon.web.comptes.second_facteur.SecondFacteurMiddleware",
    "jalon.web.socle.acces.PerimetreMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [RACINE / "jalon" / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "jalon.web.socle.contexte.installation",
            ],
            "builtins": ["jalon.web.templatetags.jalon"],
        },
    },
]


def base_de_donnees(adresse: str) -> dict[str, object]:
    """Traduit une adresse PostgreSQL (URI ou mots clés) en réglages Django."""
    lus = conninfo_to_dict(adresse)
    connus = {"dbname", "user", "password", "host", "port"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": lus.get("dbname", ""),
        "USER": lus.get("user", ""),
        "PASSWORD": lus.get("password", ""),
        "HOST": lus.get("host", ""),
        "PORT": str(lus.get("port", "")),
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
        # Les curseurs ordinaires ne préparent rien ; ce réglage laisse préparer la page d'une personne (web/socle/lots.py).
        "OPTIONS": {cle: valeur for cle, valeur in lus.items() if cle not in connus} | {"prepare_threshold": 5},
        # La muraille de la base compte ses jours comme les écrans : ceux d'ici, pas ceux de Greenwich.
        "TIME_ZONE": TIME_ZONE,
    }


PROCESSUS_WEB = os.environ.get("JALON_PROCESSUS") == "web"
ADRESSE_BASE = os.environ.get("DATABASE_URL", "")
ADRESSE_BASE_WEB = os.environ.get("DATABASE_URL_WEB", "") or ADRESSE_BASE
TIME_ZONE = "Europe/Paris"
USE_TZ = True
DATABASES = {"default": base_de_donnees(ADRESSE_BASE_WEB if PROCESSUS_WEB else ADRESSE_BASE)}
ROLE_WEB = "jalon_web"
"""Rôle PostgreSQL des requêtes web : il ne possède aucune table et subit la sécurité par ligne."""

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "fr"
USE_I18N = True
FORMAT_MODULE_PATH = ["config.formats"]
USE_THOUSAND_SEPARATOR = True

AUTH_USER_MODEL = "agents.Agent"
AUTHENTICATION_BACKENDS = ["jalon.agents.authentification.ConnexionProtegee"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "accueil"
ACCOUNT_ADAPTER = "jalon.web.comptes.adaptateur.AdaptateurComptes"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Jalon : "
ACCOUNT_RATE_LIMITS = {"login_failed": None, "login": "120/m/ip"}
"""Les échecs sont comptés par `jalon.agents.verrouillage`, en base : un compteur par processus ne protège rien."""
ACCOUNT_FORMS = {
    "login": "jalon.web.comptes.forms.ConnexionForm",
    "reset_password": "jalon.web.comptes.forms.MotDePasseOublieForm",
    "reset_password_from_key": "jalon.web.comptes.forms.NouveauMotDePasseForm",
    "change_password": "jalon.web.comptes.forms.ChangerMotDePasseForm",
    "reauthenticate": "jalon.web.comptes.forms.VerifierMotDePasseForm",
}
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("JALON_MANDATAIRES", "0"))
"""Nombre de mandataires de confiance devant l'application : sans lui, l'adresse du visiteur serait falsifiable."""
MFA_ADAPTER = "jalon.web.comptes.adaptateur.AdaptateurSecondFacteur"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "jalon.web.comptes.forms.CodeForm",
    "authenticate_webauthn": "jalon.web.comptes.forms.CleForm",
    "reauthenticate": "jalon.web.comptes.forms.VerifierCodeForm",
    "reauthenticate_webauthn": "jalon.web.comptes.forms.VerifierCleForm",
    "activate_totp": "jalon.web.comptes.forms.PoserApplicationForm",
    "add_webauthn": "jalon.web.comptes.forms.AjouterCleForm",
    "edit_webauthn": "jalon.web.comptes.forms.NommerCleForm",
}
MFA_TOTP_ISSUER = "Jalon"
MFA_TOTP_TOLERANCE = 1
"""Une demi-minute de décalage admise : les téléphones ne sont pas tous à l'heure."""
MFA_ALLOW_UNVERIFIED_EMAIL = True
"""L'administrateur crée les comptes : l'adresse n'est pas à confirmer par l'agent."""
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = os.environ.get("JALON_HTTPS", "") != "oui"
DUREE_COMPTEURS = 20
"""Secondes pendant lesquelles les compteurs du menu sont gardés ; 0 pour les recompter à chaque page."""
EMAIL_BACKEND = os.environ.get("JALON_COURRIEL", "django.core.mail.backends.console.EmailBackend")
DEFAULT_FROM_EMAIL = os.environ.get("JALON_EXPEDITEUR", "jalon@localhost")
PASSERELLE_SMS = os.environ.get("JALON_PASSERELLE_SMS", "jalon.documents.passerelles.PasserelleConsole")
PASSERELLE_COURRIEL = os.environ.get("JALON_PASSERELLE_COURRIEL", "jalon.documents.passerelles.PasserelleConsole")
"""Par où partent les SMS et les courriels aux personnes : une classe par canal ; par défaut, rien ne sort."""

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SESSION_ENGINE = "jalon.web.comptes.duree_session"
SESSION_COOKIE_AGE = 8 * 3600
"""Durée de repli : la vraie est le paramètre daté `securite.duree_session` du département."""
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
HTTPS = os.environ.get("JALON_HTTPS", "") == "oui"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None

STATIC_URL = "/statique/"
STATIC_ROOT = DONNEES / "statique"
STATICFILES_DIRS = [
    ("tabler", NODE_MODULES / "@tabler" / "core" / "dist"),
    ("police", NODE_MODULES / "@fontsource" / "atkinson-hyperlegible-next" / "files"),
    RACINE / "jalon" / "web" / "static",
]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
MEDIA_ROOT = DONNEES / "fichiers"
FILE_UPLOAD_TEMP_DIR = None
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
DJANGO_TABLES2_TEMPLATE = "composants/table.html"
PROCRASTINATE_ON_APP_READY = None

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"simple": {"format": "%(asctime)s %(levelname)s %(name)s : %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "simple"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"jalon": {"level": "INFO"}, "procrastinate": {"level": "WARNING"}},
}
