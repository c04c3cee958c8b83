"""Ce qui attend un agent aujourd'hui, selon ses droits ; lignes d'un résultat de recherche."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse

from jalon.agents.perimetre import Perimetre
from jalon.droits.models import Situation, Soumission
from jalon.echanges.models import Flux
from jalon.orientations.models import AttenteOrientation, MotifEntree
from jalon.orientations.querysets import AttenteOrientationQuerySet
from jalon.personnes.models import Adresse, EtatTache, Personne, Rattachement, Tache, TypeTache
from jalon.personnes.rapprochements import taches
from jalon.referentiels.parametres import nombre
from jalon.web.accueil.chiffres import Chiffre
from jalon.web.accueil.referent import JourneeReferent, chiffres_contrats, compter_contrats, journee_referent

EN_COURS = Q(periode__endswith=None, periode__isempty=False)
PREMIERES = 5


@dataclass(frozen=True, slots=True)
class Journee:
    """L'accueil : la journée d'un référent ou les contrats d'une équipe, les chiffres, ce qui presse, le dernier fichier."""

    referent: JourneeReferent | None
    equipe: Sequence[Chiffre]
    chiffres: Sequence[Chiffre]
    attentes: Sequence[AttenteOrientation]
    taches: Sequence[Tache]
    flux: Flux | None
    voit_flux: bool


def journee(perimetre: Perimetre, jour: date, compteurs: Mapping[str, int]) -> Journee:
    """Un nombre fixe de lectures, chacune seulement si l'agent y a droit."""
    chiffres: list[Chiffre] = []
    attentes: list[AttenteOrientation] = []
    a_faire: list[Tache] = []
    if perimetre.peut("file_orientation.consulter"):
        file = AttenteOrientationQuerySet(AttenteOrientation).en_cours().du_perimetre(perimetre)
        chiffres += _chiffres_file(file, jour)
        if compteurs.get("file_orientation"):
            attentes = list(file.select_related("personne").order_by("echeance", "pk")[:PREMIERES])
    if perimetre.peut("taches.traiter"):
        siennes = taches(perimetre).filter(etat=EtatTache.A_FAIRE)
        chiffres += _chiffres_taches(siennes, jour, perimetre)
        if compteurs.get("taches"):
            a_faire = list(
                siennes.select_related("personne").order_by(F("echeance").asc(nulls_last=True), "pk")[:PREMIERES]
            )
    if perimetre.peut("doublons.traiter"):
        chiffres.append(Chiffre("Doublons à examiner", compteurs["doublons"], reverse("doublons"), "users"))
    if perimetre.peut("quarantaine.traiter"):
        enquarantaine = compteurs["quarantaine"]
        chiffres.append(
            Chiffre(
                "Foyers en quarantaine",
                enquarantaine,
                reverse("quarantaine"),
                "alert-triangle",
                "ambre" if enquarantaine else "",
            )
        )
    voit_flux = perimetre.peut("flux.consulter")
    flux = Flux.objects.order_by("-importe_le", "-pk").first() if voit_flux else None
    referent, equipe = None, list[Chiffre]()
    if perimetre.agent is not None and perimetre.peut("portefeuille.consulter", "contrats.consulter"):
        referent = journee_referent(perimetre, perimetre.agent, jour)
    elif perimetre.peut("charge.consulter", "contrats.consulter"):
        equipe = chiffres_contrats(compter_contrats(perimetre, jour), jour)
    return Journee(referent, equipe, chiffres, attentes, a_faire, flux, voit_flux)


def _chiffres_file(file: AttenteOrientationQuerySet, jour: date) -> list[Chiffre]:
    alerte = int(nombre("orientation.alerte_avant_echeance", jour))
    nombres = file.order_by().aggregate(
        total=Count("pk"),
        depasse=Count("pk", filter=Q(echeance__lt=jour)),
        proche=Count("pk", filter=Q(echeance__gte=jour, echeance__lt=jour + timedelta(days=alerte))),
        nouveaux=Count("pk", filter=Q(motif=MotifEntree.NOUVEL_ENTRANT)),
    )
    adresse = reverse("file_orientation")
    return [
        Chiffre(
            "Orientations en retard", nombres["depasse"], f"{adresse}?delai=depasse", "alert-triangle",
            "rouge" if nombres["depasse"] else "", "le délai du service est dépassé",
        ),
        Chiffre(
            f"À orienter sous {alerte} jours", nombres["proche"], f"{adresse}?delai=proche", "clock",
            "ambre" if nombres["proche"] else "",
        ),
        Chiffre("Nouveaux entrants", nombres["nouveaux"], f"{adresse}?motif=nouvel_entrant", "user-plus"),
        Chiffre("Personnes à orienter", nombres["total"], adresse, "route"),
    ]  # fmt: skip


def _chiffres_taches(a_faire: QuerySet[Tache], jour: date, perimetre: Perimetre) -> list[Chiffre]:
    """Les tâches ; un référent voit à part celles qu'on lui confie et les personnes à joindre après une absence."""
    nombres: dict[str, Any] = a_faire.order_by().aggregate(
        total=Count("pk"), retard=Count("pk", filter=Q(echeance__lt=jour)),
        miennes=Count("pk", filter=Q(agent=perimetre.agent)),
        absences=Count("pk", filter=Q(type=TypeTache.CONTACT_ABSENCE)),
    )  # fmt: skip
    adresse = reverse("taches")
    chiffres = [Chiffre("Tâches à faire", nombres["total"], adresse, "checklist")]
    if perimetre.peut("portefeuille.consulter"):
        chiffres += [
            Chiffre("Tâches qui me sont confiées", nombres["miennes"], f"{adresse}?filtre=miennes", "user-check"),
            Chiffre(
                "Absences à reprendre", nombres["absences"], f"{adresse}?filtre={TypeTache.CONTACT_ABSENCE.value}",
                "user-x", "ambre" if nombres["absences"] else "", "joindre la personne d’abord",
            ),
        ]  # fmt: skip
    if nombres["retard"]:
        chiffres.insert(
            0, Chiffre("Tâches en retard", nombres["retard"], f"{adresse}?filtre=retard", "clock-exclamation", "rouge")
        )
    return chiffres


def resultats(cles: Sequence[int]) -> list[Personne]:
    """Personnes d'une recherche, dans l'ordre donné, avec ce que leur ligne montre (une requête)."""
    foyer = Rattachement.objects.filter(EN_COURS, personne=OuterRef("pk")).order_by("-pk").values("foyer")[:1]
    adresse = (
        Adresse.objects.filter(EN_COURS, foyer=OuterRef("foyer_courant")).order_by("rang", "-pk").values("nom_commune")
    )
    situation = (
        Situation.objects.filter(EN_COURS, dossier__foyer=OuterRef("foyer_courant"))
        .order_by("-dossier__date_demande", "-pk")
        .values("etat")
    )
    soumise = Soumission.objects.filter(EN_COURS, personne=OuterRef("pk"), soumise=True)
    personnes = (
        Personne.objects.filter(pk__in=cles)
        .select_related("territoire")
        .annotate(foyer_courant=Subquery(foyer))
        .annotate(commune=Subquery(adresse[:1]), etat=Subquery(situation[:1]), soumise=Exists(soumise))
    )
    par_cle = {personne.pk: personne for personne in personnes}
    return [par_cle[cle] for cle in cles if cle in par_cle]
