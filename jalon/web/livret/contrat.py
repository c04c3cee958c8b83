"""La porte d'un contrat ouvert à la personne dans son livret : les mêmes pages que par son lien (R54, F048).

Entrer dans le livret a déjà demandé deux codes ; signer en demande encore un, propre à la signature.
"""

from __future__ import annotations

from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from jalon.passeport.livret import contrat_de
from jalon.web.contrats.saisie import Auteur
from jalon.web.lien.contrat import Adresses, Gabarits
from jalon.web.lien.contrat import Visite as VisiteContrat
from jalon.web.livret.visite import Visite, Vue, par_visite

GABARITS = Gabarits(ecrire="livret/contrat.html", signer="livret/signature.html")


def par_son_livret(vue: Vue) -> Vue:
    """Ouvre la vue à la personne entrée, pour un de ses contrats ; celui d'une autre est introuvable."""

    @wraps(vue)
    def ouverte(request: HttpRequest, visite: Visite, contrat: UUID, **reste: Any) -> HttpResponse:
        titulaire = visite.titulaire
        ouvert = VisiteContrat(
            contrat_de(titulaire, contrat), Auteur(lien=titulaire), titulaire.prenom, _adresses(contrat), GABARITS,
            autour={"visite": visite, "rubrique": "contrat"},
        )  # fmt: skip
        return vue(request, ouvert, **reste)

    return par_visite(ouverte)


def _adresses(contrat: UUID) -> Adresses:
    ecrire = reverse("livret_contrat", args=[contrat])
    return Adresses(
        ecrire=ecrire, rubriques=f"{ecrire}rubriques/", objectifs=reverse("livret_contrat_objectif", args=[contrat]),
        signer=reverse("livret_contrat_signer", args=[contrat]), code=reverse("livret_contrat_code", args=[contrat]),
        texte=reverse("livret_contrat_texte", args=[contrat]),
    )  # fmt: skip
