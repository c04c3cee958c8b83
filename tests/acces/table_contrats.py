"""Les contrats : la liste, l'ouverture, la page, l'écriture, et la part que la personne écrit par son lien."""

from __future__ import annotations

from typing import Any

from jalon.agents.perimetre import Perimetre
from jalon.contrats.liens import ouvrir_lien
from jalon.organismes.models import CategorieOrganisme
from tests.acces.objets import FABRIQUES
from tests.acces.regles import acces, publique
from tests.distribution import Distribution
from tests.fabriques import un_contrat, une_allocataire


def contrat_ecrit(distribution: Distribution) -> dict[str, Any]:
    return {"contrat": un_contrat(distribution, etat="brouillon").public_id}


def rubrique_du_contrat(distribution: Distribution) -> dict[str, Any]:
    return {**contrat_ecrit(distribution), "code": "constat"}


def personne_suivie(distribution: Distribution) -> dict[str, Any]:
    ccas = distribution.organisme(CategorieOrganisme.CCAS)
    return {"public_id": une_allocataire(territoire=distribution.territoire, accompagnee_par=ccas).public_id}


def jeton_du_contrat(distribution: Distribution) -> dict[str, Any]:
    _, jeton = ouvrir_lien(
        un_contrat(distribution, etat="brouillon"), acteur=distribution.partenaire,
        perimetre=Perimetre.de(distribution.partenaire), adresse_du_lien=str,
    )  # fmt: skip
    return {"jeton": jeton}


def rubrique_du_lien(distribution: Distribution) -> dict[str, Any]:
    return {**jeton_du_contrat(distribution), "code": "ma_situation"}


FABRIQUES.update(
    {f.__name__: f for f in (contrat_ecrit, rubrique_du_contrat, personne_suivie, jeton_du_contrat, rubrique_du_lien)}
)

LECTEURS = {"partenaire": 200, "orienteur": 200, "etrangere": 404, "siege": 200}

ROUTES = {
    "contrats": acces(**(LECTEURS | {"etrangere": 200})),
    "contrats_exporter": acces(**(LECTEURS | {"etrangere": 200})),
    "contrat": acces(objet="contrat_ecrit", **LECTEURS),
    # Seul un référent écrit le contrat : ni l'orienteur, ni le siège.
    "contrat_ouvrir": acces(objet="personne_suivie", partenaire=200),
    "contrat_ecrire": acces(objet="contrat_ecrit", partenaire=200),
    "contrat_rubrique": acces(methode="post", objet="rubrique_du_contrat", partenaire=200),
    "contrat_plan": acces(
        methode="post", objet="contrat_ecrit", donnees={"acte": "ajouter", "intitule": "Un objectif"}, partenaire=302
    ),
    "contrat_lien": acces(objet="contrat_ecrit", partenaire=200),
    "contrat_lien_fermer": acces(methode="post", objet="contrat_ecrit", partenaire=302),
    "lien_contrat": publique(objet="jeton_du_contrat"),
    "lien_contrat_rubrique": acces(
        sinon=200, methode="post", objet="rubrique_du_lien", anonyme=200,
        donnees={"n-ma_situation": "0", "c-ma_situation": "Mes mots"},
    ),
    "lien_contrat_objectif": acces(
        sinon=302, methode="post", objet="jeton_du_contrat", anonyme=302,
        donnees={"acte": "ajouter", "intitule": "Un objectif"},
    ),
}  # fmt: skip
