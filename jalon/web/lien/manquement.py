"""« Ce qui vous est reproché » : la personne lit, répond, envoie une preuve, demande à être entendue (R61, F057).

Deux portes mènent à cette page : le lien de la lettre, et le livret. PostgreSQL n'y ouvre que cette procédure : le
dossier n'y est pas lisible. Tout marche sans JavaScript, sur un téléphone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from jalon.documents.ecriture import mois_en_lettres
from jalon.manquements.decisions import dernier_jour_du_recours
from jalon.manquements.lettres import delai_observations, reproche_de
from jalon.manquements.models import (
    CanalObservation,
    DecisionSanction,
    EtatDecision,
    EtatManquement,
    Manquement,
    NatureSanction,
    RegleSanction,
)
from jalon.manquements.observations import joindre_piece, recevoir_observation
from jalon.manquements.services import regime_du
from jalon.personnes.liens import LienPersonnel, UsageLien, empreinte, lire_lien, noter_usage
from jalon.rendezvous.models import MotifAbsence
from jalon.socle.errors import JalonError
from jalon.socle.rls import Reglages, set_context
from jalon.web.lien.views import LONGUEUR_JETON, Vue, ferme, sous_garde

LONGUEUR_REPONSE = 5_000
CONNUS = frozenset({EtatManquement.AVERTI, EtatManquement.AVIS_RENDU, EtatManquement.SANCTIONNE, EtatManquement.CLASSE})
"""États où la personne a été avertie : avant, rien ne lui est encore reproché."""


@dataclass(frozen=True)
class Visite:
    """Une procédure ouverte à la personne, et par où elle est entrée."""

    manquement: Manquement
    prenom: str
    adresse: str
    gabarit: str
    lien: LienPersonnel | None = None
    """Le lien de la lettre ; absent quand la personne vient de son livret."""
    jusqu_au: datetime | None = None
    autour: dict[str, Any] = field(default_factory=dict)
    """Ce que demande le cadre de la page."""


def procedures_connues() -> Any:
    """Procédures dont la personne a été avertie, parmi celles que sa porte lui ouvre."""
    return Manquement.objects.filter(averti_le__isnull=False, etat__in=CONNUS).select_related("motif", "organisme")


def par_lien_manquement(vue: Vue) -> Vue:
    """Ouvre la vue à qui a le jeton de la lettre ; un lien fermé ou inconnu mène à une page qui dit qui appeler."""

    def ouvrir(request: HttpRequest, jeton: str) -> HttpResponse:
        jeton = jeton[:LONGUEUR_JETON]
        set_context(Reglages(lien=empreinte(jeton)))
        lien = lire_lien(jeton, usage=UsageLien.MANQUEMENT)
        ouverte = None
        if lien is not None and lien.ouvert:
            ouverte = procedures_connues().filter(public_id=lien.objet).first()
        if lien is None or ouverte is None:
            return ferme(request, connu=lien is not None)
        noter_usage(lien)
        adresse = reverse("lien_manquement", args=[jeton])
        return vue(request, Visite(ouverte, lien.prenom, adresse, "lien/manquement.html", lien, lien.expire_le))

    return sous_garde(ouvrir)


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Ce qui est reproché, ce que la personne peut faire et jusqu'à quand, et sa réponse."""
    statut = 200
    if request.method == "POST":
        try:
            with transaction.atomic():
                dit = _recevoir(request, visite)
        except JalonError as refus:
            messages.error(request, str(refus))
            statut = 409
        else:
            messages.success(request, dit)
            return redirect(f"{visite.adresse}#envoye")
    return render(request, visite.gabarit, _contexte(visite, request.POST if statut == 409 else None), status=statut)


def _recevoir(request: HttpRequest, visite: Visite) -> str:
    texte = request.POST.get("texte", "").strip()[:LONGUEUR_REPONSE]
    entendue = request.POST.get("demande_audition") == "oui"
    fichiers = request.FILES.getlist("preuve")
    code = request.POST.get("motif", "")
    motif = MotifAbsence.objects.filter(code=code, actif=True).first() if code else None
    if fichiers and not (texte or entendue or motif is not None):
        texte = "Je vous envoie un document."
    observation = recevoir_observation(
        visite.manquement, acteur=None, perimetre=None, canal=CanalObservation.EN_LIGNE, texte=texte, motif=motif,
        recue_le=timezone.localdate(), demande_audition=entendue,
        assistee_par=request.POST.get("assistee_par", "").strip()[:160], lien=visite.lien,
    )  # fmt: skip
    for rang, fichier in enumerate(fichiers, start=1):
        numero = f" n° {rang}" if len(fichiers) > 1 else ""
        joindre_piece(
            visite.manquement, acteur=None, perimetre=None, contenu=fichier.read(),
            libelle=f"Preuve envoyée en ligne{numero}", observation=observation, lien=visite.lien,
        )  # fmt: skip
    suite = " Le service vous proposera un jour pour vous entendre." if entendue else ""
    return f"Merci. Votre réponse est bien arrivée.{suite}"


def _contexte(visite: Visite, envoi: QueryDict | None) -> dict[str, Any]:
    m, jour = visite.manquement, timezone.localdate()
    faits = list(m.faits.order_by("date", "pk"))
    decision = DecisionSanction.objects.filter(manquement=m).exclude(etat=EtatDecision.DECIDEE).first()
    fin, regime = m.observations_jusqu_au, regime_du(jour)
    peut_repondre = m.etat in (EtatManquement.AVERTI, EtatManquement.AVIS_RENDU)
    return {
        "m": m, "organisme": m.organisme, "prenom": visite.prenom, "adresse": visite.adresse,
        "jusqu_au": visite.jusqu_au, "jour": jour, "faits": faits, "fin": fin,
        "reproche": reproche_de(m, faits),
        "duree": mois_en_lettres(delai_observations(jour, regime, m.regime_faits)), "passe": fin is not None and fin < jour,
        "peut_repondre": peut_repondre, "risques": _risques(m) if peut_repondre else [],
        "leve_de_droit": regime.levee_de_droit, "observations": _envoyees(m), "decision": decision,
        "dernier_jour": _dernier_jour(decision), "dernier_recours": dernier_jour_du_recours(decision) if decision else None,
        "motifs": list(MotifAbsence.objects.filter(actif=True).order_by("ordre", "pk")),
        "texte": envoi.get("texte", "") if envoi is not None else "",
        "choisi": envoi.get("motif", "") if envoi is not None else "",
        "entendue": envoi is not None and envoi.get("demande_audition") == "oui",
        "avec_qui": envoi.get("assistee_par", "") if envoi is not None else "",
        "longueur": LONGUEUR_REPONSE, **visite.autour,
    }  # fmt: skip


def _envoyees(m: Manquement) -> list[Any]:
    return list(m.observations.select_related("motif").prefetch_related("pieces").order_by("-recue_le", "-pk"))


def _dernier_jour(decision: DecisionSanction | None) -> date | None:
    """Dernier jour où quelque chose est retenu."""
    if decision is None or decision.periode is None or decision.periode.isempty:
        return None
    return decision.periode.upper - timedelta(days=1)


def _risques(m: Manquement) -> list[str]:
    """Ce qui peut suivre, dans la grille du jour, en mots simples."""
    regime = regime_du(timezone.localdate())
    phrases = []
    for regle in RegleSanction.objects.filter(regime=regime, fraude=m.motif.fraude).order_by("pk"):
        if regle.nature == NatureSanction.AMENDE:
            phrases.append("Une amende peut vous être demandée.")
        elif regle.rang != "suivante":
            phrases.append(_risque(regle))
    return list(dict.fromkeys(phrases))


def _risque(regle: RegleSanction) -> str:
    if regle.taux_min == regle.taux_max == 100:
        return f"Votre allocation peut être arrêtée, {regle.duree_max} mois au plus."
    phrase = f"Votre allocation peut baisser ou s’arrêter, {regle.duree_max} mois au plus."
    if regle.plafond_foyer is not None:
        phrase += f" Si votre foyer compte plusieurs personnes, jamais plus de {regle.plafond_foyer} % en moins."
    return phrase
