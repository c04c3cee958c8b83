"""Le suivi des contrats : qui voit la personne lit, qui écrit les contrats agit ; leurs listes et leurs besoins."""

from __future__ import annotations

from datetime import date
from typing import Any

from jalon.contrats.models import BilanContrat, Contrat, OffreEmploi
from tests.acces.objets import FABRIQUES
from tests.acces.regles import acces
from tests.distribution import Distribution
from tests.fabriques import un_contrat, une_allocataire


def _contrat(distribution: Distribution, *, suivie: bool = True, **champs: Any) -> Contrat:
    """Contrat d'une personne que le CCAS du partenaire suit, ou que seul le territoire ouvre."""
    if suivie:
        return un_contrat(distribution, **champs)
    return un_contrat(distribution, personne=une_allocataire(territoire=distribution.territoire), **champs)


def contrat_en_vigueur(distribution: Distribution) -> dict[str, Any]:
    return {"contrat": _contrat(distribution).public_id}


def contrat_d_un_autre(distribution: Distribution) -> dict[str, Any]:
    return {"contrat": _contrat(distribution, suivie=False).public_id}


def _bilan(distribution: Distribution, contrat: Contrat) -> dict[str, Any]:
    bilan = BilanContrat.objects.create(
        contrat=contrat, nature="final", date=date(2026, 11, 2), auteur=distribution.partenaire
    )
    return {"bilan": bilan.public_id}


def bilan_ouvert(distribution: Distribution) -> dict[str, Any]:
    return _bilan(distribution, _contrat(distribution))


def bilan_d_un_autre(distribution: Distribution) -> dict[str, Any]:
    return _bilan(distribution, _contrat(distribution, suivie=False))


def offre_sans_reponse(distribution: Distribution) -> dict[str, Any]:
    contrat = _contrat(distribution, type="cer_professionnel")
    offre = OffreEmploi.objects.create(
        personne=contrat.personne, contrat=contrat, proposee_le=date(2026, 10, 1), poste="Aide à domicile",
        notee_par=distribution.partenaire,
    )  # fmt: skip
    return {"offre": offre.public_id}


def export_de_besoins(distribution: Distribution) -> dict[str, Any]:
    return {"format": "csv"}


FABRIQUES.update(
    {
        f.__name__: f
        for f in (
            contrat_en_vigueur, contrat_d_un_autre, bilan_ouvert, bilan_d_un_autre, offre_sans_reponse, export_de_besoins,
        )
    }
)  # fmt: skip

LISTE = {"partenaire": 200, "orienteur": 200, "etrangere": 200, "siege": 200}
ECRIT = {"partenaire": 302}
"""Seul un référent écrit : les autres n'ont pas le droit."""
FINIT = {"partenaire": 302, "orienteur": 302, "etrangere": 404, "siege": 302}
"""Qui lit le contrat peut appeler ; le droit que dit le circuit se vérifie dans l'acte, et son refus se lit à l'écran."""
VOIT_LES_CHIFFRES = {"orienteur": 200, "etrangere": 200, "siege": 200, "administrateur": 200}

ROUTES = {
    "echeances": acces(**LISTE),
    "sans_contrat": acces(**LISTE),
    "bilan_ouvrir": acces(objet="contrat_d_un_autre", methode="post", partenaire=404),
    "contrat_renouveler": acces(objet="contrat_en_vigueur", methode="post", **ECRIT),
    "contrat_reconduction": acces(objet="contrat_en_vigueur", methode="post", **ECRIT),
    "contrat_terminer": acces(objet="contrat_en_vigueur", methode="post", **FINIT),
    "contrat_rompre": acces(objet="contrat_en_vigueur", methode="post", **FINIT),
    "offre_noter": acces(objet="contrat_en_vigueur", methode="post", **ECRIT),
    "offre_repondre": acces(objet="offre_sans_reponse", methode="post", **ECRIT),
    "bilan": acces(objet="bilan_d_un_autre", partenaire=404, orienteur=200, etrangere=404, siege=200),
    "bilan_brouillon": acces(objet="bilan_ouvert", methode="post", donnees={"numero": 1}, partenaire=200),
    "besoins": acces(**VOIT_LES_CHIFFRES),
    "besoins_personnes": acces(donnees={"code": "logement"}, orienteur=200, etrangere=200, siege=200),
    "besoins_export": acces(objet="export_de_besoins", **VOIT_LES_CHIFFRES),
}
