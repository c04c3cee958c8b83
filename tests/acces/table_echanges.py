"""Imports, rapports, quarantaine."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings

from jalon.echanges.imports import dossier_depots
from jalon.echanges.models import Flux, Import, Quarantaine
from tests.acces.objets import FABRIQUES
from tests.acces.regles import acces
from tests.distribution import Distribution

RAPPORT = {
    "fichier": "flux.xml", "type_flux": "M", "date_reference": "2026-10-31", "emis_le": "2026-11-03T03:12:33Z",
    "simulation": False, "message": "",
    "foyers": {"lus": 2, "crees": 1, "mis_a_jour": 0, "inchanges": 0, "quarantaine": 1},
    "personnes": {"lues": 2, "creees": 1, "mises_a_jour": 0, "inchangees": 1},
    "soumis_droits_devoirs": {"total": 1, "entrees": 1, "sorties": 0},
    "mouvements": {
        "ouverts": 1, "suspendus": 0, "clos": 0, "refuses": 0, "arrives": 0, "partis": 0, "absents": 0,
    },
    "anomalies": [{"code": "code_inconnu", "nombre": 1}, {"code": "foyer_illisible", "nombre": 1}],
    "totaux": {"annonces": 2, "lus": 2},
}  # fmt: skip


def un_flux_importe(**champs: Any) -> Flux:
    """Flux déjà importé, sans passer par un fichier."""
    defauts: dict[str, Any] = {
        "nom_fichier": "flux.xml", "empreinte": f"{Flux.objects.count():064x}", "taille": 1_000, "type": "M",
        "application": "CRI", "date_reference": date(2026, 10, 31),
        "emis_le": datetime(2026, 11, 3, 3, 12, 33, tzinfo=UTC),
        "duree": timedelta(seconds=1), "rapport": RAPPORT,
    }  # fmt: skip
    return Flux.objects.create(**{**defauts, **champs})


def un_foyer_en_quarantaine(flux: Flux, **champs: Any) -> Quarantaine:
    defauts: dict[str, Any] = {
        "rang": 2, "ligne": 40, "numero_demande": "00000000002", "champ": "DTDEMRSA",
        "motif": "la date « 2026-13-45 » n'existe pas",
        "fragment_chiffre": settings.CLE_MAITRE.chiffrer(
            "<InfosFoyerRSA>\n<NIR>885046212345612</NIR>\n<NOM>DURAND</NOM>\n</InfosFoyerRSA>"
        ),
    }  # fmt: skip
    return Quarantaine.objects.create(flux=flux, **{**defauts, **champs})


def flux(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": un_flux_importe().public_id}


def rubrique(distribution: Distribution) -> dict[str, Any]:
    return flux(distribution) | {"rubrique": "crees"}


def anomalie(distribution: Distribution) -> dict[str, Any]:
    return flux(distribution) | {"code": "code_inconnu"}


def quarantaine(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": un_foyer_en_quarantaine(un_flux_importe()).public_id}


def _import(distribution: Distribution, **champs: Any) -> dict[str, Any]:
    depot = dossier_depots() / "essai-d-acces"
    depot.touch(mode=0o600)
    demande = Import.objects.create(nom_fichier="flux.xml", chemin=str(depot), demande_par=distribution.siege, **champs)
    return {"public_id": demande.public_id}


def import_attendu(distribution: Distribution) -> dict[str, Any]:
    return _import(distribution)


def import_interrompu(distribution: Distribution) -> dict[str, Any]:
    return _import(distribution, etat=Import.Etat.INTERROMPU)


def import_simule(distribution: Distribution) -> dict[str, Any]:
    return _import(distribution, etat=Import.Etat.TERMINE, simulation=True, rapport=RAPPORT)


FABRIQUES.update(
    {f.__name__: f for f in (
        flux, rubrique, anomalie, quarantaine, import_attendu, import_interrompu, import_simule,
    )}
)  # fmt: skip

CONSULTE = {"siege": 200, "administrateur": 200}
ROUTES = {
    "imports": acces(**CONSULTE),
    "import_deposer": acces(methode="post", siege=422, administrateur=422),
    "import_detail": acces(objet="import_attendu", **CONSULTE),
    "import_reprendre": acces(methode="post", objet="import_interrompu", siege=302, administrateur=302),
    "import_confirmer": acces(methode="post", objet="import_simule", siege=302, administrateur=302),
    "flux_rapport": acces(objet="flux", **CONSULTE),
    "flux_json": acces(objet="flux", **CONSULTE),
    "flux_pdf": acces(objet="flux", **CONSULTE),
    # L'administrateur lit les nombres d'un rapport, pas les noms derrière : il n'ouvre aucun dossier.
    "flux_liste": acces(objet="rubrique", siege=200),
    "flux_anomalies": acces(objet="anomalie", siege=200),
    "quarantaine": acces(**CONSULTE),
    "quarantaine_detail": acces(objet="quarantaine", **CONSULTE),
    "quarantaine_rejouer": acces(methode="post", objet="quarantaine", siege=302, administrateur=302),
    "quarantaine_tout_rejouer": acces(methode="post", siege=302, administrateur=302),
    "quarantaine_ecarter": acces(
        methode="post", objet="quarantaine", donnees={"motif": "corrigé par la caisse"}, siege=302, administrateur=302
    ),
}
