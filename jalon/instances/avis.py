"""Rendre un avis en séance : provisoire jusqu'à la clôture, qui le porte là où il compte (R63-R64, R50, F056)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from django.db import transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.validation import rendre_lecture
from jalon.instances.examen import AVIS_VIDE, marquer_examine, prendre_dossier, tracer_examen
from jalon.instances.models import (
    AvisDossier,
    AvisSeance,
    DeportMembre,
    DossierSeance,
    EffetTheme,
    Majorite,
    MembreInstance,
    NatureInstance,
    Seance,
    SensAvisDossier,
)
from jalon.instances.ordre_du_jour import exiger_nature
from jalon.instances.quorum import calculer_quorum, compte, presences, qualites_du_type
from jalon.manquements.avis import enregistrer_avis, exiger_hors_de_cause
from jalon.manquements.constats import constater, poser_constats
from jalon.manquements.legalite import etablir_projet, refus, regles_possibles
from jalon.manquements.models import EtatManquement, Manquement, RegleSanction
from jalon.orientations.models import EtatReorientation
from jalon.orientations.reorientations import rendre_avis, transmettre_demande
from jalon.socle.errors import JalonError, TransitionRefuseeError

DROITS_DE_LA_SEANCE = frozenset(
    {"manquements.consulter", "manquement.instruire", "reorientation.examiner", "contrat.recevoir"}
)
"""Présider emporte le droit de porter l'avis de la séance à sa place, et lui seul."""
BORNES = frozenset(
    {
        "sanction_personne_soumise", "sanction_service_hors_de_cause", "sanction_rang", "sanction_taux_dans_la_grille",
        "sanction_duree_dans_la_grille", "sanction_plafond_du_foyer", "sanction_reservee_a_la_fraude",
        "sanction_motif_du_regime", "sanction_heures_dues", "sanction_faits_assez_recents",
    }
)  # fmt: skip
"""Ce qu'un avis ne peut pas proposer ; le reste des garanties se vérifie au jour de la décision."""


@dataclass(frozen=True)
class Proposition:
    """Ce que la séance dit d'un dossier ; la sanction proposée cite sa règle et tient dans ses bornes."""

    sens: str
    vote: str = AvisSeance.UNANIME
    texte: str = ""
    regle: RegleSanction | None = None
    taux: int | None = None
    duree: int | None = None
    voix_pour: int | None = None
    voix_contre: int | None = None


# --- Statuer


@transaction.atomic
def statuer_avis(
    dossier: DossierSeance, *, acteur: Agent, perimetre: Perimetre, proposition: Proposition
) -> DossierSeance:
    """Retient l'avis de la séance sur ce dossier ; il se reprend jusqu'à la clôture. Réf. : R63-R64, [001] A I.2.

    Une personne qui a demandé à être entendue l'est, ou y est convoquée, avant tout avis (R61). Si le service est en
    cause ce jour, l'avis ne peut pas être favorable (R62). Lève `JalonError`, `TransitionRefuseeError`,
    `DroitManquantError`.
    """
    dossier, seance = prendre_dossier(dossier, acteur, perimetre, "statuer")
    exiger_nature(seance, NatureInstance.AVIS)
    avis = AvisDossier.objects.select_related("manquement__motif", "regle").get(dossier=dossier)
    _verifier_quorum(seance, dossier)
    _verifier_vote(seance, dossier, proposition)
    if dossier.theme.effet != EffetTheme.REORIENTATION and not proposition.texte.strip():
        raise JalonError("Un avis se motive : écrivez sur quoi il se fonde, la personne le lira.")
    if avis.manquement is not None:
        _verifier_garanties(dossier, avis.manquement, proposition)
        _verifier_sanction(dossier, avis.manquement, proposition)
    elif proposition.regle is not None:
        raise JalonError("Une sanction ne se propose que sur une procédure de manquement.")
    retenu = {
        "sens": proposition.sens, "voix_pour": proposition.voix_pour, "voix_contre": proposition.voix_contre,
        "regle": proposition.regle, "nature": proposition.regle.nature if proposition.regle else "",
        "taux": proposition.taux, "duree": proposition.duree, "texte": proposition.texte.strip(),
    }  # fmt: skip
    AvisDossier.objects.filter(dossier=dossier).update(**{**AVIS_VIDE, **retenu})
    marquer_examine(dossier, acteur, proposition.vote)
    tracer_examen(
        dossier, acteur, perimetre, f"Avis {SensAvisDossier(proposition.sens).label.lower()}, {dossier.theme}",
        vers=proposition.sens,
    )  # fmt: skip
    return dossier


def _verifier_vote(seance: Seance, dossier: DossierSeance, dit: Proposition) -> None:
    if dit.sens not in SensAvisDossier.values:
        raise JalonError("Un avis est favorable, défavorable ou partagé : choisissez.")
    if dit.vote not in AvisSeance.values:
        raise JalonError("Dites si la séance est unanime, décide à la majorité, ou se partage.")
    if (dit.sens == SensAvisDossier.PARTAGE) != (dit.vote == AvisSeance.PARTAGE):
        raise JalonError("Un avis partagé est celui d'une séance dont les voix se partagent, et d'elle seule.")
    if dit.sens == SensAvisDossier.PARTAGE and dossier.theme.effet == EffetTheme.REORIENTATION:
        raise JalonError(
            "Sur un changement d'orientation, l'avis est favorable ou défavorable : départagez-vous, ou ajournez."
        )
    if (dit.voix_pour is None) != (dit.voix_contre is None):
        raise JalonError("Comptez les voix pour et les voix contre, ou aucune des deux.")
    votants = _votants(seance, dossier)
    if dit.voix_pour is not None and dit.voix_contre is not None:
        _verifier_voix(dit, dit.voix_pour, dit.voix_contre)
        _verifier_nombre_de_voix(votants, dit.voix_pour + dit.voix_contre)
    _verifier_majorite(seance, dossier, dit, votants)


def _verifier_quorum(seance: Seance, dossier: DossierSeance) -> None:
    """On délibère au complet : les représentants des bénéficiaires sont là quand l'avis se forme, pas après (L262-39)."""
    present = calculer_quorum(seance, presences(seance), qualites_du_type(seance), _retires(dossier))
    if not present.atteint:
        raise TransitionRefuseeError(f"{present.phrase} Notez les arrivées, ou ajournez ce dossier.")


def _retires(dossier: DossierSeance) -> set[int]:
    return set(DeportMembre.objects.filter(dossier=dossier).order_by("pk").values_list("membre_id", flat=True))


def _votants(seance: Seance, dossier: DossierSeance, *, vus: Mapping[str, int] = MappingProxyType({})) -> int:
    """Membres présents ou représentés, sans ceux qui se sont retirés de ce dossier, et les `vus` partis depuis."""
    return calculer_quorum(seance, presences(seance), [], _retires(dossier), vus=vus).presents


def _verifier_nombre_de_voix(votants: int, voix: int) -> None:
    if voix > votants:
        raise JalonError(
            f"{voix} voix comptées pour {votants} membres qui votent sur ce dossier : recomptez, ou notez les arrivées."
        )


def _verifier_voix(dit: Proposition, pour: int, contre: int) -> None:
    gagne = SensAvisDossier.FAVORABLE if pour > contre else SensAvisDossier.DEFAVORABLE
    attendu = SensAvisDossier.PARTAGE if pour == contre else gagne
    if dit.sens != attendu:
        raise JalonError(
            f"{pour} voix pour et {contre} contre font un avis {attendu.label.lower()} : corrigez l'un ou l'autre."
        )
    if dit.vote == AvisSeance.UNANIME and min(pour, contre):
        raise JalonError(f"{pour} voix pour et {contre} contre : la séance n'est pas unanime.")


def _verifier_majorite(seance: Seance, dossier: DossierSeance, dit: Proposition, votants: int) -> None:
    """Un avis favorable demande la majorité du thème ; défavorable ou partagé, il n'en demande aucune."""
    majorite, unanime = dossier.theme.majorite, dit.vote == AvisSeance.UNANIME
    if dit.sens != SensAvisDossier.FAVORABLE:
        return
    if majorite == Majorite.UNANIMITE and not unanime:
        raise JalonError(f"« {dossier.theme} » demande l'unanimité : sans elle, l'avis n'est pas favorable.")
    if majorite == Majorite.ABSOLUE:
        membres = MembreInstance.objects.filter(
            instance=seance.instance, supplee=None, periode__contains=seance.date
        ).count()
        pour = votants if unanime and dit.voix_pour is None else dit.voix_pour
        if pour is None:
            raise JalonError(f"« {dossier.theme} » demande la majorité des {membres} membres : comptez les voix.")
        if pour * 2 <= membres:
            raise JalonError(
                f"« {dossier.theme} » demande la majorité des {membres} membres : {pour} voix n'y suffisent pas."
            )


def _verifier_garanties(dossier: DossierSeance, manquement: Manquement, dit: Proposition) -> None:
    if manquement.demande_audition and manquement.entendue_le is None and dossier.convoquee_le is None:
        raise TransitionRefuseeError(
            "La personne a demandé à être entendue : convoquez-la à une heure de passage, ou ajournez le dossier (R61)."
        )
    if dit.sens == SensAvisDossier.FAVORABLE:
        exiger_hors_de_cause(manquement, service_en_cause=any(tort.efface for tort in constater(manquement)))


def _verifier_sanction(dossier: DossierSeance, manquement: Manquement, dit: Proposition) -> None:
    """La sanction proposée est de celles du thème, et dans la grille du régime en vigueur ce jour."""
    if dit.regle is None:
        if dit.taux is not None or dit.duree is not None:
            raise JalonError("Choisissez la règle dont vous proposez la part et la durée.")
        return
    if dit.sens != SensAvisDossier.FAVORABLE:
        raise JalonError("Seul un avis favorable propose une sanction.")
    if dit.regle.pk not in {regle.pk for regle in regles_proposables(dossier, manquement)}:
        raise JalonError(f"« {dit.regle} » ne vaut pas pour ce dossier : choisissez une règle de la liste.")
    projet = etablir_projet(manquement, regle=dit.regle, taux=dit.taux, duree=dit.duree)
    for obstacle in refus(projet):
        if obstacle.contrainte in BORNES:
            raise JalonError(obstacle.phrase)


def regles_proposables(dossier: DossierSeance, manquement: Manquement) -> list[RegleSanction]:
    """Règles de la grille du jour que ce thème peut proposer, au rang où en est la personne."""
    return [
        regle for regle in regles_possibles(manquement, timezone.localdate()) if regle.nature in dossier.theme.natures
    ]


# --- Appliquer


def appliquer_avis(dossier: DossierSeance, *, acteur: Agent, perimetre: Perimetre) -> None:
    """Porte l'avis retenu là où il compte, au nom de la séance ; il ne décide rien (R63)."""
    au_nom = replace(perimetre, droits=perimetre.droits | DROITS_DE_LA_SEANCE)
    avis: AvisDossier = dossier.avis_rendu
    if not avis.sens:
        raise JalonError("Aucun avis n'a été retenu pour ce dossier.")
    if avis.voix_pour is not None and avis.voix_contre is not None:
        votants = _votants(dossier.seance, dossier, vus=dossier.siegeaient)
        _verifier_nombre_de_voix(votants, avis.voix_pour + avis.voix_contre)
    if avis.manquement is not None:
        enregistrer_avis(
            avis.manquement, acteur=acteur, perimetre=au_nom, sens=avis.sens, vote=dossier.avis, nature=avis.nature,
            taux=avis.taux, duree=avis.duree, texte=avis.texte, rendu_le=timezone.localdate(),
            seance=dossier.seance.public_id,
        )  # fmt: skip
    elif avis.demande is not None:
        demande = avis.demande
        if demande.etat == EtatReorientation.DEMANDEE:
            demande = transmettre_demande(demande, acteur=acteur, perimetre=au_nom)
        rendre_avis(demande, acteur=acteur, perimetre=au_nom, avis=avis.sens, texte=_en_mots(dossier, avis))
    elif avis.contrat is not None:
        rendre_lecture(
            avis.contrat, acteur=acteur, perimetre=au_nom, motif=_en_mots(dossier, avis),
            presents=_qui_a_lu(dossier),
        )  # fmt: skip


def relire_les_torts(dossier: DossierSeance) -> None:
    """Un avis refusé à la clôture laisse la procédure à jour de ses torts : elle se classe, sans revenir en séance."""
    avis: AvisDossier = dossier.avis_rendu
    ouverte = (
        Manquement.objects.select_for_update(of=("self",))
        .select_related("motif")
        .filter(avis_seances=avis, etat__in=EtatManquement.ouverts())
        .first()
    )
    if ouverte is not None:
        poser_constats(ouverte)


def _en_mots(dossier: DossierSeance, avis: AvisDossier) -> str:
    seance = dossier.seance
    return (
        f"Avis {avis.get_sens_display().lower()} ({dossier.get_avis_display().lower()}) de la séance n° {seance.numero} "
        f"du {seance.date:%d/%m/%Y}. {avis.texte}"
    ).strip()


def _qui_a_lu(dossier: DossierSeance) -> str:
    """Les qualités présentes ; le nom des membres reste au procès-verbal."""
    titres = dict.fromkeys(
        p.membre.qualite.libelle for p in presences(dossier.seance) if compte(p, (), dossier.siegeaient)
    )
    return ", ".join(titres)[:300]
