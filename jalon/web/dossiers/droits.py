"""Le droit expliqué : pourquoi la caisse dit la personne soumise ou non, et ses ressources mois par mois."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

from jalon.droits.models import EtatDossier
from jalon.referentiels.models import Parametre
from jalon.web.dossiers.selectors import DossierPersonne

SEUIL = "droits.seuil_activite_mensuel"


@dataclass(frozen=True, slots=True)
class Explication:
    """Ce que la caisse transmet et la règle qu'elle applique. Rien n'est recalculé ici (R23, R25)."""

    soumise: bool | None
    depuis: date | None
    ferme: bool
    ressources: Decimal | None
    abattements: Decimal | None
    seuil: Parametre | None


def explication_soumission(dossier: DossierPersonne, jour: date) -> Explication:
    soumission = dossier.soumission
    seuil = Parametre.objects.filter(code=SEUIL, periode__contains=jour).order_by("pk").first()
    return Explication(
        soumise=soumission.soumise if soumission is not None else None,
        depuis=dossier.soumise_depuis or (soumission.periode.lower if soumission is not None else None),
        ferme=dossier.etat in EtatDossier.fermes(),
        ressources=soumission.ressources if soumission is not None else None,
        abattements=soumission.abattements if soumission is not None else None,
        seuil=seuil,
    )


def ressources_par_mois(dossier: DossierPersonne) -> Sequence[tuple[date, list[SimpleNamespace], Decimal]]:
    """Ressources du dernier trimestre transmis, regroupées par mois, avec leur somme."""
    mois: dict[date, list[SimpleNamespace]] = {}
    for ressource in dossier.ressources:
        if ressource.mois is not None:
            mois.setdefault(ressource.mois, []).append(ressource)
    return [(m, lignes, sum((r.montant or Decimal(0) for r in lignes), Decimal(0))) for m, lignes in mois.items()]
