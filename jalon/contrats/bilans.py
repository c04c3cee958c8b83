"""Le bilan d'un contrat : ce qui a bougé depuis son début, avec une nouvelle grille, et la suite (R53, R55, F050, D18)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.utils import timezone
from django.utils.text import capfirst

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.circuit import exiger_acte, franchir, verrouiller
from jalon.contrats.enums import EtatContrat, NatureBilan, SuiteBilan
from jalon.contrats.models import BilanContrat, Contrat, Objectif
from jalon.contrats.objectifs import plan
from jalon.contrats.services import contrats_du_perimetre
from jalon.diagnostics.evolution import Evolution, Sens, evolution
from jalon.diagnostics.models import Passation
from jalon.diagnostics.selectors import passations
from jalon.documents.caracteres import imprimable
from jalon.documents.composition import Composeur
from jalon.documents.ecriture import date_en_lettres
from jalon.documents.pdf import rendre_pdf
from jalon.documents.services import enregistrer_document
from jalon.referentiels.parametres import mot
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.socle.textes import nom_propre
from jalon.traces.services import tracer

DROIT: Final = "contrat.rediger"
NATURE_DOCUMENT: Final = "bilan_contrat"
TEXTES: Final = {"avance": 5_000, "reste": 5_000, "dit_par_la_personne": 5_000, "sans_grille": 300}
"""Cases écrites librement, et leur longueur."""
CASES: Final = (*TEXTES, "suite", "date")


class BilanDepasseError(TransitionRefuseeError):
    """Un autre a écrit ce bilan depuis qu'il a été lu ; `actuel` porte ce qu'il y a mis."""

    def __init__(self, actuel: BilanContrat) -> None:
        super().__init__(
            "Ce bilan a changé pendant que vous écriviez, depuis une autre page ou par un collègue : rien n'a été écrasé. "
            "Relisez ce qui y est maintenant à côté de votre texte, puis enregistrez à nouveau."
        )
        self.actuel = actuel


# --- Lire


def acceder_bilan(perimetre: Perimetre, public_id: Any, *, droit: str = "contrats.consulter") -> BilanContrat:
    """Le bilan d'un contrat que l'agent voit. Lève `DroitManquantError` ou `HorsPerimetreError`."""
    perimetre.exiger(droit)
    bilan = (
        BilanContrat.objects.filter(public_id=public_id, contrat__in=contrats_du_perimetre(perimetre))
        .select_related(
            "contrat__personne__territoire", "contrat__type__circuit", "contrat__referent", "contrat__organisme", "auteur",
            "document", "grille_avant__version__grille", "grille_apres__version__grille",
        )
        .first()
    )  # fmt: skip
    if bilan is None:
        raise HorsPerimetreError(
            "Ce bilan n'existe pas ou n'est pas dans votre périmètre : ouvrez-le depuis le contrat de la personne."
        )
    return bilan


@dataclass(frozen=True)
class Echeance:
    """Un bilan attendu : sa nature et son jour."""

    nature: NatureBilan
    le: date

    def retard(self, jour: date) -> int:
        """Jours de retard ; zéro tant que le jour n'est pas passé."""
        return max((jour - self.le).days, 0)


def bilan_attendu(contrat: Contrat) -> Echeance | None:
    """Le prochain bilan dû : celui d'étape aux mois que dit le type, puis le final au terme du contrat (R53, R55).

    Le bilan d'étape n'est dû que s'il tombe avant le terme. Rien n'est dû hors d'un contrat en vigueur, ni quand le
    circuit n'a pas de bilan.
    """
    if contrat.etat != EtatContrat.EN_VIGUEUR or contrat.periode is None or contrat.periode.isempty:
        return None
    faits = {b.nature for b in contrat.bilans.all() if b.clos_le is not None}
    etape = echeance_intermediaire(contrat)
    if etape is not None and NatureBilan.INTERMEDIAIRE not in faits:
        return Echeance(NatureBilan.INTERMEDIAIRE, etape)
    if contrat.reference_seule or NatureBilan.FINAL in faits:
        return None
    return Echeance(NatureBilan.FINAL, contrat.periode.upper)


def echeance_intermediaire(contrat: Contrat) -> date | None:
    """Jour du bilan d'étape, au sens du calendrier (31 août + 6 mois = 28 ou 29 février) ; rien s'il n'en est pas dû."""
    mois = contrat.type.bilan_intermediaire
    if mois is None or contrat.periode is None or contrat.periode.isempty:
        return None
    le: date = contrat.periode.lower + relativedelta(months=mois)
    return le if le < contrat.periode.upper else None


def grilles_du_bilan(bilan: BilanContrat) -> tuple[Passation | None, Passation | None]:
    """La grille du début du contrat et celle du jour, réponses lues.

    Avant : la dernière remplie au premier jour du contrat, à défaut la première remplie depuis. Après : la dernière
    remplie le jour du bilan ou ensuite, autre que la première. Clos, un bilan garde les deux qu'il a vues.
    """
    lues = passations(bilan.contrat.personne)
    if bilan.clos_le is not None:
        cles = {p.pk: p for p in lues}
        return cles.get(bilan.grille_avant_id or 0), cles.get(bilan.grille_apres_id or 0)
    debut = bilan.contrat.periode.lower
    chronologie = lues[::-1]
    anterieures = [p for p in chronologie if p.date_passation <= debut]
    posterieures = [p for p in chronologie if debut < p.date_passation < bilan.date]
    avant = anterieures[-1] if anterieures else posterieures[0] if posterieures else None
    grille = avant.version.grille_id if avant is not None else None
    apres = next(
        (
            p for p in lues
            if p.date_passation >= bilan.date and p != avant and (grille is None or p.version.grille_id == grille)
        ),
        None,
    )  # fmt: skip
    return avant, apres


def evolution_du_bilan(bilan: BilanContrat) -> Evolution:
    """Question par question, de la grille d'avant à celle du jour."""
    return evolution([p for p in grilles_du_bilan(bilan) if p is not None])


def ce_qui_a_bouge(evolution_: Evolution) -> list[str]:
    """Une phrase par question qui a changé, les progrès d'abord."""
    phrases = []
    for sens in (Sens.AMELIORE, Sens.DEGRADE):
        for trajet in evolution_.trajets:
            if trajet.sens == sens:
                verbe = "a progressé" if sens == Sens.AMELIORE else "est plus difficile"
                points = trajet.repondus
                phrases.append(f"{trajet.libelle} {verbe} : « {points[0].libelle} » → « {points[-1].libelle} »")
    return phrases


# --- Écrire


@transaction.atomic
def ouvrir_bilan(
    contrat: Contrat, *, acteur: Agent, perimetre: Perimetre, nature: str, le: date | None = None
) -> BilanContrat:
    """Ouvre un bilan d'étape ou final, ou rend celui qui est déjà en cours d'écriture.

    Lève `TransitionRefuseeError` (contrat pas en vigueur, bilan déjà fait, autre bilan ouvert), `DroitManquantError`.
    """
    perimetre.exiger(DROIT)
    contrat = verrouiller(contrat)
    if nature not in NatureBilan.values:
        raise JalonError("Un bilan est d'étape ou final : choisissez.")
    if nature == NatureBilan.FINAL:
        exiger_acte(contrat, "faire_bilan", perimetre)
    elif contrat.etat != EtatContrat.EN_VIGUEUR:
        raise TransitionRefuseeError(
            f"Ce contrat est « {EtatContrat(contrat.etat).label.lower()} » : un bilan d'étape se fait en cours de contrat."
        )
    ouvert = contrat.bilans.filter(clos_le=None).order_by("pk").first()
    if ouvert is not None:
        if ouvert.nature != nature:
            raise TransitionRefuseeError(
                f"Un « {ouvert.get_nature_display().lower()} » est en cours d'écriture pour ce contrat : finissez-le d'abord."
            )
        return ouvert
    le = le or timezone.localdate()
    _verifier_date(contrat, le)
    bilan = BilanContrat(contrat=contrat, nature=nature, date=le, auteur=acteur)
    bilan.grille_avant, _ = grilles_du_bilan(bilan)
    bilan.save(force_insert=True)
    tracer(
        "contrats.bilan.ouvert", bilan, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[contrat.personne.public_id], resume=f"{bilan.get_nature_display()} commencé",
    )  # fmt: skip
    return bilan


@transaction.atomic
def ecrire_bilan(
    bilan: BilanContrat, *, acteur: Agent, perimetre: Perimetre, numero_lu: int, valeurs: Mapping[str, Any]
) -> BilanContrat:
    """Garde ce qui est écrit, même à moitié ; l'enregistrement pendant la frappe passe par ici.

    Lève `BilanDepasseError` si un autre a écrit depuis, `TransitionRefuseeError` s'il est clos, `JalonError` (date, suite).
    """
    perimetre.exiger(DROIT)
    relu = _relire(bilan, numero_lu)
    change = False
    for case in CASES:
        if case not in valeurs:
            continue
        valeur = valeurs[case]
        if case in TEXTES:
            valeur = str(valeur).replace("\x00", "").replace("\r\n", "\n")
            if len(valeur) > TEXTES[case]:
                raise JalonError(
                    f"Un texte du bilan est trop long : {len(valeur)} signes pour {TEXTES[case]} au plus. Gardez l'essentiel."
                )
        elif case == "suite" and valeur and valeur not in SuiteBilan.values:
            raise JalonError("La suite est de poursuivre, renouveler, terminer, ou demander une réorientation.")
        elif case == "date":
            _verifier_date(relu.contrat, valeur)
        change |= getattr(relu, case) != valeur
        setattr(relu, case, valeur)
    if change:
        relu.numero += 1
        relu.save()
    return relu


@transaction.atomic
def clore_bilan(bilan: BilanContrat, *, acteur: Agent, perimetre: Perimetre, numero_lu: int) -> BilanContrat:
    """Fige le bilan, garde son PDF ; le final fait passer le contrat à « bilan fait » (R53 : l'échelle est revue).

    Il faut une grille remplie le jour du bilan ou depuis, ou la raison écrite de ne pas en avoir. Lève `JalonError`,
    `BilanDepasseError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger(DROIT)
    relu = _relire(bilan, numero_lu)
    contrat = verrouiller(relu.contrat)
    relu.contrat = contrat
    if relu.nature == NatureBilan.FINAL:
        exiger_acte(contrat, "faire_bilan", perimetre)
    elif contrat.etat != EtatContrat.EN_VIGUEUR:
        raise TransitionRefuseeError("Ce contrat n'est plus en vigueur : son bilan d'étape ne se clôt plus.")
    _verifier_complet(relu)
    avant, apres = grilles_du_bilan(relu)
    if apres is None and not relu.sans_grille.strip():
        raise JalonError(
            f"Un bilan revoit {mot('echelle').singulier} avec la personne : remplissez-en une nouvelle, datée du jour du "
            "bilan, ou écrivez pourquoi il n'y en a pas."
        )
    relu.grille_avant, relu.grille_apres = avant, apres
    octets = rendre_pdf("bilan_contrat", donnees_pdf(relu, [p for p in (avant, apres) if p is not None]))
    relu.document = enregistrer_document(
        octets, acteur=acteur, nature=NATURE_DOCUMENT, titre=_titre(relu), personne=contrat.personne.public_id
    )
    relu.clos_le = timezone.now()
    relu.save()
    tracer(
        "contrats.bilan.clos", relu, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[contrat.personne.public_id], vers=relu.suite,
        resume=f"{relu.get_nature_display()} : {relu.get_suite_display().lower()}",
    )  # fmt: skip
    if relu.nature == NatureBilan.FINAL:
        franchir(contrat, "faire_bilan", acteur=acteur, perimetre=perimetre)
    return relu


def _relire(bilan: BilanContrat, numero_lu: int) -> BilanContrat:
    relu = (
        BilanContrat.objects.select_for_update(of=("self",))
        .select_related("contrat__personne", "contrat__type__circuit", "auteur")
        .get(pk=bilan.pk)
    )
    if relu.clos_le is not None:
        raise TransitionRefuseeError("Ce bilan est clos : il ne change plus. Ouvrez-en un autre s'il le faut.")
    if relu.numero != numero_lu:
        raise BilanDepasseError(relu)
    return relu


def _verifier_date(contrat: Contrat, le: date | None) -> None:
    if le is None:
        raise JalonError("Dites quel jour vous faites ce bilan avec la personne.")
    if le > timezone.localdate():
        raise JalonError("Un bilan ne se date pas d'avance : écrivez le jour où vous l'avez fait avec la personne.")
    if contrat.periode.lower is not None and le < contrat.periode.lower:
        raise JalonError(f"Ce contrat commence le {contrat.periode.lower:%d/%m/%Y} : un bilan ne peut pas le précéder.")


def _verifier_complet(bilan: BilanContrat) -> None:
    if not bilan.avance.strip() and not bilan.reste.strip():
        raise JalonError("Écrivez au moins ce qui a avancé ou ce qui reste difficile : c'est le cœur du bilan.")
    if not bilan.dit_par_la_personne.strip():
        raise JalonError(
            "Écrivez ce qu'en dit la personne, avec ses mots. Si elle n'a rien voulu dire, écrivez-le simplement."
        )
    if not bilan.suite:
        raise JalonError("Dites la suite : poursuivre, renouveler, terminer, ou demander une réorientation.")


# --- Le document


def _titre(bilan: BilanContrat) -> str:
    personne = bilan.contrat.personne
    return f"{bilan.get_nature_display()} de {nom_propre(personne.prenom)} {nom_propre(personne.nom)}"


def donnees_pdf(bilan: BilanContrat, grilles: list[Passation]) -> dict[str, Any]:
    """Ce que le gabarit `bilan_contrat.typ` écrit, sans signe que la police ignore."""
    contrat, papier = bilan.contrat, Composeur().papier
    personne = contrat.personne
    suivi = evolution(grilles)
    referent = str(contrat.referent) if contrat.referent is not None else contrat.referent_externe
    donnees: dict[str, Any] = {
        "couleur": papier["couleur"],
        "departement": papier["departement"],
        "titre": _titre(bilan),
        "nature": bilan.get_nature_display(),
        "type": contrat.type.libelle,
        "personne": f"{nom_propre(personne.prenom)} {nom_propre(personne.nom)}",
        "date": date_en_lettres(bilan.date),
        "du": date_en_lettres(contrat.periode.lower),
        "au": date_en_lettres(contrat.periode.upper - relativedelta(days=1)),
        "referent": f"{capfirst(mot('referent').singulier)} : {referent or 'à nommer'}, {contrat.organisme.libelle}",
        "avance": bilan.avance.strip().splitlines(),
        "reste": bilan.reste.strip().splitlines(),
        "dit": bilan.dit_par_la_personne.strip().splitlines(),
        "objectifs": [_objectif(o) for o in plan(contrat)],
        "jours": [f"{jour:%d/%m/%Y}" for jour in suivi.jours],
        "trajets": [
            {
                "libelle": t.libelle,
                "rangs": [str(p.rang) if p.rang is not None else "—" for p in t.points],
                "sens": {Sens.AMELIORE: "a progressé", Sens.DEGRADE: "plus difficile", Sens.STABLE: "stable"}.get(
                    t.sens, "—"
                ),
            }
            for t in suivi.trajets
            if len(suivi.jours) > 1 and len(t.points) == len(suivi.jours)
        ],
        "sans_grille": bilan.sans_grille.strip(),
        "suite": bilan.get_suite_display(),
    }
    imprimables: dict[str, Any] = _imprimables(donnees)
    return imprimables


def _objectif(objectif: Objectif) -> dict[str, Any]:
    return {
        "intitule": objectif.intitule,
        "etat": objectif.get_etat_display(),
        "etapes": [f"{etape.intitule} : {etape.get_etat_display().lower()}" for etape in objectif.etapes.all()],
    }


def _imprimables(valeur: Any) -> Any:
    if isinstance(valeur, str):
        return imprimable(valeur)
    if isinstance(valeur, list):
        return [_imprimables(v) for v in valeur]
    if isinstance(valeur, dict):
        return {cle: _imprimables(v) for cle, v in valeur.items()}
    return valeur
