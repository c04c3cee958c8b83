"""Préparer une saisine : le motif, les faits du dossier, le contact, et ce que le dossier dit du service (R18, R60, R62).

La réponse à « le service est-il en cause ? » se lit avant d'enregistrer : la page pose la saisine, la relit, et la
défait tant que l'agent ne l'a pas gardée.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods

from jalon.agents.perimetre import Perimetre
from jalon.manquements.constats import Constat, constater
from jalon.manquements.models import (
    EtatManquement,
    FaitManquement,
    Manquement,
    MotifClassement,
    MotifManquement,
    Regime,
)
from jalon.manquements.saisine import (
    ajouter_fait,
    choisir_contact,
    ecrire_expose,
    manques,
    preparer_manquement,
    retirer_fait,
    saisir_instance,
)
from jalon.manquements.services import acceder_manquement
from jalon.personnes.models import Personne
from jalon.personnes.selectors import acceder_personne
from jalon.rendezvous.models import (
    ContactIndividuel,
    EtatInvitation,
    EtatRendezVous,
    Invitation,
    RendezVous,
    ResultatContact,
)
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.manquements.page import Saisie
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import date_longue, heure, nom_affiche

DROIT = "manquement.saisir"
MONTRES = 12
"""Absences et contacts que la page propose, les plus récents d'abord."""


@dataclass(frozen=True)
class Case:
    """Une absence du dossier, ou un fait déjà écrit, à cocher."""

    cle: str
    date: date
    texte: str
    detail: str
    coche: bool


@dataclass
class Reponse:
    """Ce que dit le dossier de la saisine telle qu'elle est à l'écran."""

    constats: list[Constat] = field(default_factory=list)
    manques: list[str] = field(default_factory=list)
    refus: str = ""
    """Pourquoi la saisine ne peut pas s'écrire ; vide si elle le peut."""

    @property
    def en_cause(self) -> bool:
        return any(constat.efface for constat in self.constats)

    @property
    def autres(self) -> list[str]:
        """Ce qui manque encore, hors des torts du service : ceux-ci ont leur place à part."""
        torts = {constat.phrase for constat in self.constats}
        return [phrase for phrase in self.manques if phrase not in torts]

    @property
    def prete(self) -> bool:
        return not self.manques and not self.refus


class Ecran:
    """La saisine à l'écran : ce qui est enregistré, et ce que l'agent vient de changer."""

    def __init__(
        self, personne: Personne, perimetre: Perimetre, manquement: Manquement | None, envoi: QueryDict | None
    ) -> None:
        self.personne, self.perimetre, self.manquement, self.envoi = personne, perimetre, manquement, envoi
        self.jour = timezone.localdate()
        self.motifs = _motifs(self.jour)
        self.absences_rv = list(
            RendezVous.objects.filter(personne=personne, etat=EtatRendezVous.MANQUE)
            .select_related("organisme")
            .order_by("-debut", "-pk")[:MONTRES]
        )
        self.absences_reunion = list(
            Invitation.objects.filter(personne=personne, etat=EtatInvitation.ABSENTE)
            .select_related("reunion")
            .order_by("-reunion__date", "-pk")[:MONTRES]
        )
        self.contacts = list(
            ContactIndividuel.objects.filter(personne=personne, resultat=ResultatContact.JOINTE)
            .select_related("auteur")
            .order_by("-date", "-pk")[:MONTRES]
        )
        self.faits = (
            list(manquement.faits.select_related("rendez_vous", "invitation").order_by("date", "pk"))
            if manquement is not None
            else []
        )

    # Ce qui est à l'écran

    @property
    def motif(self) -> MotifManquement | None:
        if self.manquement is not None:
            return self.manquement.motif
        voulu = self.envoi.get("motif") if self.envoi is not None else ""
        return next((m for m in self.motifs if m.code == voulu), None)

    @property
    def expose(self) -> str:
        if self.envoi is not None:
            return self.envoi.get("expose", "")
        return self.manquement.expose if self.manquement is not None else ""

    @property
    def numero(self) -> int:
        """Numéro d'écriture que l'agent avait sous les yeux."""
        lu = self.envoi.get("numero", "") if self.envoi is not None else ""
        return int(lu) if lu.isascii() and lu.isdigit() else (self.manquement.numero if self.manquement else 1)

    @property
    def contact(self) -> ContactIndividuel | None:
        """Le contact choisi ; sans choix, le plus récent depuis le dernier fait est proposé."""
        if self.envoi is not None:
            voulu = self.envoi.get("contact", "")
            return next((c for c in self.contacts if str(c.public_id) == voulu), None)
        if self.manquement is not None and self.manquement.contact_id is not None:
            return next((c for c in self.contacts if c.pk == self.manquement.contact_id), None)
        dernier = max((case.date for case in self.cases if case.coche), default=None)
        return next((c for c in self.contacts if dernier is None or c.date >= dernier), None)

    @property
    def fait_date(self) -> str:
        return self.envoi.get("fait_date", "") if self.envoi is not None else ""

    @property
    def fait_texte(self) -> str:
        return self.envoi.get("fait_texte", "") if self.envoi is not None else ""

    @property
    def cases(self) -> list[Case]:
        """Les absences du dossier et les faits écrits à la main ; une absence non reprochée n'est pas cochée."""
        ecrits_rv = {fait.rendez_vous_id for fait in self.faits}
        ecrits_reunion = {fait.invitation_id for fait in self.faits}
        lues = [
            Case(
                f"rv-{rv.public_id}", timezone.localtime(rv.debut).date(), f"{rv.get_objet_display()}, non venue",
                f"{date_longue(rv.debut)} à {heure(rv.debut)}, {rv.organisme.libelle}", rv.pk in ecrits_rv,
            )
            for rv in self.absences_rv
        ] + [
            Case(
                f"in-{invitation.public_id}", invitation.reunion.date, "Réunion, non venue",
                f"{date_longue(invitation.reunion.date)}, {invitation.reunion.lieu}", invitation.pk in ecrits_reunion,
            )
            for invitation in self.absences_reunion
        ] + [
            Case(f"fait-{fait.pk}", fait.date, fait.description, date_longue(fait.date), True)
            for fait in self.faits
            if fait.rendez_vous_id is None and fait.invitation_id is None
        ]  # fmt: skip
        if self.envoi is not None:
            coches = set(self.envoi.getlist("faits"))
            lues = [Case(c.cle, c.date, c.texte, c.detail, c.cle in coches) for c in lues]
        return sorted(lues, key=lambda case: case.date, reverse=True)

    # Écrire

    def ecrire(self, request: HttpRequest) -> Manquement:
        """Pose ce qui est à l'écran : la préparation, ses faits, son contact, l'exposé. Lève `JalonError`."""
        qui: dict[str, Any] = {"acteur": request.user, "perimetre": self.perimetre}
        ouvert = self.manquement
        if ouvert is None:
            if self.motif is None:
                raise JalonError("Choisissez d’abord ce qui est reproché.")
            ouvert = preparer_manquement(self.personne, motif=self.motif, **qui)
        # L'exposé d'abord : chaque acte change le numéro d'écriture, et c'est lui qui garde le texte d'un collègue.
        if self.expose.strip() != ouvert.expose.strip():
            numero = self.numero if self.manquement is not None else ouvert.numero
            ouvert = ecrire_expose(ouvert, expose=self.expose, numero_lu=numero, **qui)
        self._ecrire_faits(ouvert, qui)
        if self.contact is not None and ouvert.contact_id != self.contact.pk:
            choisir_contact(ouvert, contact=self.contact, **qui)
        return Manquement.objects.select_related("motif", "personne").get(pk=ouvert.pk)

    def _ecrire_faits(self, ouvert: Manquement, qui: dict[str, Any]) -> None:
        voulus = {case.cle for case in self.cases if case.coche}
        deja: dict[str, FaitManquement] = {}
        for fait in self.faits:
            cle = f"fait-{fait.pk}"
            if fait.rendez_vous is not None:
                cle = f"rv-{fait.rendez_vous.public_id}"
            elif fait.invitation is not None:
                cle = f"in-{fait.invitation.public_id}"
            deja[cle] = fait
        for cle, fait in deja.items():
            if cle not in voulus:
                retirer_fait(fait, **qui)
        for rv in self.absences_rv:
            if (cle := f"rv-{rv.public_id}") in voulus and cle not in deja:
                ajouter_fait(ouvert, date=timezone.localtime(rv.debut).date(), rendez_vous=rv, **qui)
        for invitation in self.absences_reunion:
            if (cle := f"in-{invitation.public_id}") in voulus and cle not in deja:
                ajouter_fait(ouvert, date=invitation.reunion.date, invitation=invitation, **qui)
        if self.fait_texte.strip() or self.fait_date:
            jour = parse_date(self.fait_date) if self.fait_date else None
            if jour is None:
                raise JalonError("Donnez la date de l’autre fait, comme 31/12/2026.")
            ajouter_fait(ouvert, date=jour, description=self.fait_texte.strip(), **qui)

    def reponse(self, request: HttpRequest) -> Reponse:
        """Ce que dirait le dossier si l'on gardait : tout est posé, relu, puis défait."""
        if self.motif is None:
            return Reponse()
        if self.manquement is not None and self.envoi is None:
            return Reponse(constater(self.manquement), manques(self.manquement))
        lue = Reponse()
        with transaction.atomic():
            try:
                with transaction.atomic():
                    essai = self.ecrire(request)
                lue = Reponse(constater(essai), manques(essai))
            except (HorsPerimetreError, DroitManquantError):
                raise
            except JalonError as refus:
                lue = Reponse(refus=str(refus))
            transaction.set_rollback(True)
        return lue


def _motifs(jour: date) -> list[MotifManquement]:
    """Ce que la loi du jour permet de reprocher."""
    regime = Regime.objects.filter(periode__contains=jour).order_by("pk").first()
    tous = MotifManquement.objects.filter(actif=True).order_by("ordre", "pk")
    return [m for m in tous if regime is not None and regime.code in m.articles]


@require_http_methods(["GET", "HEAD", "POST"])
@exige(DROIT, "dossier.consulter")
def ouvrir(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Une saisine pour cette personne ; s'il en est une ouverte, la voici."""
    personne = acceder_personne(request.perimetre, public_id, droit=DROIT)
    ouverte = (
        Manquement.objects.filter(personne=personne, etat__in=EtatManquement.ouverts())
        .select_related("motif")
        .order_by("pk")
        .first()
    )
    if ouverte is not None:
        messages.info(request, f"Une procédure est déjà ouverte pour {nom_affiche(personne)} : la voici.")
        if ouverte.etat == EtatManquement.PREPARE:
            return redirect("manquement_preparer", ouverte.public_id)
        return redirect("manquement", ouverte.public_id)
    return _tenir(request, Ecran(personne, request.perimetre, None, request.POST if _envoi(request) else None))


@require_http_methods(["GET", "HEAD", "POST"])
@exige(DROIT, "dossier.consulter")
def preparer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Reprendre une saisine en préparation."""
    ouvert = acceder_manquement(request.perimetre, public_id, droit=DROIT)
    if ouvert.etat != EtatManquement.PREPARE:
        messages.info(request, "Cette saisine est partie : elle ne se change plus.")
        return redirect("manquement", public_id)
    envoi = request.POST if _envoi(request) else None
    return _tenir(request, Ecran(ouvert.personne, request.perimetre, ouvert, envoi))


def _envoi(request: HttpRequest) -> bool:
    return request.method == "POST"


def _tenir(request: HttpRequest, ecran: Ecran) -> HttpResponse:
    acte = request.POST.get("acte", "verifier") if request.method == "POST" else ""
    if acte in ("garder", "saisir"):
        faits: dict[str, Callable[[HttpRequest, Ecran], HttpResponse]] = {"garder": _garder, "saisir": _saisir}
        try:
            with transaction.atomic():
                return faits[acte](request, ecran)
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refus:
            messages.error(request, str(refus))
            return _montrer(request, ecran, statut=409)
    return _montrer(request, ecran)


def _garder(request: HttpRequest, ecran: Ecran) -> HttpResponse:
    ouvert = ecran.ecrire(request)
    messages.success(request, "La préparation est gardée. Rien n’est parti : la personne n’en est pas encore informée.")
    return redirect("manquement_preparer", ouvert.public_id)


def _saisir(request: HttpRequest, ecran: Ecran) -> HttpResponse:
    ouvert = ecran.ecrire(request)
    saisir_instance(ouvert, acteur=request.user, perimetre=ecran.perimetre)
    messages.success(request, "La saisine est faite. La personne doit maintenant être avertie par une lettre.")
    return redirect("manquement", ouvert.public_id)


def _montrer(request: HttpRequest, ecran: Ecran, *, statut: int = 200) -> HttpResponse:
    if request.method == "GET":
        noter_lecture(
            Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
            personne=ecran.personne.public_id, ecran="saisine pour un manquement",
        )  # fmt: skip
    contexte = {
        "ecran": ecran, "personne": ecran.personne, "manquement": ecran.manquement, "reponse": ecran.reponse(request),
        "cases": ecran.cases, "motif": ecran.motif, "contact": ecran.contact, "s": Saisie(),
        "classements": [(c.value, c.label) for c in (MotifClassement.ERREUR, MotifClassement.SUITE, MotifClassement.SERVICE)],
        "maximum": Manquement._meta.get_field("expose").max_length,
    }  # fmt: skip
    reponse = render(request, "manquements/preparer.html", contexte, status=statut)
    reponse["Cache-Control"] = "no-store"
    return reponse
