"""Le circuit d'un contrat : proposer, signer, lire en commun, valider, et les listes au-delà du délai."""

from __future__ import annotations

from typing import Any

from jalon.agents.perimetre import Perimetre
from jalon.contrats.lots import produire_lot
from jalon.contrats.models import Contrat
from jalon.personnes.liens import UsageLien, creer_lien
from tests.acces.objets import FABRIQUES
from tests.acces.regles import acces, publique
from tests.contrats.parcours import a_signer as _a_signer
from tests.contrats.parcours import en_lecture as _en_lecture
from tests.contrats.parcours import un_brouillon as _un_brouillon
from tests.distribution import Distribution


def contrat_a_signer(distribution: Distribution) -> dict[str, Any]:
    return {"contrat": _a_signer(distribution).public_id}


def contrat_a_rouvrir(distribution: Distribution) -> dict[str, Any]:
    return {"contrat": _a_signer(distribution).public_id, "acte": "rouvrir"}


def contrat_en_lecture(distribution: Distribution) -> dict[str, Any]:
    return {"contrat": _en_lecture(distribution).public_id}


def lien_d_un_contrat(distribution: Distribution) -> dict[str, Any]:
    contrat = _a_signer(distribution)
    _, jeton = creer_lien(
        contrat.personne, acteur=distribution.partenaire, usage=UsageLien.CONTRAT, objet=contrat.public_id
    )
    return {"jeton": jeton}


def contrat_en_ecriture(distribution: Distribution) -> dict[str, Any]:
    return {"contrat": _un_brouillon(distribution).public_id}


def lot_contrats(distribution: Distribution) -> dict[str, Any]:
    """Demandé par le référent ; qui ne rédige pas de contrats n'y entre pas."""
    _un_brouillon(distribution)
    agent = distribution.partenaire
    lot = produire_lot(Contrat.objects.all(), acteur=agent, perimetre=Perimetre.de(agent))
    return {"public_id": lot.public_id}


FABRIQUES.update(
    {
        f.__name__: f
        for f in (
            contrat_a_signer, contrat_a_rouvrir, contrat_en_lecture, lien_d_un_contrat, contrat_en_ecriture,
            lot_contrats,
        )
    }
)  # fmt: skip

CONSULTE = {"partenaire": 200, "orienteur": 200, "etrangere": 200, "siege": 200}

ROUTES = {
    "contrats_delais": acces(**CONSULTE),
    "contrats_a_conclure": acces(**CONSULTE),
    "contrats_valider": acces(methode="post", siege=302),
    "contrats_lectures": acces(siege=200),
    # Rouvrir demande le droit d'écrire, que n'ont ni l'orienteur ni le siège.
    "contrat_acte": acces(methode="post", objet="contrat_a_rouvrir", partenaire=302, etrangere=404),
    "contrat_texte": acces(objet="contrat_a_signer", **(CONSULTE | {"etrangere": 404})),
    "contrat_signer": acces(objet="contrat_a_signer", partenaire=200),
    # Sans fichier, la page revient avec ce qu'il faut corriger.
    "contrat_papier": acces(methode="post", objet="contrat_a_signer", partenaire=409),
    "contrat_lecture": acces(objet="contrat_en_lecture", siege=200),
    "contrat_lecture_jour": acces(methode="post", objet="contrat_en_lecture", siege=302),
    "contrats_imprimer": acces(methode="post", partenaire=302),
    "contrats_lot": acces(objet="lot_contrats", partenaire=200),
    # Le fichier n'existe pas encore : même qui l'a demandé ne le trouve pas.
    "contrats_planche": acces(objet="lot_contrats", partenaire=404),
    # Un lot qui attend n'est pas à reprendre : la page le dit.
    "contrats_reprendre": acces(methode="post", objet="lot_contrats", partenaire=302),
    "contrat_complexe": acces(methode="post", objet="contrat_en_ecriture", partenaire=302),
    # Le jeton tient lieu de clé : qui l'a, connecté ou non, ouvre cette seule page.
    "lien_contrat_signer": publique(objet="lien_d_un_contrat"),
    "lien_contrat_code": publique(405, objet="lien_d_un_contrat"),
    "lien_contrat_texte": publique(objet="lien_d_un_contrat"),
}
