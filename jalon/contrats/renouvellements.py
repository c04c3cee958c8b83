"""Renouveler, reconduire sans acte, terminer, rompre un contrat (R55, R56, F051).

Renouveler ouvre un brouillon qui suit le circuit ordinaire : l'ancien contrat court jusqu'à son terme, et ne devient
« renouvelé » qu'à l'entrée en vigueur du nouveau (`constater_renouvellement`). Un brouillon abandonné ne prive donc
personne de son contrat, et l'écart entre deux contrats se lit dans leurs seules périodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dateutil.relativedelta import relativedelta
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q
from django.utils import timezone

from jalon.accompagnements.models import Accompagnement
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.circuit import exiger_acte, franchir, verrouiller
from jalon.contrats.enums import EtatContrat, EtatObjectif, TypeChamp
from jalon.contrats.models import ChampContrat, Contrat, Etape, Moyen, Objectif, TypeContrat, ValeurChamp
from jalon.contrats.services import ouvrir_contrat
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

OUVERTS = (EtatObjectif.A_FAIRE, EtatObjectif.EN_COURS)
MOTIF_TACITE = "Reconduit à son terme, sans acte : personne n'a dit non"


def coupee(periode: DateRange, fin: date) -> DateRange:
    """La période, finie au plus tard à `fin` (non compris) ; vide si elle n'avait pas commencé."""
    if periode.isempty or (periode.upper is not None and periode.upper <= fin):
        return periode
    if periode.lower is not None and fin <= periode.lower:
        return DateRange(empty=True)
    return DateRange(periode.lower, fin)


def rang_de_renouvellement(contrat: Contrat) -> int:
    """Combien de contrats du même type se sont déjà suivis avant celui-ci, sans interruption de la chaîne."""
    rang, cle, vus = 0, contrat.precedent_id, {contrat.pk}
    while cle is not None and cle not in vus:
        vus.add(cle)
        ancien = Contrat.objects.filter(pk=cle, type_id=contrat.type_id).values_list("precedent_id").first()
        if ancien is None:
            break
        rang, cle = rang + 1, ancien[0]
    return rang


def renouvelable(contrat: Contrat) -> bool:
    """Le profil permet encore un renouvellement de ce type."""
    permis = contrat.type.renouvellements
    return permis is None or rang_de_renouvellement(contrat) < permis


def suivant_de(contrat: Contrat) -> Contrat | None:
    """Le contrat qui renouvelle celui-ci, s'il n'a pas été abandonné."""
    return (
        Contrat.objects.filter(precedent=contrat)
        .exclude(etat=EtatContrat.ABANDONNE)
        .select_related("type", "referent")
        .first()
    )


# --- Renouveler


@transaction.atomic
def renouveler_contrat(
    contrat: Contrat,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    type: TypeContrat | None = None,
    duree: int | None = None,
) -> Contrat:
    """Ouvre le brouillon du contrat suivant, avec ce qui était écrit et les objectifs encore ouverts (R57, F051).

    L'ancien reste en vigueur jusqu'à la validation du nouveau. Lève `TransitionRefuseeError` (bilan pas fait, suite déjà
    ouverte), `JalonError` (nombre de renouvellements atteint, type qui ne convient pas), `DroitManquantError`.
    """
    perimetre.exiger("contrat.rediger")
    contrat = verrouiller(contrat)
    exiger_acte(contrat, "renouveler", perimetre)
    if contrat.sans_reconduction_le is not None:
        raise TransitionRefuseeError(
            f"Il a été dit le {contrat.sans_reconduction_le:%d/%m/%Y} que ce contrat ne se renouvellerait pas. "
            "Si cela a changé, annulez d'abord ce choix sur la page du contrat."
        )
    nouveau_type = type or contrat.type
    if nouveau_type.pk == contrat.type_id and not renouvelable(contrat):
        raise JalonError(
            f"« {contrat.type.libelle} » se renouvelle {contrat.type.renouvellements} fois au plus, et c'est fait : "
            "terminez ce contrat, ou choisissez un autre type."
        )
    suite = suivant_de(contrat)
    if suite is not None:
        raise TransitionRefuseeError("Le renouvellement de ce contrat est déjà commencé : reprenez-le.")
    _delier_les_abandons(contrat)
    nouveau = ouvrir_contrat(
        contrat.personne, acteur=acteur, perimetre=perimetre, type=nouveau_type, precedent=contrat,
        duree=duree or (contrat.duree if nouveau_type.pk == contrat.type_id else None),
    )  # fmt: skip
    nouveau.debut = debut_propose(contrat, timezone.localdate())
    nouveau.save(update_fields=["debut", "modifie_le"])
    reprendre(contrat, nouveau)
    return nouveau


def debut_propose(contrat: Contrat, jour: date) -> date:
    """Le nouveau contrat commence où l'ancien finit, et jamais dans le passé."""
    fin = contrat.periode.upper if contrat.periode is not None and not contrat.periode.isempty else None
    return max(fin, jour) if fin is not None else jour


def _delier_les_abandons(contrat: Contrat) -> None:
    """Un brouillon de renouvellement abandonné laisse la place au suivant."""
    Contrat.objects.filter(precedent=contrat, etat=EtatContrat.ABANDONNE).update(precedent=None)
    repris = list(contrat.objectifs.order_by("pk").values_list("pk", flat=True))
    Objectif.objects.filter(repris_de__in=repris, contrat__etat=EtatContrat.ABANDONNE).update(repris_de=None)


def reprendre(ancien: Contrat, nouveau: Contrat) -> None:
    """Recopie ce qui vaut encore : les rubriques de même code (sauf les dates) et le plan encore ouvert."""
    if nouveau.version_id is not None:
        _reprendre_les_rubriques(ancien, nouveau)
    ouverts = ancien.objectifs.filter(etat__in=OUVERTS).order_by("rang", "pk")
    for rang, objectif in enumerate(ouverts.prefetch_related("etapes__moyens")):
        repris = Objectif.objects.create(
            contrat=nouveau, repris_de=objectif, theme_id=objectif.theme_id, intitule=objectif.intitule,
            par_la_personne=objectif.par_la_personne, etat=objectif.etat, echeance=objectif.echeance, rang=rang,
            cree_par_id=objectif.cree_par_id,
        )  # fmt: skip
        etapes = sorted(objectif.etapes.all(), key=lambda e: (e.rang, e.pk))
        for place, etape in enumerate(e for e in etapes if e.etat in OUVERTS):
            reprise = Etape.objects.create(
                objectif=repris, intitule=etape.intitule, qui=etape.qui, precision=etape.precision,
                echeance=etape.echeance, etat=etape.etat, rang=place,
            )  # fmt: skip
            Moyen.objects.bulk_create(
                Moyen(
                    etape=reprise, intitule=m.intitule, qui=m.qui, precision=m.precision, echeance=m.echeance,
                    etat=m.etat, rang=m.rang,
                )
                for m in sorted(etape.moyens.all(), key=lambda m: (m.rang, m.pk))
                if m.etat in OUVERTS
            )  # fmt: skip


def _reprendre_les_rubriques(ancien: Contrat, nouveau: Contrat) -> None:
    champs = {
        champ.code: champ
        for champ in ChampContrat.objects.filter(section__version_id=nouveau.version_id)
        .order_by("pk")
        .prefetch_related("choix")
    }
    copies = []
    for valeur in ValeurChamp.objects.filter(contrat=ancien).select_related("champ").order_by("pk"):
        champ = champs.get(valeur.champ.code)
        if champ is None or champ.type != valeur.champ.type or champ.type == TypeChamp.DATE:
            continue
        permis = {choix.code for choix in champ.choix.all()}
        copies.append(
            ValeurChamp(
                contrat=nouveau, champ=champ, texte=valeur.texte, nombre=valeur.nombre, oui=valeur.oui,
                choix=[code for code in valeur.choix if code in permis], par_la_personne=valeur.par_la_personne,
                ecrit_par_id=valeur.ecrit_par_id,
            )
        )  # fmt: skip
    ValeurChamp.objects.bulk_create(copies)


def constater_renouvellement(nouveau: Contrat, *, acteur: Agent | None, debut: date) -> Contrat | None:
    """Passe l'ancien contrat à « renouvelé » quand le nouveau entre en vigueur ; à appeler avant de poser sa période.

    L'ancien est coupé au début du nouveau s'ils se chevauchaient : la base n'en admet qu'un par jour. Rend l'ancien, ou
    rien si ce contrat n'en renouvelle aucun.
    """
    if nouveau.precedent_id is None:
        return None
    ancien = verrouiller(Contrat(pk=nouveau.precedent_id))
    if ancien.periode is not None:
        ancien.periode = coupee(ancien.periode, debut)
    if ancien.etat not in EtatContrat.vivants():
        ancien.save(update_fields=["periode", "modifie_le"])
        return ancien
    ancien.clos_le = timezone.localdate()
    return franchir(ancien, "renouveler", acteur=acteur, perimetre=None, champs=["periode", "clos_le"])


# --- Reconduire sans acte


@transaction.atomic
def refuser_reconduction(
    contrat: Contrat, *, acteur: Agent | None, perimetre: Perimetre | None, motif: str, le: date | None = None
) -> Contrat:
    """Note que le contrat ne se reconduira pas à son terme. Sans périmètre, c'est la personne, dans son livret.

    Redire la même chose ne change rien. Lève `JalonError` (type sans reconduction, terme passé, motif absent).
    """
    if perimetre is not None:
        perimetre.exiger("contrat.rediger")
    contrat = verrouiller(contrat)
    le = le or timezone.localdate()
    if not contrat.type.tacite:
        raise JalonError(f"« {contrat.type.libelle} » ne se reconduit pas de lui-même : il n'y a rien à refuser.")
    if contrat.etat not in EtatContrat.vivants() or contrat.periode.upper <= le:
        raise TransitionRefuseeError("Ce contrat est à son terme ou déjà clos : il est trop tard pour le dire ainsi.")
    if contrat.sans_reconduction_le is not None:
        return contrat
    if not motif.strip():
        raise JalonError("Dites en quelques mots pourquoi ce contrat ne se renouvelle pas.")
    contrat.sans_reconduction_le, contrat.motif_fin = le, motif.strip()[:300]
    contrat.save(update_fields=["sans_reconduction_le", "motif_fin", "modifie_le"])
    tracer(
        "contrats.contrat.reconduction_refusee", contrat, acteur=acteur,
        organisme=perimetre.organisme_principal if perimetre is not None else "",
        personnes=[contrat.personne.public_id], motif=contrat.motif_fin,
        resume=f"{contrat.type.libelle} : ne se renouvellera pas",
    )  # fmt: skip
    return contrat


@transaction.atomic
def retablir_reconduction(contrat: Contrat, *, acteur: Agent, perimetre: Perimetre) -> Contrat:
    """Annule un refus de reconduction, tant que le contrat vit. Lève `TransitionRefuseeError`, `DroitManquantError`."""
    perimetre.exiger("contrat.rediger")
    contrat = verrouiller(contrat)
    if contrat.sans_reconduction_le is None or contrat.etat not in EtatContrat.vivants():
        raise TransitionRefuseeError("Il n'y a pas de refus de renouvellement à annuler sur ce contrat.")
    contrat.sans_reconduction_le, contrat.motif_fin = None, ""
    contrat.save(update_fields=["sans_reconduction_le", "motif_fin", "modifie_le"])
    tracer(
        "contrats.contrat.reconduction_retablie", contrat, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[contrat.personne.public_id], resume=f"{contrat.type.libelle} : se renouvellera à son terme",
    )  # fmt: skip
    return contrat


@dataclass
class Reconductions:
    """Ce que la nuit a fait."""

    reconduits: int = 0
    termines: int = 0
    laisses: int = 0
    """Arrivés à leur terme sans pouvoir être reconduits : la liste des contrats échus les montre."""


def reconduire_tacites(jour: date | None = None) -> Reconductions:
    """Chaque nuit : reconduit, ou termine, les contrats qui se renouvellent sans acte. Rejouable sans effet.

    Ne se reconduisent pas : un contrat au nombre de renouvellements permis, déjà suivi d'un autre, ou d'une personne
    que plus personne n'accompagne.
    """
    jour = jour or timezone.localdate()
    faites = Reconductions()
    echus = Contrat.objects.filter(
        type__tacite=True, etat__in=EtatContrat.vivants(), periode__endswith__lte=jour, personne__fusionnee_dans=None
    )
    for cle in list(echus.order_by("pk").values_list("pk", flat=True)):
        courant: int | None = cle
        while courant is not None:
            courant = _a_son_terme(courant, jour, faites)
    return faites


@transaction.atomic
def _a_son_terme(cle: int, jour: date, faites: Reconductions) -> int | None:
    """Traite un contrat arrivé à son terme ; rend la clé du nouveau s'il est lui-même déjà à son terme."""
    contrat = verrouiller(Contrat(pk=cle))
    terme: date = contrat.periode.upper
    if contrat.etat not in EtatContrat.vivants() or terme > jour:
        return None
    try:
        with transaction.atomic():
            if contrat.sans_reconduction_le is not None:
                contrat.clos_le = terme
                franchir(contrat, "terminer", acteur=None, perimetre=None, motif=contrat.motif_fin, champs=["clos_le"])
                faites.termines += 1
                return None
            if not _se_reconduit(contrat, terme):
                faites.laisses += 1
                return None
            nouveau = _reconduire(contrat, terme)
    except (IntegrityError, TransitionRefuseeError):
        # Un autre contrat tient déjà ces jours, ou le circuit du profil n'ouvre pas ce passage : l'agent décidera.
        faites.laisses += 1
        return None
    faites.reconduits += 1
    return nouveau.pk if nouveau.periode.upper <= jour else None


def _se_reconduit(contrat: Contrat, terme: date) -> bool:
    suivie = Accompagnement.objects.filter(
        Q(periode__contains=terme) | Q(periode__endswith=terme), personne=contrat.personne_id
    )
    return renouvelable(contrat) and suivant_de(contrat) is None and suivie.exists()


def _reconduire(ancien: Contrat, terme: date) -> Contrat:
    _delier_les_abandons(ancien)
    ancien.clos_le = terme
    franchir(ancien, "renouveler", acteur=None, perimetre=None, motif=MOTIF_TACITE, champs=["clos_le"])
    duree = ancien.duree or ancien.type.duree_habituelle
    nouveau = Contrat.objects.create(
        personne=ancien.personne, type=ancien.type, version=ancien.version, reference_seule=ancien.reference_seule,
        decision_id=ancien.decision_id, organisme=ancien.organisme, referent=ancien.referent,
        referent_externe=ancien.referent_externe, territoire_id=ancien.territoire_id, precedent=ancien, tacite=True,
        etat=EtatContrat.EN_VIGUEUR, debut=terme, duree=duree,
        periode=DateRange(terme, terme + relativedelta(months=duree)), document_id=ancien.document_id,
        reference_externe=ancien.reference_externe, ouvert_le=terme, propose_le=ancien.propose_le,
        signe_le=ancien.signe_le, recu_le=ancien.recu_le, valide_le=terme,
    )  # fmt: skip
    reprendre(ancien, nouveau)
    tracer(
        "contrats.contrat.reconduit", nouveau, acteur=None, personnes=[ancien.personne.public_id],
        vers=nouveau.etat, motif=MOTIF_TACITE, resume=f"{ancien.type.libelle} reconduit sans acte",
    )  # fmt: skip
    return nouveau


# --- Finir


@transaction.atomic
def terminer_contrat(
    contrat: Contrat, *, acteur: Agent, perimetre: Perimetre, motif: str = "", le: date | None = None
) -> Contrat:
    """Termine un contrat, à son terme ou plus tôt ; plus tôt, sa période est coupée.

    Sans bilan final, le circuit demande un motif. Lève `TransitionRefuseeError`, `JalonError`, `DroitManquantError`.
    """
    return _finir(contrat, "terminer", acteur, perimetre, motif, le)


@transaction.atomic
def rompre_contrat(
    contrat: Contrat, *, acteur: Agent, perimetre: Perimetre, motif: str, le: date | None = None
) -> Contrat:
    """Constate la rupture d'un contrat : sa période s'arrête ce jour-là. Mêmes refus que `terminer_contrat`.

    La rupture n'emporte aucune sanction : celle-ci a sa propre procédure, où la personne est entendue (L262-37).
    """
    return _finir(contrat, "rompre", acteur, perimetre, motif, le)


def _finir(contrat: Contrat, acte: str, acteur: Agent, perimetre: Perimetre, motif: str, le: date | None) -> Contrat:
    contrat = verrouiller(contrat)
    le = le or timezone.localdate()
    exiger_acte(contrat, acte, perimetre, motif)
    if contrat.valide_le is not None and le < contrat.valide_le:
        raise JalonError(
            f"Ce contrat a été validé le {contrat.valide_le:%d/%m/%Y} : il ne peut pas finir plus tôt. Vérifiez la date."
        )
    contrat.periode = coupee(contrat.periode, le)
    contrat.clos_le = le
    contrat.motif_fin = motif.strip()[:300] or contrat.motif_fin
    return franchir(
        contrat, acte, acteur=acteur, perimetre=perimetre, le=le, motif=motif,
        champs=["periode", "clos_le", "motif_fin"],
    )  # fmt: skip
