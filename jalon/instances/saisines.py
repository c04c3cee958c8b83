"""Inscrire ce qui attend un avis : procédures, demandes de réorientation, contrats à lire (R63-R64, R50, F056)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Model, QuerySet

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.models import Contrat
from jalon.diagnostics.selectors import evaluations_precedentes
from jalon.instances.models import AvisDossier, DossierSeance, EffetTheme, NatureInstance, Seance, ThemeInstance
from jalon.instances.ordre_du_jour import (
    creer_dossiers,
    decrire_piece,
    exiger_nature,
    relever_pieces,
    saisie_le,
    tracer_inscription,
)
from jalon.instances.seances import ouvrir_le_delai_d_avis, verrouiller_seance
from jalon.instances.selectors import contrats_a_lire, demandes_a_examiner, manquements_a_examiner, themes_de
from jalon.instances.workflows import exiger_seance
from jalon.manquements.models import SANS_PRECEDENT, DecisionSanction, EtatDecision, Manquement
from jalon.orientations.models import DemandeReorientation
from jalon.referentiels.parametres import mot

Saisine = Manquement | DemandeReorientation | Contrat
Ligne = TypeVar("Ligne", bound=Model)


def inscrire_manquements(
    seance: Seance, *, acteur: Agent, perimetre: Perimetre, manquements: Iterable[UUID]
) -> list[DossierSeance]:
    """Inscrit des procédures dont le délai d'observations est fini, ou auxquelles la personne a répondu."""
    return inscrire_saisines(seance, acteur=acteur, perimetre=perimetre, manquements=manquements)


@transaction.atomic
def inscrire_saisines(
    seance: Seance,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    manquements: Iterable[UUID] = (),
    demandes: Iterable[UUID] = (),
    contrats: Iterable[UUID] = (),
) -> list[DossierSeance]:
    """Inscrit à la suite de l'ordre du jour ce qui attend l'avis de cette instance, le plus ancien d'abord.

    Ne retient que ce que l'instance peut examiner (territoire, thème, délai) et qui n'est à l'ordre du jour d'aucune
    autre : le reste est ignoré, et le nombre rendu le dit. Lève `JalonError`, `TransitionRefuseeError`,
    `DroitManquantError`.
    """
    perimetre.exiger("seances.preparer")
    seance = verrouiller_seance(seance)
    exiger_seance(seance.etat, "inscrire")
    exiger_nature(seance, NatureInstance.AVIS)
    procedures = _prendre(manquements_a_examiner(perimetre, seance).filter(public_id__in=list(manquements)), "motif")
    reprises = _prendre(demandes_a_examiner(perimetre, seance).filter(public_id__in=list(demandes)))
    lus = _prendre(contrats_a_lire(perimetre, seance).filter(public_id__in=list(contrats)))
    entrees: list[tuple[Saisine, ThemeInstance, int]] = [
        *_procedures(seance, procedures), *_demandes(seance, reprises), *_contrats(seance, lus)
    ]  # fmt: skip
    entrees.sort(key=lambda entree: (_attend_depuis(entree[0]), entree[0].pk))
    dossiers, objets = creer_dossiers(seance, acteur, entrees)
    AvisDossier.objects.bulk_create(_avis_vide(d, objet) for d, objet in zip(dossiers, objets, strict=True))
    relever_les_pieces(dossiers)
    if seance.convoquee_le is not None:
        inscrits = DossierSeance.objects.filter(pk__in=[d.pk for d in dossiers])
        ouvrir_le_delai_d_avis(inscrits, acteur=acteur, perimetre=perimetre)
    tracer_inscription(seance, acteur, perimetre, dossiers)
    return dossiers


def _prendre(lignes: QuerySet[Ligne], *liens: str) -> list[Ligne]:
    return list(lignes.select_related(*liens).select_for_update(of=("self",)).order_by("pk"))


def _avis_vide(dossier: DossierSeance, objet: Saisine) -> AvisDossier:
    return AvisDossier(
        dossier=dossier,
        manquement=objet if isinstance(objet, Manquement) else None,
        demande=objet if isinstance(objet, DemandeReorientation) else None,
        contrat=objet if isinstance(objet, Contrat) else None,
    )


def _attend_depuis(objet: Saisine) -> date:
    return saisie_le(_avis_vide(DossierSeance(), objet)) or date.max


# --- Le thème de chacun


def _procedures(seance: Seance, procedures: Sequence[Manquement]) -> list[tuple[Saisine, ThemeInstance, int]]:
    themes = themes_de(seance, EffetTheme.MANQUEMENT)
    # Récidive : une sanction de même nature (fraude ou non) que la personne connaît, et qui n'était pas une erreur.
    deja = set(
        DecisionSanction.objects.filter(
            personne_id__in=[m.personne_id for m in procedures],
            etat__in=[EtatDecision.NOTIFIEE, EtatDecision.LEVEE],
        )
        .exclude(motif_levee__in=SANS_PRECEDENT)
        .order_by("personne_id", "motif_fraude")
        .values_list("personne_id", "motif_fraude")
    )
    choisis = (
        (m, theme_du_manquement(themes, fraude=m.motif.fraude, recidive=(m.personne_id, m.motif.fraude) in deja))
        for m in procedures
    )
    return [(m, theme, m.personne_id) for m, theme in choisis if theme is not None]


def theme_du_manquement(themes: Sequence[ThemeInstance], *, fraude: bool, recidive: bool) -> ThemeInstance | None:
    """Le thème qui examine ce manquement : la récidive d'abord, si l'instance la distingue ([001] A I.2)."""
    possibles = [t for t in themes if t.fraude == fraude and (recidive or not t.recidive)]
    return max(possibles, key=lambda t: (t.recidive, -t.ordre), default=None)


def _demandes(seance: Seance, reprises: Sequence[DemandeReorientation]) -> list[tuple[Saisine, ThemeInstance, int]]:
    themes = {theme.direction: theme for theme in reversed(themes_de(seance, EffetTheme.REORIENTATION))}
    trouves = ((d, themes.get(getattr(d, "sens", ""), themes.get(""))) for d in reprises)
    return [(demande, theme, demande.personne_id) for demande, theme in trouves if theme is not None]


def _contrats(seance: Seance, lus: Sequence[Contrat]) -> list[tuple[Saisine, ThemeInstance, int]]:
    themes = themes_de(seance, EffetTheme.CONTRAT_COMPLEXE)
    return [(contrat, themes[0], contrat.personne_id) for contrat in lus if themes]


# --- Les pièces


def relever_les_pieces(dossiers: Sequence[DossierSeance]) -> None:
    """Relève les pièces que chaque thème demande, telles qu'elles sont à ce moment ; un nombre fixe de lectures."""
    lues = evaluations_precedentes([dossier.personne_id for dossier in dossiers])
    avis = {
        a.dossier_id: a
        for a in AvisDossier.objects.filter(dossier__in=dossiers)
        .select_related("manquement__contact", "demande", "contrat__type")
        .order_by("pk")
    }
    for dossier in dossiers:
        dossier.pieces = relever_pieces(dossier.theme, lues[dossier.personne_id], _pieces_de(avis[dossier.pk]))
    DossierSeance.objects.bulk_update(dossiers, ["pieces"])


def _pieces_de(avis: AvisDossier) -> dict[str, dict[str, str]]:
    manquement, contrat = avis.manquement, avis.contrat
    nom = mot("contrat")
    if manquement is None:
        return {
            "demande": decrire_piece("demande", "Demande", "Demande", saisie_le(avis), avis.demande),
            "contrat": decrire_piece(
                "contrat", nom.singulier, nom.court or nom.singulier, saisie_le(avis), contrat
            ),
        }  # fmt: skip
    lettre = mot("avertissement")
    return {
        "expose": decrire_piece(
            "expose", "Exposé des faits", "Exposé", manquement.saisi_le, manquement if manquement.expose else None
        ),
        "contact": decrire_piece(
            "contact", "Contact préalable", "Contact",
            manquement.contact.date if manquement.contact else None, manquement.contact,
        ),
        "avertissement": decrire_piece(
            "avertissement", lettre.singulier, lettre.court or lettre.singulier, manquement.averti_recu_le,
            manquement if manquement.averti_recu_le else None, sans="réception non prouvée",
        ),
        "observations": decrire_piece(
            "observations", "Observations de la personne", "Observations", manquement.reponse_le,
            manquement if manquement.reponse_le else None, sans="la personne n'a pas répondu",
        ),
        "contrat": decrire_piece(
            "contrat", nom.singulier, nom.court or nom.singulier, None, manquement if manquement.contrat_id else None,
            sans="aucun",
        ),
    }  # fmt: skip
