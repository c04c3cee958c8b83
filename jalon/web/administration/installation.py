"""État de l'installation : les vérifications techniques, le profil chargé, le dernier import, les paramètres."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from jalon import __version__
from jalon.echanges.models import Flux
from jalon.referentiels.models import Parametre
from jalon.referentiels.parametres import profil
from jalon.socle.sante import Verification, verifier_installation
from jalon.web.socle.acces import exige

IMPORT_ATTENDU = timedelta(days=40)
"""Le flux est mensuel : au-delà, un fichier manque."""


@require_safe
@exige("installation.consulter")
def etat(request: HttpRequest) -> HttpResponse:
    verifications = [*verifier_installation(), verifier_dernier_import()]
    parametres = Parametre.objects.order_by("code", "-periode", "id")
    contexte = {
        "version": __version__,
        "profil": profil(),
        "verifications": verifications,
        "mauvais": sum(v.etat == "mauvais" for v in verifications),
        "attention": sum(v.etat == "attention" for v in verifications),
        "parametres": [(code, list(valeurs)) for code, valeurs in groupby(parametres, key=lambda p: p.code)],
        "jour": timezone.localdate(),
    }
    return render(request, "administration/installation.html", contexte)


def verifier_dernier_import() -> Verification:
    """Vérification du métier, ajoutée à celles du socle."""
    flux = Flux.objects.order_by("-date_reference", "-id").first()
    libelle = "Dernier flux reçu"
    if flux is None:
        return Verification(
            "import", libelle, "attention", "Aucun fichier de la caisse n'a été importé",
            "Importez le flux mensuel depuis « Imports ».",
        )  # fmt: skip
    importe_le = timezone.localtime(flux.importe_le)
    detail = f"{flux.get_type_display()}, situation au {flux.date_reference:%d/%m/%Y}, importé le {importe_le:%d/%m/%Y}"
    if flux.date_reference < timezone.localdate() - IMPORT_ATTENDU:
        return Verification(
            "import", libelle, "attention", detail, "Un flux mensuel manque : demandez-le à la caisse.",
        )  # fmt: skip
    return Verification("import", libelle, "bon", detail)
