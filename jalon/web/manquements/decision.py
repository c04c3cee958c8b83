"""Décider : les seules règles du régime en vigueur, leurs bornes en mots, l'effet en euros, et chaque refus expliqué."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods

from jalon.manquements.decisions import decider_sanction
from jalon.manquements.legalite import (
    Projet,
    avertissements,
    debut_habituel,
    empechements,
    etablir_projet,
    refus,
    regles_possibles,
)
from jalon.manquements.models import EtatManquement, Manquement, NatureSanction, RegleSanction
from jalon.manquements.transmissions import derniers_droits, dossiers_payeurs, retenue_prevue
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.manquements.page import ouvrir, reponses
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import date_longue, euros, pourcent

DROIT = "sanction.decider"


@dataclass(frozen=True)
class Choix:
    """Une règle de la grille, avec ses bornes en mots pour cette personne."""

    regle: RegleSanction
    bornes: str
    choisie: bool


def bornes(projet: Projet) -> str:
    """« De 30 à 50 %, de 1 à 2 mois. Foyer de plusieurs personnes : plafond 50 %. »"""
    regle = projet.regle
    if regle.nature == NatureSanction.AMENDE:
        return "Un montant en euros, sans durée."
    plafond = projet.plafond
    if plafond == 0:
        return f"Rien de plus : {pourcent(projet.retenu_au_foyer)} sont déjà retenus au foyer à ces dates."
    haut = min(regle.taux_max or 100, plafond) if plafond is not None else regle.taux_max or 100
    bas = min(regle.taux_min or 1, haut)
    part = (
        f"De {bas} à {pourcent(haut)}"
        if bas < haut
        else f"Toute l’allocation ({pourcent(haut)})"
        if haut == 100
        else pourcent(haut)
    )
    mini, maxi = regle.duree_min or 1, regle.duree_max or 1
    duree = f"de {mini} à {maxi} mois" if mini < maxi else f"{maxi} mois"
    suite = ""
    if plafond is not None:
        cause = "Foyer de plusieurs personnes" if projet.foyer_plusieurs else "Allocation majorée"
        if projet.retenu_au_foyer:
            cause = f"{pourcent(projet.retenu_au_foyer)} sont déjà retenus au foyer"
        suite = f" {cause} : plafond {pourcent(plafond)}."
    return f"{part}, {duree}.{suite}"


class EcranDecision:
    """Ce que le décideur a choisi, et ce que cela ferait."""

    def __init__(self, manquement: Manquement, envoi: QueryDict | None) -> None:
        self.manquement, self.envoi, self.jour = manquement, envoi, timezone.localdate()
        self.regles = regles_possibles(manquement, self.jour)
        self.fautes: list[str] = []
        voulue = envoi.get("regle", "") if envoi is not None else ""
        self.regle = next((r for r in self.regles if r.code == voulue), None)
        if self.regle is None and len(self.regles) == 1:
            self.regle = self.regles[0]
        self.taux = self._entier("taux")
        self.duree = self._entier("duree")
        self.montant = self._montant()
        self.debut = self._date("debut") or debut_habituel(self.jour)
        if self.regle is not None and self.regle.nature == NatureSanction.AMENDE:
            self.taux, self.duree = None, None
        elif self.regle is not None:
            self.montant = None

    def _brut(self, nom: str) -> str:
        return self.envoi.get(nom, "").strip() if self.envoi is not None else ""

    def _entier(self, nom: str) -> int | None:
        brut = self._brut(nom)
        if not brut:
            return None
        if not (brut.isascii() and brut.isdigit()) or len(brut) > 3:
            self.fautes.append(f"« {brut[:12]} » n’est pas un nombre entier.")
            return None
        return int(brut)

    def _montant(self) -> Decimal | None:
        brut = self._brut("montant").replace(",", ".").replace("\u202f", "").replace(" ", "")
        if not brut:
            return None
        try:
            lu = Decimal(brut)
        except InvalidOperation:
            lu = Decimal("NaN")
        if not lu.is_finite() or lu >= 1_000_000 or lu != lu.quantize(Decimal("0.01")):
            self.fautes.append("Écrivez le montant en euros et centimes, comme 150,00.")
            return None
        return lu

    def _date(self, nom: str) -> date | None:
        try:
            return parse_date(self._brut(nom))
        except ValueError:
            self.fautes.append("Écrivez la date comme 31/12/2026.")
            return None

    @property
    def motivation(self) -> str:
        return self._brut("motivation")

    @property
    def motif_ecart(self) -> str:
        return self._brut("motif_ecart")

    @property
    def commence(self) -> bool:
        """Le décideur a choisi de quoi dire un effet."""
        return self.regle is not None and (
            self.montant is not None or (self.taux is not None and self.duree is not None)
        )

    def projet(self, regle: RegleSanction) -> Projet:
        amende = regle.nature == NatureSanction.AMENDE
        return etablir_projet(
            self.manquement, regle=regle, taux=self.taux, duree=self.duree, montant=self.montant,
            debut=None if amende else self.debut, jour=self.jour, motivation=self.motivation,
            motif_ecart=self.motif_ecart,
        )  # fmt: skip

    @property
    def choix(self) -> list[Choix]:
        return [
            Choix(r, bornes(etablir_projet(self.manquement, regle=r, jour=self.jour)), r == self.regle)
            for r in self.regles
        ]

    def effet(self) -> str:
        """Ce que la sanction fera, en euros quand la caisse a donné le droit."""
        if not self.commence or self.regle is None:
            return ""
        if self.montant is not None:
            return f"La personne devra {euros(self.montant)}. L’amende ne se retient pas sur l’allocation."
        assert self.taux is not None
        assert self.duree is not None
        projet = self.projet(self.regle)
        dates = ""
        if projet.periode is not None:
            dates = (
                f", du {date_longue(projet.periode.lower)} au {date_longue(projet.periode.upper - timedelta(days=1))}"
            )
        dossier = dossiers_payeurs([self.manquement.personne_id], self.jour).get(self.manquement.personne_id)
        total = derniers_droits([dossier.pk], self.jour).get(dossier.pk) if dossier is not None else None
        retenue = retenue_prevue(total, self.taux)
        if total is None or retenue is None:
            return (
                f"{pourcent(self.taux)} de l’allocation retenus chaque mois{dates}. La caisse n’a pas donné le montant "
                "du droit : l’effet en euros n’est pas connu."
            )
        return (
            f"Sur un droit de {euros(total)} par mois, {euros(retenue)} retenus{dates} : il reste "
            f"{euros(total - retenue)} par mois au foyer. En tout, {euros(retenue * self.duree)}."
        )


@require_http_methods(["GET", "HEAD", "POST"])
@exige(DROIT, "dossier.consulter")
def decider(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Choisir une règle et ses bornes, voir ce que cela fait, puis décider."""
    ouverte = ouvrir(request.perimetre, public_id, droit=DROIT)
    if ouverte.etat not in (EtatManquement.AVERTI, EtatManquement.AVIS_RENDU):
        messages.info(request, "Rien n’est à décider sur cette procédure : la voici.")
        return redirect("manquement", public_id)
    ecran = EcranDecision(ouverte, request.POST if request.method == "POST" else None)
    statut = 200
    if request.POST.get("acte") == "decider":
        try:
            if ecran.fautes:
                raise JalonError(" ".join(ecran.fautes))
            if ecran.regle is None:
                raise JalonError("Choisissez une règle de la grille.")
            with transaction.atomic():
                decider_sanction(
                    ouverte, acteur=request.user, perimetre=request.perimetre, regle=ecran.regle, taux=ecran.taux,
                    duree=ecran.duree, montant=ecran.montant,
                    debut=None if ecran.regle.nature == NatureSanction.AMENDE else ecran.debut,
                    motivation=ecran.motivation, motif_ecart=ecran.motif_ecart,
                )  # fmt: skip
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refusee:
            messages.error(request, str(refusee))
            statut = 409
        else:
            messages.success(request, "La décision est prise. Elle ne s’applique qu’une fois notifiée à la personne.")
            return redirect("manquement", public_id)
    if request.method == "GET":
        noter_lecture(
            Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
            personne=ouverte.personne.public_id, ecran="décision de sanction",
        )  # fmt: skip
    projet = ecran.projet(ecran.regle) if ecran.regle is not None else None
    toujours = empechements(ouverte, ecran.jour)
    deja = {r.contrainte for r in toujours}
    contexte = {
        "manquement": ouverte, "personne": ouverte.personne, "ecran": ecran, "choix": ecran.choix,
        "avis": getattr(ouverte, "avis", None), "observations": reponses(ouverte, request.perimetre),
        "faits": list(ouverte.faits.all()), "empechements": toujours,
        "refus": [r for r in refus(projet) if r.contrainte not in deja] if projet is not None and ecran.envoi else [],
        "avertissements": avertissements(projet) if projet is not None else [], "effet": ecran.effet(),
        "amende": ecran.regle is not None and ecran.regle.nature == NatureSanction.AMENDE,
        "amende_possible": any(r.nature == NatureSanction.AMENDE for r in ecran.regles),
        "retenue_possible": any(r.nature != NatureSanction.AMENDE for r in ecran.regles),
    }  # fmt: skip
    reponse = render(request, "manquements/decider.html", contexte, status=statut)
    reponse["Cache-Control"] = "no-store"
    return reponse
