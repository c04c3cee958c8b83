"""Les dossiers et les personnes derrière chaque chiffre d'un rapport, limités au périmètre de qui les ouvre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from jalon.agents.perimetre import Perimetre
from jalon.droits.models import DossierRsa, Reception, Situation
from jalon.echanges.models import AnomalieFlux, Flux
from jalon.personnes.models import Personne, Rattachement, RolePersonne
from jalon.personnes.selectors import filtre_perimetre
from jalon.socle.errors import HorsPerimetreError


@dataclass(frozen=True, slots=True)
class Rubrique:
    """Un chiffre du rapport : sa place dans le rapport, ce qu'il compte, et ce qu'il ouvre."""

    chemin: tuple[str, str]
    titre: str
    explication: str
    personnes: bool = False


RUBRIQUES: Final[dict[str, Rubrique]] = {
    "lus": Rubrique(("foyers", "lus"), "Lus", "Foyers que le fichier contient ; ceux mis en quarantaine sont à part."),
    "crees": Rubrique(("foyers", "crees"), "Créés", "Dossiers que Jalon ne connaissait pas."),
    "mis_a_jour": Rubrique(("foyers", "mis_a_jour"), "Mis à jour", "Dossiers dont au moins une donnée a changé."),
    "inchanges": Rubrique(("foyers", "inchanges"), "Inchangés", "Dossiers identiques au dernier fichier reçu."),
    "entrees": Rubrique(
        ("soumis_droits_devoirs", "entrees"), "Entrées", "Personnes que ce fichier fait entrer.", personnes=True
    ),
    "sorties": Rubrique(
        ("soumis_droits_devoirs", "sorties"), "Sorties", "Personnes que ce fichier fait sortir.", personnes=True
    ),
    "ouverts": Rubrique(("mouvements", "ouverts"), "Droits ouverts", "Le droit est devenu ouvert avec ce fichier."),
    "suspendus": Rubrique(("mouvements", "suspendus"), "Droits suspendus", "Le droit ou son versement est suspendu."),
    "clos": Rubrique(("mouvements", "clos"), "Droits clos", "Le droit est clos avec ce fichier."),
    "refuses": Rubrique(("mouvements", "refuses"), "Droits refusés", "La caisse a refusé le droit."),
    "arrives": Rubrique(("mouvements", "arrives"), "Arrivés par mutation", "Dossiers venus d'une autre caisse."),
    "partis": Rubrique(("mouvements", "partis"), "Partis par mutation", "Dossiers partis vers une autre caisse."),
    "absents": Rubrique(
        ("mouvements", "absents"), "Absents du fichier",
        "Dossiers encore ouverts pour Jalon et que ce fichier mensuel ne contient pas. Rien n'y a été changé.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LigneDossier:
    """Un dossier d'une liste : l'état de son droit et les personnes visibles de son foyer."""

    dossier: DossierRsa
    etat: str
    personnes: list[Personne]


def acceder_flux(perimetre: Perimetre, public_id: UUID, *, droit: str = "flux.consulter") -> Flux:
    """Rend le flux à qui peut consulter les imports : un rapport ne porte que des nombres."""
    perimetre.exiger(droit)
    flux = Flux.objects.filter(public_id=public_id).select_related("importe_par").first()
    if flux is None:
        raise HorsPerimetreError("Cet import n'existe pas. Vérifiez le lien, ou partez de la liste des imports.")
    return flux


def personnes_de_la_rubrique(flux: Flux, rubrique: str, perimetre: Perimetre) -> QuerySet[Personne]:
    return (
        Personne.objects.filter(filtre_perimetre(perimetre), pk__in=_cles("personnes", flux, rubrique))
        .select_related("territoire")
        .order_by("nom", "prenom", "id")
    )


def dossiers_de_la_rubrique(flux: Flux, rubrique: str, perimetre: Perimetre) -> QuerySet[DossierRsa]:
    dossiers = DossierRsa.objects.filter(_dossier_visible(perimetre)).order_by("numero_demande", "rang_partage", "id")
    if rubrique not in ("lus", "inchanges"):
        return dossiers.filter(pk__in=_cles("dossiers", flux, rubrique))
    recu = Reception.objects.filter(dossier=OuterRef("pk"), date_reference=flux.date_reference, emis_le=flux.emis_le)
    dossiers = dossiers.filter(Exists(recu))
    if rubrique == "inchanges":
        for change in ("crees", "mis_a_jour"):
            dossiers = dossiers.exclude(pk__in=_cles("dossiers", flux, change))
    return dossiers


def _cles(colonne: str, flux: Flux, rubrique: str) -> RawSQL:
    """Clés d'une liste, dépliées dans la base : elles peuvent être des dizaines de milliers."""
    return RawSQL(
        f"select unnest({colonne}) from echanges_listerapport where flux_id = %s and rubrique = %s",
        [flux.pk, rubrique],
    )


def _dossier_visible(perimetre: Perimetre, foyer: str = "foyer") -> Q:
    if perimetre.tout:
        return Q()
    return Q(Exists(Rattachement.objects.filter(filtre_perimetre(perimetre, "personne__"), foyer=OuterRef(foyer))))


def lignes_de_dossiers(dossiers: list[DossierRsa], perimetre: Perimetre) -> list[LigneDossier]:
    """Complète une page de dossiers, en deux requêtes quelle que soit sa longueur."""
    etats = dict(
        Situation.objects.filter(dossier__in=dossiers, periode__endswith=None, periode__isempty=False)
        .order_by("id")
        .values_list("dossier_id", "etat")
    )
    foyers: dict[int, list[Personne]] = {}
    liens = Rattachement.objects.filter(
        filtre_perimetre(perimetre, "personne__"), foyer__in={d.foyer_id for d in dossiers},
        role__in=(RolePersonne.DEMANDEUR, RolePersonne.CONJOINT), periode__endswith=None, periode__isempty=False,
    )  # fmt: skip
    for lien in liens.select_related("personne").order_by("-role", "id"):
        foyers.setdefault(lien.foyer_id, []).append(lien.personne)
    return [LigneDossier(d, etats.get(d.pk, ""), foyers.get(d.foyer_id, [])) for d in dossiers]


def anomalies_du_flux(flux: Flux, code: str, perimetre: Perimetre) -> QuerySet[AnomalieFlux]:
    """Anomalies d'un code ; celles qui ne tiennent à personne ne se voient que de tout le département."""
    anomalies = AnomalieFlux.objects.filter(flux=flux, code=code)
    if not perimetre.tout:
        anomalies = anomalies.filter(
            Q(filtre_perimetre(perimetre, "personne__"), personne__isnull=False)
            | (Q(personne=None, dossier__isnull=False) & _dossier_visible(perimetre, "dossier__foyer"))
        )
    return anomalies.select_related("personne", "dossier").order_by("ligne", "id")
