"""Le circuit d'un contrat : proposer, signer, lire en commun, valider, et les listes au-delà du délai."""

from __future__ import annotations

from typing import Any

from jalon.personnes.liens import UsageLien, creer_lien
from tests.acces.objets import FABRIQUES
from tests.acces.regles import acces, publique
from tests.contrats.parcours import a_signer as _a_signer
from tests.contrats.parcours import en_lecture as _en_lecture
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


FABRIQUES.update({f.__name__: f for f in (contrat_a_signer, contrat_a_rouvrir, contrat_en_lecture, lien_d_un_contrat)})

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
    # Le jeton tient lieu de clé : qui l'a, connecté ou non, ouvre cette seule page.
    "lien_contrat_signer": publique(objet="lien_d_un_contrat"),
    "lien_contrat_code": publique(405, objet="lien_d_un_contrat"),
    "lien_contrat_texte": publique(objet="lien_d_un_contrat"),
}
