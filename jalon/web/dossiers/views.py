"""Écrans de la personne et du foyer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from jalon.agents.perimetre import Perimetre
from jalon.orientations.reorientations import alternance
from jalon.personnes.courriers import adresse_inchangee
from jalon.personnes.identite import nir_en_clair
from jalon.personnes.models import Personne
from jalon.personnes.selectors import acceder_foyer, acceder_personne
from jalon.referentiels.parametres import mot
from jalon.socle.errors import DroitManquantError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.dossiers.contrat import blocs_contrat
from jalon.web.dossiers.droits import explication_soumission, ressources_par_mois
from jalon.web.dossiers.frise import MONTRES, frise
from jalon.web.dossiers.manquement import blocs_procedure, retour_de
from jalon.web.dossiers.orientations import decisions_de, reorientations_de
from jalon.web.dossiers.parcours import chemin, delais, pastilles, suite
from jalon.web.dossiers.selectors import DossierPersonne, dossier_foyer, dossier_personne
from jalon.web.socle.acces import exige

ONGLETS = (
    ("parcours", "personne", "Parcours"),
    ("droits", "personne_droits", "Foyer et droits"),
    ("orientations", "personne_orientations", "Orientations"),
    ("diagnostic", "personne_diagnostic", "Diagnostic"),
    ("referents", "personne_referents", "Référent"),
    ("courriers", "personne_courriers", "Courriers"),
    ("identite", "personne_identite", "Identité"),
    ("lectures", "personne_lectures", "Qui a ouvert ce dossier"),
)


@exige("dossier.consulter")
@require_safe
def personne(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Le chemin, ce qui s'est passé, ce qui vient ensuite."""
    dossier = ouvrir_dossier(request, public_id, "parcours")
    faits = frise(dossier)
    tout = "tout" in request.GET
    return montrer_onglet(
        request, dossier, "parcours",
        faits=faits if tout else faits[:MONTRES], caches=0 if tout else max(0, len(faits) - MONTRES),
        suite=suite(dossier, _perimetre(request), timezone.localdate()),
        procedures=blocs_procedure(dossier, timezone.localdate()), retour=retour_de(dossier, timezone.localdate()),
        contrats=blocs_contrat(dossier, _perimetre(request), timezone.localdate()), delais=delais(dossier, timezone.localdate()),
        a_verifier=_adresse_a_verifier(dossier),
    )  # fmt: skip


@exige("dossier.consulter")
@require_safe
def personne_droits(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Le foyer, le droit aujourd'hui et dans le temps, les ressources, la soumission expliquée (R23)."""
    dossier = ouvrir_dossier(request, public_id, "droits")
    return montrer_onglet(
        request, dossier, "droits",
        explication=explication_soumission(dossier, timezone.localdate()), mois=ressources_par_mois(dossier),
    )  # fmt: skip


@exige("dossier.consulter")
@require_safe
def personne_orientations(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Toutes les décisions, qui les a prises et pourquoi, leurs lettres, et les demandes d'en changer."""
    dossier = ouvrir_dossier(request, public_id, "orientations")
    jour = timezone.localdate()
    return montrer_onglet(
        request, dossier, "orientations", decisions=decisions_de(dossier.personne),
        reorientations=reorientations_de(dossier.personne), alternance=alternance(dossier.personne, jour),
    )  # fmt: skip


@exige("dossier.consulter")
@require_safe
def personne_identite(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ce que l'on sait de l'identité, et combien on en est sûr ; le NIR reste caché."""
    return montrer_onglet(request, ouvrir_dossier(request, public_id, "identite"), "identite", nir="")


@exige("dossier.consulter")
@require_POST
def personne_numero(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Affiche le NIR sur demande expresse ; chaque affichage est noté à part."""
    perimetre = _perimetre(request)
    if not perimetre.voit_nir:
        raise DroitManquantError("Votre rôle ne permet pas de voir le numéro de sécurité sociale.")
    dossier = ouvrir_dossier(request, public_id, "identite", nature=Lecture.Nature.NIR)
    return montrer_onglet(request, dossier, "identite", nir=nir_en_clair(dossier.personne))


@exige("dossier.consulter")
@require_safe
def personne_lectures(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Qui a ouvert ce dossier, la présente ouverture comprise (R262-107)."""
    return montrer_onglet(request, ouvrir_dossier(request, public_id, "lectures"), "lectures")


@exige("dossier.consulter")
@require_safe
def foyer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Le foyer : ses membres, ses dossiers, ses adresses, et son histoire."""
    perimetre = _perimetre(request)
    ouvert = acceder_foyer(perimetre, public_id)
    dossier = dossier_foyer(ouvert)
    Lecture.objects.bulk_create(
        Lecture(
            nature=Lecture.Nature.FOYER, agent=perimetre.agent, organisme=perimetre.organisme_principal,
            personne=membre.personne_public_id, ecran="foyer",
        )
        for membre in dossier.presents
    )  # fmt: skip
    reponse = render(
        request, "dossiers/foyer.html", {"dossier": dossier, "foyer": ouvert, "jour": timezone.localdate()}
    )
    reponse["Cache-Control"] = "no-store"
    return reponse


def _perimetre(request: HttpRequest) -> Perimetre:
    return request.perimetre  # type: ignore[attr-defined,no-any-return]


def ouvrir_dossier(
    request: HttpRequest, public_id: UUID, onglet: str, *, nature: str = Lecture.Nature.DOSSIER
) -> DossierPersonne:
    """Obtient la personne par le périmètre et note l'ouverture ; changer d'onglet, c'est le même écran."""
    perimetre = _perimetre(request)
    trouvee: Personne = acceder_personne(perimetre, public_id)
    assert perimetre.agent is not None
    noter_lecture(
        nature, agent=perimetre.agent, organisme=perimetre.organisme_principal, personne=trouvee.public_id,
        ecran="dossier de la personne",
    )  # fmt: skip
    return dossier_personne(trouvee, onglet, procedures=perimetre.peut("manquements.consulter"))


def _adresse_a_verifier(dossier: DossierPersonne) -> SimpleNamespace | None:
    """La dernière lettre perdue, tant que l'adresse n'a pas changé ; sans elle, l'adresse n'est pas relue."""
    perdue = next(iter(dossier.lignes.get("lettres_perdues", [])), None)
    return perdue if perdue is not None and adresse_inchangee(dossier.personne, perdue.destinataire) else None


def _titre(code: str, texte: str) -> str:
    """Le mot du département quand il en a un pour cet onglet."""
    if code not in ("diagnostic", "referents"):
        return texte
    libelle = mot("referent" if code == "referents" else "diagnostic")
    court = libelle.court or libelle.singulier
    return court[:1].upper() + court[1:]


def montrer_onglet(
    request: HttpRequest, dossier: DossierPersonne, onglet: str, *, statut: int = 200, **contexte: Any
) -> HttpResponse:
    """Une rubrique du dossier, sous son en-tête ; jamais gardée par le navigateur."""
    jour = timezone.localdate()
    onglets = [
        {
            "texte": _titre(code, texte),
            "url": reverse(nom, args=[dossier.personne.public_id]),
            "courant": code == onglet,
        }
        for code, nom, texte in ONGLETS
    ]
    reponse = render(
        request,
        f"dossiers/{onglet}.html",
        {
            "dossier": dossier,
            "personne": dossier.personne,
            "jour": jour,
            "onglets": onglets,
            "pastilles": pastilles(dossier, jour),
            "etapes": chemin(dossier, jour),
            **contexte,
        },
        status=statut,
    )
    reponse["Cache-Control"] = "no-store"
    return reponse
