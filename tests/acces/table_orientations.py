"""La file d'orientation, les doublons, les tâches."""

from __future__ import annotations

from datetime import date
from typing import Any

from jalon.personnes.models import Rapprochement, Tache, TypeTache
from tests.acces.objets import FABRIQUES
from tests.acces.regles import acces
from tests.distribution import Distribution
from tests.fabriques import une_allocataire


def doublon(distribution: Distribution) -> dict[str, Any]:
    paire = [une_allocataire(territoire=distribution.territoire) for _ in range(2)]
    doute = Rapprochement.objects.create(
        ancienne=paire[0], nouvelle=paire[1], score=92, motif="Mêmes noms", date_flux=date(2026, 10, 31)
    )
    return {"public_id": doute.public_id}


def tache(distribution: Distribution) -> dict[str, Any]:
    attendue = Tache.objects.create(
        type=TypeTache.RECUEIL, personne=une_allocataire(territoire=distribution.territoire),
        territoire=distribution.territoire, ouverte_le=date(2026, 10, 1),
    )  # fmt: skip
    return {"public_id": attendue.public_id}


FABRIQUES.update({f.__name__: f for f in (doublon, tache)})

FILE = {"orienteur": 200, "etrangere": 200, "siege": 200}
AFFECTE = {"orienteur": 302, "etrangere": 302, "siege": 302}
TRAITE_SES_TACHES = {
    "operateur": 404, "partenaire": 404, "orienteur": 302, "etrangere": 404, "siege": 302, "administrateur": 302,
}  # fmt: skip

ROUTES = {
    "file_orientation": acces(**FILE),
    "file_orientation_affecter": acces(methode="post", **AFFECTE),
    # Seul l'auteur d'une affectation la défait : l'acte d'un autre est introuvable.
    "file_orientation_defaire": acces(methode="post", objet="agent", orienteur=404, etrangere=404, siege=404),
    "file_orientation_exporter": acces(siege=200),
    "doublons": acces(siege=200),
    "doublon": acces(objet="doublon", siege=200),
    "doublon_reunir": acces(methode="post", objet="doublon", siege=302),
    "doublon_separer": acces(methode="post", objet="doublon", siege=302),
    "fusions": acces(siege=200),
    "fusion_defaire": acces(methode="post", objet="doublon", siege=404),
    "taches": acces(operateur=200, partenaire=200, orienteur=200, etrangere=200, siege=200, administrateur=200),
    "tache_faire": acces(methode="post", objet="tache", **TRAITE_SES_TACHES),
    "tache_ecarter": acces(methode="post", objet="tache", **TRAITE_SES_TACHES),
    "tache_accepter": acces(methode="post", objet="tache", **TRAITE_SES_TACHES),
    "tache_prolonger": acces(methode="post", objet="tache", **TRAITE_SES_TACHES),
}
