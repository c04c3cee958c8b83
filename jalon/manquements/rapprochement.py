"""Ce que le dernier flux de la caisse dit avoir appliqué, face à ce qui lui a été transmis (F060).

Rien n'est recalculé : la réduction du département, les suspensions et les avis du président sont ceux du flux. Un écart
n'accuse personne : il se lit, s'explique, ou se signale à la caisse.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.droits.models import AvisPresident, CibleSuspension, DossierRsa, Montant, Reception, Suspension
from jalon.manquements.models import EtatDecision, LigneTransmission, ObjetTransmission
from jalon.socle.errors import HorsPerimetreError, JalonError
from jalon.traces.services import tracer

DROIT: Final = "transmission.gerer"
CODE: Final = "manquements.ecart.explique"
TOLERANCE: Final = Decimal("1.00")
"""En euros par mois : la caisse arrondit, et le droit du mois peut avoir bougé de quelques centimes (inf.)."""
PRESCRIPTION_MOIS: Final = 24
"""Deux ans après sa fin, ni la personne ni la caisse ne réclament plus ce qui a été retenu ou versé (L262-45)."""
AVIS_DE_REDUCTION: Final = "reduction"
"""Avis du président, bloc « ReductionRSA » du flux : début, fin, montant."""
MOTIFS_DE_SANCTION: Final = {
    CibleSuspension.DROIT: ("GJ", "GK", "GL"),
    CibleSuspension.VERSEMENT: ("CG", "70"),
}
"""Motifs de suspension qui viennent d'une décision du président (listes MOTISUSDRORSA et MOTISUSVERSRSA)."""


class Constat(StrEnum):
    """Ce que dit la comparaison, avec le mot qui s'affiche."""

    CONFORME = "conforme"
    ATTENTE = "attente"
    ABSENTE = "absente"
    AUTRE_MONTANT = "autre_montant"
    AUTRE_DATE = "autre_date"
    NON_LEVEE = "non_levee"

    @property
    def label(self) -> str:
        return {
            Constat.CONFORME: "Appliqué comme prévu",
            Constat.ATTENTE: "Flux à venir",
            Constat.ABSENTE: "Pas appliquée",
            Constat.AUTRE_MONTANT: "Autre montant",
            Constat.AUTRE_DATE: "Autre date",
            Constat.NON_LEVEE: "Pas levée",
        }[self]


@dataclass(frozen=True)
class Ecart:
    """Une décision transmise, ce qui était attendu, ce que le flux en dit."""

    ligne: LigneTransmission
    constat: Constat
    phrase: str
    flux_du: date | None
    montant_prevu: Decimal | None = None
    montant_constate: Decimal | None = None
    debut_constate: date | None = None

    @property
    def explique(self) -> bool:
        return bool(self.ligne.ecart_explique)

    @property
    def a_traiter(self) -> bool:
        """Un écart que personne n'a encore expliqué."""
        return self.constat not in (Constat.CONFORME, Constat.ATTENTE) and not self.explique


@dataclass
class _Dossier:
    """Ce que les flux disent d'un dossier : leurs dates, et les faits que chacun confirme."""

    flux: list[date] = field(default_factory=list)
    montants: list[Montant] = field(default_factory=list)
    suspensions: list[Suspension] = field(default_factory=list)
    reductions: list[AvisPresident] = field(default_factory=list)

    def au(self, jour: date) -> _Releve:
        """Ce que le flux de ce jour applique."""
        montant = next((m.reduction_departement for m in self.montants if jour in m.periode), None)
        return _Releve(
            montant or None,
            [s for s in self.suspensions if jour in s.periode],
            [r for r in self.reductions if jour in r.periode and _court(r, jour)],
        )


@dataclass(frozen=True)
class _Releve:
    """Une sanction telle qu'un flux la montre : une retenue, une suspension, ou les deux."""

    retenue: Decimal | None
    suspensions: Sequence[Suspension]
    reductions: Sequence[AvisPresident]

    @property
    def applique(self) -> bool:
        return bool(self.retenue or self.suspensions or self.reductions)

    @property
    def debut(self) -> date | None:
        """Premier jour que la caisse donne à la sanction ; inconnu si elle n'en donne pas."""
        dates = [r.debut for r in self.reductions] + [s.debut for s in self.suspensions]
        return min((jour for jour in dates if jour is not None), default=None)

    @property
    def dernier_jour(self) -> date | None:
        return max((r.fin for r in self.reductions if r.fin is not None), default=None)

    @property
    def montant(self) -> Decimal | None:
        return self.retenue or next((r.montant for r in self.reductions if r.montant), None)


def _court(reduction: AvisPresident, jour: date) -> bool:
    return (reduction.debut is None or reduction.debut <= jour) and (reduction.fin is None or jour <= reduction.fin)


def rapprocher(jour: date | None = None, *, perimetre: Perimetre | None = None) -> list[Ecart]:
    """Compare les décisions transmises au dernier flux reçu à cette date ; nombre constant de requêtes.

    Toute décision en cours ou finie depuis moins de deux ans, et toute autre dont le dossier porte encore une sanction :
    au-delà, un écart ne se répare plus (`_lignes`). Les plus récentes d'abord. Avec un périmètre, l'acte demande le
    droit et tout le département.
    """
    if perimetre is not None:
        _exiger(perimetre)
    jour = jour or timezone.localdate()
    lignes = list(
        _lignes(jour)
        .select_related("transmission", "decision__personne", "decision__regle")
        .prefetch_related(
            Prefetch(
                "decision__transmissions",
                LigneTransmission.objects.select_related("transmission").order_by("transmission__produite_le", "pk"),
            )
        )
        .order_by("-transmission__produite_le", "-pk")
    )
    numeros = _dossiers(lignes)
    dossiers = _lire(set(numeros.values()), jour)
    couverts: dict[int, list[LigneTransmission]] = {}
    for ligne in lignes:
        couverts.setdefault(numeros.get(ligne.pk, 0), []).append(ligne)
    ecarts = []
    for ligne in lignes:
        numero = numeros.get(ligne.pk, 0)
        autres = [autre for autre in couverts[numero] if autre.pk != ligne.pk]
        ecarts.append(_comparer(ligne, dossiers.get(numero, _Dossier()), autres))
    return ecarts


@transaction.atomic
def expliquer_ecart(ligne: LigneTransmission, *, acteur: Agent, perimetre: Perimetre, texte: str) -> LigneTransmission:
    """Note pourquoi la caisse n'a pas fait comme prévu ; l'écart ne se compte plus à traiter. Lève `JalonError`."""
    _exiger(perimetre)
    if not texte.strip():
        raise JalonError("Dites ce qui explique cet écart : vos collègues le liront.")
    ligne = (
        LigneTransmission.objects.select_for_update(of=("self",))
        .select_related("decision__personne", "transmission")
        .get(pk=ligne.pk)
    )
    ligne.ecart_explique = texte.strip()[:300]
    ligne.save(update_fields=["ecart_explique"])
    tracer(
        CODE, ligne.decision, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[ligne.decision.personne.public_id], motif=ligne.ecart_explique,
        resume="Écart avec la caisse expliqué",
    )  # fmt: skip
    return ligne


def _exiger(perimetre: Perimetre) -> None:
    perimetre.exiger(DROIT)
    if not perimetre.tout:
        raise HorsPerimetreError("Ce rapprochement porte sur tout le département : demandez-le au siège.")


# --- Lire le flux


def _lignes(jour: date) -> QuerySet[LigneTransmission]:
    """Sanctions transmises dont un écart se répare encore ce jour-là ; ce qui est fini et oublié n'est pas lu.

    Une sanction prescrite se lit encore tant que le dernier flux de son dossier applique quelque chose : trop longue,
    elle prive toujours le foyer. Un dossier où rien n'est appliqué n'a pas d'écart de ce genre : rien ne se cache.
    """
    return LigneTransmission.objects.filter(
        Q(fin=None) | Q(fin__gt=jour - relativedelta(months=PRESCRIPTION_MOIS)) | _encore_appliquee(jour),
        objet=ObjetTransmission.APPLIQUER,
        transmission__produite_le__lte=jour,
    )


def _encore_appliquee(jour: date) -> Q:
    """Le dernier flux du dossier transmis montre une retenue, une suspension ou une réduction du président."""
    dossier = {
        "dossier__numero_demande": OuterRef("numero_demande"),
        "dossier__caisse_regime": OuterRef("transmission__caisse_regime"),
        "dossier__caisse_numero": OuterRef("transmission__caisse_numero"),
    }
    dernier = (
        Reception.objects.filter(dossier=OuterRef("dossier"), date_reference__lte=jour)
        .order_by("-date_reference")
        .values("date_reference")[:1]
    )
    au_dernier = {**dossier, "periode__contains": Subquery(dernier)}
    return (
        Q(Exists(Montant.objects.filter(**au_dernier, reduction_departement__gt=0)))
        | Q(Exists(Suspension.objects.filter(_motifs_de_sanction(), **au_dernier)))
        | Q(Exists(AvisPresident.objects.filter(**au_dernier, type=AVIS_DE_REDUCTION)))
    )


def _motifs_de_sanction() -> Q:
    motifs = Q()
    for cible, codes in MOTIFS_DE_SANCTION.items():
        motifs |= Q(cible=cible, motif__in=codes)
    return motifs


def _dossiers(lignes: Sequence[LigneTransmission]) -> dict[int, int]:
    """Dossier de chaque ligne, retrouvé par la caisse et le numéro transmis."""
    connus = {
        (regime, caisse, numero): pk
        for pk, regime, caisse, numero in DossierRsa.objects.filter(
            numero_demande__in={ligne.numero_demande for ligne in lignes}
        )
        .order_by("-rang_partage", "-pk")
        .values_list("pk", "caisse_regime", "caisse_numero", "numero_demande")
    }
    trouves = {}
    for ligne in lignes:
        cle = (ligne.transmission.caisse_regime, ligne.transmission.caisse_numero, ligne.numero_demande)
        if cle in connus:
            trouves[ligne.pk] = connus[cle]
    return trouves


def _lire(numeros: set[int], jour: date) -> dict[int, _Dossier]:
    dossiers: dict[int, _Dossier] = {numero: _Dossier() for numero in numeros}
    recus = Reception.objects.filter(dossier_id__in=numeros, date_reference__lte=jour).order_by("date_reference", "pk")
    for numero, du in recus.values_list("dossier_id", "date_reference"):
        dossiers[numero].flux.append(du)
    connus = {"dossier_id__in": numeros, "periode__isempty": False}
    for montant in Montant.objects.filter(**connus, reduction_departement__gt=0).order_by("-periode", "-pk"):
        dossiers[montant.dossier_id].montants.append(montant)
    for suspension in Suspension.objects.filter(_motifs_de_sanction(), **connus).order_by("debut", "pk"):
        dossiers[suspension.dossier_id].suspensions.append(suspension)
    for avis in AvisPresident.objects.filter(**connus, type=AVIS_DE_REDUCTION).order_by("debut", "pk"):
        dossiers[avis.dossier_id].reductions.append(avis)
    return dossiers


# --- Comparer


def _comparer(ligne: LigneTransmission, dossier: _Dossier, autres: Iterable[LigneTransmission]) -> Ecart:
    """D'abord pendant la sanction, puis après sa fin : ce qui n'a pas commencé ne peut pas rester."""
    if not dossier.flux:
        return Ecart(ligne, Constat.ATTENTE, "Aucun flux n'a été reçu pour ce dossier depuis la transmission.", None)
    dernier, periode = dossier.flux[-1], ligne.decision.periode
    attendue = periode is not None and not periode.isempty
    connue_le = ligne.transmission.produite_le
    pendant = [du for du in dossier.flux if attendue and du in periode and du >= connue_le]
    ecart = None
    if pendant:
        ecart = _tout_au_long(ligne, [(du, dossier.au(du)) for du in pendant])
        if dernier in periode:
            return ecart
    elif attendue and (dernier < connue_le or dernier < periode.upper):
        return Ecart(ligne, Constat.ATTENTE, f"Le dernier flux est du {dernier:%d/%m/%Y}, avant la sanction.", dernier)
    elif ligne.decision.etat == EtatDecision.NOTIFIEE:
        return Ecart(
            ligne, Constat.ATTENTE, "Aucun flux reçu ne porte sur les jours de la sanction : demandez à la caisse.",
            dernier,
        )  # fmt: skip
    apres = _apres(ligne, dernier, dossier.au(dernier), autres)
    if ecart is None or ecart.constat == Constat.CONFORME:
        return apres
    if apres.constat == Constat.NON_LEVEE:  # ce qui prive encore le foyer passe d'abord
        return replace(apres, phrase=f"{ecart.phrase} {apres.phrase}")
    return ecart


def _tout_au_long(ligne: LigneTransmission, flux: Sequence[tuple[date, _Releve]]) -> Ecart:
    """Chaque flux reçu pendant la sanction compte : un mois manqué ou trop retenu ne s'efface pas au mois suivant.

    Une date se corrige pourtant : la caisse qui dit, plus tard, l'appliquer depuis le jour transmis a régularisé.
    """
    lus = [(_pendant(ligne, du, releve), releve) for du, releve in flux]
    dernier, releve = lus[-1]
    avant = lus[:-1]
    if dernier.constat == Constat.ABSENTE:
        appliquee = next((lu for lu, ancien in reversed(avant) if ancien.applique), None)
        if appliquee is None:
            return dernier
        phrase = (
            f"La caisse s'est arrêtée trop tôt : le flux du {appliquee.flux_du:%d/%m/%Y} l'appliquait, celui du "
            f"{dernier.flux_du:%d/%m/%Y} ne l'applique plus."
        )
        return replace(dernier, constat=Constat.AUTRE_DATE, phrase=phrase)
    if dernier.constat != Constat.CONFORME:
        return dernier
    autre = next((lu for lu, _ in avant if lu.constat == Constat.AUTRE_MONTANT), None)
    if autre is not None:
        phrase = f"Dans le flux du {autre.flux_du:%d/%m/%Y} : {autre.phrase[:1].lower()}{autre.phrase[1:]}"
        return replace(autre, phrase=f"{phrase} {dernier.phrase}")
    manque = next((lu for lu, ancien in avant if not ancien.applique), None)
    if manque is not None and releve.debut is None:
        phrase = f"Le flux du {manque.flux_du:%d/%m/%Y} ne l'appliquait pas. {dernier.phrase}"
        return replace(dernier, constat=Constat.AUTRE_DATE, phrase=phrase)
    return dernier


def _pendant(ligne: LigneTransmission, du: date, releve: _Releve) -> Ecart:
    """Un flux reçu pendant la sanction la montre, au montant et aux dates transmis."""
    constat, phrase = Constat.CONFORME, f"Le flux du {du:%d/%m/%Y} l'applique comme prévu."
    fin = ligne.fin - timedelta(days=1) if ligne.fin is not None else None
    if not releve.applique:
        constat, phrase = Constat.ABSENTE, f"Le flux du {du:%d/%m/%Y} ne l'applique pas."
    elif releve.debut is not None and releve.debut != ligne.debut:
        constat = Constat.AUTRE_DATE
        phrase = f"La caisse l'applique depuis le {releve.debut:%d/%m/%Y}, au lieu du {ligne.debut:%d/%m/%Y}."
    elif fin is not None and releve.dernier_jour is not None and releve.dernier_jour != fin:
        constat = Constat.AUTRE_DATE
        phrase = f"La caisse l'applique jusqu'au {releve.dernier_jour:%d/%m/%Y}, au lieu du {fin:%d/%m/%Y}."
    elif releve.montant is None and releve.suspensions and ligne.decision.taux != 100:
        constat = Constat.AUTRE_MONTANT
        phrase = f"La caisse suspend tout, au lieu de {ligne.decision.taux} %."
    elif (
        releve.montant is not None
        and ligne.montant_prevu is not None
        and abs(releve.montant - ligne.montant_prevu) > TOLERANCE
    ):
        constat = Constat.AUTRE_MONTANT
        phrase = f"La caisse retient {_euros(releve.montant)} par mois, au lieu de {_euros(ligne.montant_prevu)}."
    return Ecart(ligne, constat, phrase, du, ligne.montant_prevu, releve.montant, releve.debut)


def _apres(ligne: LigneTransmission, du: date, releve: _Releve, autres: Iterable[LigneTransmission]) -> Ecart:
    """Finie, levée ou annulée, la sanction ne se voit plus, sauf si une autre a pris sa suite."""
    suivie = any(autre.decision.periode is not None and du in autre.decision.periode for autre in autres)
    if not releve.applique or suivie:
        return Ecart(ligne, Constat.CONFORME, f"Le flux du {du:%d/%m/%Y} ne l'applique plus.", du, ligne.montant_prevu)
    suite = _ordre_contraire(ligne)
    attente = ""
    if suite is not None and du < suite.transmission.produite_le:
        attente = f"Le dernier flux est du {du:%d/%m/%Y}, avant la transmission de sa fin."
    elif suite is None and _a_interrompre(ligne):
        attente = "La fin de cette sanction n'est pas encore transmise à la caisse : produisez la transmission."
    if attente:
        return Ecart(ligne, Constat.ATTENTE, attente, du, ligne.montant_prevu, releve.montant, releve.debut)
    return Ecart(
        ligne, Constat.NON_LEVEE, f"Le flux du {du:%d/%m/%Y} l'applique alors qu'elle devait être finie.", du,
        ligne.montant_prevu, releve.montant, releve.debut,
    )  # fmt: skip


def _ordre_contraire(ligne: LigneTransmission) -> LigneTransmission | None:
    contraires = [autre for autre in ligne.decision.transmissions.all() if autre.objet != ObjetTransmission.APPLIQUER]
    return contraires[-1] if contraires else None


def _a_interrompre(ligne: LigneTransmission) -> bool:
    """La fin transmise au départ n'est plus la bonne : la caisse attend un ordre contraire."""
    periode = ligne.decision.periode
    return ligne.decision.etat == EtatDecision.ANNULEE or (
        periode is not None and (periode.isempty or ligne.fin is None or periode.upper < ligne.fin)
    )


def _euros(montant: Decimal) -> str:
    return f"{montant:.2f} €".replace(".", ",")
