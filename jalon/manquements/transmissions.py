"""Ce que les organismes payeurs doivent appliquer : une liste et une lettre par caisse, chaque objet une seule fois (F060).

Une sanction se transmet une fois notifiée. Levée avant d'être transmise, elle l'est pour les seuls jours qui restent ;
annulée avant, elle ne l'est jamais. Levée ou annulée après, la caisse reçoit l'ordre contraire, une fois. Une amende ne
se retient pas sur l'allocation : elle ne se transmet pas. Le NIR n'y est jamais : le dossier se dit par son numéro.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.services import enregistrer_document
from jalon.droits.models import DossierRsa, Montant, Soumission
from jalon.manquements.lettres import lettre_payeur, nom_caisse
from jalon.manquements.models import (
    DecisionSanction,
    EtatDecision,
    LigneTransmission,
    NatureSanction,
    ObjetTransmission,
    Transmission,
)
from jalon.socle.errors import HorsPerimetreError, JalonError
from jalon.socle.exports import Cell, ExportFormat, export_table
from jalon.traces.services import noter_lecture, tracer

DROIT: Final = "transmission.gerer"
CODE: Final = "manquements.transmission.produite"
NATURE_FICHIER: Final = "liste_transmission_payeur"
CENTIME: Final = Decimal("0.01")
ENTETES: Final = (
    "Numéro de demande", "Matricule", "Nom", "Prénom", "Date de naissance", "Objet", "Nature", "Part retenue (%)",
    "À compter du", "Jusqu'au (compris)", "Retenue mensuelle prévue (€)", "Notifiée le", "Décision",
)  # fmt: skip


@dataclass(frozen=True)
class ATransmettre:
    """Un ordre qui attend : la décision, l'objet, et le dossier à la caisse s'il est connu."""

    decision: DecisionSanction
    objet: ObjetTransmission
    debut: date
    fin: date | None
    dossier: DossierRsa | None
    montant_prevu: Decimal | None


def retenue_prevue(total: Decimal | None, taux: int | None) -> Decimal | None:
    """Part du dernier droit connu, au centime ; `None` si l'un des deux est inconnu."""
    if total is None or taux is None:
        return None
    return (total * taux / 100).quantize(CENTIME, ROUND_HALF_UP)


def a_transmettre(perimetre: Perimetre, jour: date | None = None) -> list[ATransmettre]:
    """Ordres que les caisses n'ont pas encore reçus, en nombre constant de requêtes. Lève `HorsPerimetreError`."""
    _exiger(perimetre)
    return _ordres(_decisions(), jour or timezone.localdate())


@transaction.atomic
def produire_transmission(*, acteur: Agent, perimetre: Perimetre, jour: date | None = None) -> list[Transmission]:
    """Produit, pour chaque caisse qui a au moins un ordre à recevoir, sa liste et sa lettre. Rejouable : rend une liste
    vide s'il n'y a rien de nouveau. Une personne sans dossier connu attend (`a_transmettre` la montre).

    Lève `HorsPerimetreError` à qui ne voit pas tout le département, `DroitManquantError`.
    """
    _exiger(perimetre)
    jour = jour or timezone.localdate()
    ordres = _ordres(_decisions().select_for_update(of=("self",)), jour)
    par_caisse: dict[tuple[str, str], list[ATransmettre]] = {}
    for ordre in ordres:
        if ordre.dossier is not None:
            par_caisse.setdefault((ordre.dossier.caisse_regime, ordre.dossier.caisse_numero), []).append(ordre)
    return [
        _transmettre(caisse, siens, acteur=acteur, perimetre=perimetre, jour=jour)
        for caisse, siens in sorted(par_caisse.items())
    ]


def _exiger(perimetre: Perimetre) -> None:
    perimetre.exiger(DROIT)
    if not perimetre.tout:
        raise HorsPerimetreError("Une transmission réunit des personnes de tout le département : demandez-la au siège.")


def _decisions() -> QuerySet[DecisionSanction]:
    """Décisions que la caisse ne connaît pas encore telles qu'elles sont : celles dont `_ordre` tire un ordre.

    Ce qui est transmis et n'a pas changé depuis n'est pas lu : la page ne s'alourdit pas avec les années.
    """
    lignes = LigneTransmission.objects.filter(decision=OuterRef("pk"))
    transmise = Exists(lignes.filter(objet=ObjetTransmission.APPLIQUER))
    fin_plus_tard = Exists(
        lignes.filter(objet=ObjetTransmission.APPLIQUER).filter(
            Q(fin=None) | Q(fin__gt=Coalesce(OuterRef("periode__endswith"), F("debut")))
        )
    )
    a_appliquer = ~transmise & ~Q(etat=EtatDecision.ANNULEE) & Q(periode__isempty=False)
    a_annuler = Q(etat=EtatDecision.ANNULEE) & transmise & ~Exists(lignes.filter(objet=ObjetTransmission.ANNULER))
    levee_sue = lignes.filter(
        objet=ObjetTransmission.LEVER, debut__lte=Coalesce(OuterRef("periode__endswith"), OuterRef("debut"))
    )
    a_lever = Q(etat=EtatDecision.LEVEE) & fin_plus_tard & ~Exists(levee_sue)
    return (
        DecisionSanction.objects.filter(a_appliquer | a_annuler | a_lever, notifiee_le__isnull=False)
        .exclude(nature=NatureSanction.AMENDE)
        .select_related("personne", "regle")
        .prefetch_related(Prefetch("transmissions", LigneTransmission.objects.order_by("pk")))
        .order_by("pk")
    )


def _ordres(decisions: Iterable[DecisionSanction], jour: date) -> list[ATransmettre]:
    attendus = [(decision, *ordre) for decision in decisions if (ordre := _ordre(decision)) is not None]
    dossiers = dossiers_payeurs({decision.personne_id for decision, *_ in attendus}, jour)
    droits = derniers_droits({dossier.pk for dossier in dossiers.values()}, jour)
    ordres = []
    for decision, objet, debut, fin in attendus:
        dossier = dossiers.get(decision.personne_id)
        total = droits.get(dossier.pk) if dossier is not None else None
        prevu = retenue_prevue(total, decision.taux) if objet == ObjetTransmission.APPLIQUER else None
        ordres.append(ATransmettre(decision, objet, debut, fin, dossier, prevu))
    return ordres


def _ordre(decision: DecisionSanction) -> tuple[ObjetTransmission, date, date | None] | None:
    """Ce que la caisse ne sait pas encore de cette décision : l'objet, et les jours qu'il vise."""
    lignes = {ligne.objet: ligne for ligne in decision.transmissions.all()}
    envoyee = lignes.get(ObjetTransmission.APPLIQUER)
    periode = decision.periode
    if envoyee is None:
        if decision.etat == EtatDecision.ANNULEE or periode is None or periode.isempty:
            return None
        return ObjetTransmission.APPLIQUER, periode.lower, periode.upper
    if decision.etat == EtatDecision.ANNULEE and ObjetTransmission.ANNULER not in lignes:
        return ObjetTransmission.ANNULER, envoyee.debut, envoyee.fin
    if decision.etat == EtatDecision.LEVEE and periode is not None:
        fin, levee = envoyee.debut if periode.isempty else periode.upper, lignes.get(ObjetTransmission.LEVER)
        sue = levee.debut if levee is not None else envoyee.fin
        if sue is None or fin < sue:
            return ObjetTransmission.LEVER, fin, None
    return None


def dossiers_payeurs(personnes: Iterable[int], jour: date) -> dict[int, DossierRsa]:
    """Dossier à la caisse de chaque personne : celui de ce jour où elle est soumise, à défaut le plus récent connu."""
    connues = (
        Soumission.objects.filter(personne_id__in=personnes, periode__isempty=False)
        .select_related("dossier")
        .order_by("pk")
    )
    meilleurs: dict[int, tuple[tuple[bool, bool, date], DossierRsa]] = {}
    for soumission in connues:
        periode = soumission.periode
        rang = (jour in periode, soumission.soumise, periode.lower or date.min)
        tenu = meilleurs.get(soumission.personne_id)
        if tenu is None or rang >= tenu[0]:
            meilleurs[soumission.personne_id] = (rang, soumission.dossier)
    return {personne: dossier for personne, (_, dossier) in meilleurs.items()}


def derniers_droits(dossiers: Iterable[int], jour: date) -> dict[int, Decimal]:
    """Dernier montant total connu ce jour, par dossier."""
    lus = (
        Montant.objects.filter(
            dossier_id__in=dossiers, total__isnull=False, periode__isempty=False, periode__startswith__lte=jour
        )
        .order_by("dossier_id", "-periode", "-pk")
        .distinct("dossier_id")
    )
    return {dossier: total for dossier, total in lus.values_list("dossier_id", "total") if total is not None}


def _transmettre(
    caisse: tuple[str, str], ordres: list[ATransmettre], *, acteur: Agent, perimetre: Perimetre, jour: date
) -> Transmission:
    regime, numero = caisse
    transmission = Transmission.objects.create(
        caisse_regime=regime, caisse_numero=numero, produite_le=jour, produite_par=acteur
    )
    try:
        with transaction.atomic():
            LigneTransmission.objects.bulk_create(_ligne(transmission, ordre) for ordre in ordres)
    except IntegrityError as erreur:
        raise JalonError(
            "Un collègue vient de transmettre une de ces décisions : rechargez la page, rien n'a été envoyé deux fois."
        ) from erreur
    export = export_table(
        f"decisions-{regime}-{numero}".lower(), ExportFormat.CSV, ENTETES, (_cellules(o) for o in ordres), day=jour
    )
    nom = nom_caisse(regime, numero)
    with export.stream as flux:
        transmission.fichier = enregistrer_document(
            flux.read(), acteur=acteur, nature=NATURE_FICHIER, titre=f"{nom}, liste du {jour:%d/%m/%Y}",
            type_mime=export.mime,
        )  # fmt: skip
    transmission.lettre = lettre_payeur(transmission, acteur=acteur, jour=jour)
    transmission.save(update_fields=["fichier", "lettre"])
    noter_lecture(
        "export", agent=acteur, organisme=perimetre.organisme_principal, nombre=len(ordres), ecran="transmissions"
    )
    tracer(
        CODE, transmission, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[ordre.decision.personne.public_id for ordre in ordres], donnees={"lignes": len(ordres)},
        resume=f"{nom} : {len(ordres)} décision{'s' if len(ordres) > 1 else ''} transmise{'s' if len(ordres) > 1 else ''}",
    )  # fmt: skip
    return transmission


def _ligne(transmission: Transmission, ordre: ATransmettre) -> LigneTransmission:
    assert ordre.dossier is not None
    return LigneTransmission(
        transmission=transmission, decision=ordre.decision, objet=ordre.objet, matricule=ordre.dossier.matricule,
        numero_demande=ordre.dossier.numero_demande, montant_prevu=ordre.montant_prevu, debut=ordre.debut,
        fin=ordre.fin,
    )  # fmt: skip


def _cellules(ordre: ATransmettre) -> list[Cell]:
    decision, personne, dossier = ordre.decision, ordre.decision.personne, ordre.dossier
    assert dossier is not None
    return [
        dossier.numero_demande, dossier.matricule, personne.nom, personne.prenom, personne.date_naissance,
        ordre.objet.label, decision.get_nature_display(), decision.taux, ordre.debut,
        ordre.fin - timedelta(days=1) if ordre.fin is not None else None, ordre.montant_prevu, decision.notifiee_le,
        str(decision.public_id)[:8].upper(),
    ]  # fmt: skip
