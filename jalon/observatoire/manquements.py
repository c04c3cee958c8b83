"""Les procédures de sanction : I23 (inventaire § 5.1), et l'égalité de traitement entre les territoires, à toute date.

On part des saisines de la période et l'on regarde ce qu'elles sont devenues à la date : entendue, avis rendu, classée,
sanctionnée. Tout se lit tel que c'était connu ce jour-là : une sanction annulée depuis compte encore la veille.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from dateutil.relativedelta import relativedelta

from jalon.manquements.models import (
    EtatDecision,
    EtatManquement,
    Manquement,
    MotifClassement,
    MotifLevee,
    MotifManquement,
    NatureSanction,
    Regime,
    SensAvis,
    VoteAvis,
)
from jalon.observatoire.contrats_mesures import mediane
from jalon.observatoire.erreurs import TableauInconnuError
from jalon.observatoire.secret import Equation, masquer
from jalon.observatoire.territoires import arbre
from jalon.personnes.fusion import effets_complets
from jalon.socle.nombres import en_pourcent

SOURCE: Final = "Procédures, avis et décisions datés de Jalon, tels qu'ils étaient connus à la date."
ENSEMBLE: Final = "*"
SANS_TERRITOIRE: Final = ""
Rangee = dict[str, Any]


@dataclass(frozen=True)
class Champ:
    """Saisines comptées : de `du` à `jour`, dans ces territoires (`None` : tout le département)."""

    jour: date
    du: date | None = None
    feuilles: frozenset[str] | None = None


def champ_de(
    jour: date, territoire: str | None = None, *, du: date | None = None, permis: frozenset[str] | None = None
) -> Champ:
    """Le champ demandé. `permis` borne aux territoires du lecteur. Lève `TerritoireInconnuError`."""
    carte = arbre()
    feuilles = carte.sous(territoire) if territoire and not carte.racine(territoire) else None
    if permis is not None:
        feuilles = permis if feuilles is None else feuilles & permis
    return Champ(jour, du, feuilles)


# --- Les faits


@dataclass(frozen=True)
class Procedure:
    """Une saisine, et ce qu'elle était devenue à la date."""

    cle: int
    motif: str
    lieu: str
    saisie_le: date
    entendue: bool
    assistee: bool
    avis_le: date | None
    avis: str
    """Sens de l'avis, « repute », ou rien."""
    avis_en_retard: bool
    """Le délai de l'avis est passé sans que l'instance réponde à temps."""
    classee: str
    """Motif de classement, ou rien."""
    decidee_le: date | None
    nature: str
    """Nature de la sanction décidée, ou rien."""
    taux: int | None
    duree: int | None
    levee: bool
    annulee: bool
    arret: str
    """Motif de la levée ou de l'annulation, ou rien."""

    @property
    def sanctionnee(self) -> bool:
        """Une sanction a été décidée, et n'est pas annulée."""
        return bool(self.nature) and not self.annulee


@dataclass(frozen=True)
class _Delais:
    """Délais d'avis de chaque régime, lus une fois."""

    regimes: tuple[tuple[date | None, date | None, int], ...]

    @classmethod
    def lire(cls) -> _Delais:
        lus = Regime.objects.order_by("pk").values_list("periode", "avis_mois")
        return cls(tuple((periode.lower, periode.upper, mois) for periode, mois in lus))

    def limite(self, convoquee_le: date) -> date | None:
        """Dernier jour où l'avis vient à temps, de la convocation de l'instance."""
        for du, au, mois in self.regimes:
            if (du is None or du <= convoquee_le) and (au is None or convoquee_le < au):
                return convoquee_le + relativedelta(months=mois)
        return None


def procedures(champ: Champ) -> list[Procedure]:
    """Les saisines du champ, en deux lectures. À lire dans `effets_complets` : le champ borne déjà ce qui est compté."""
    saisies = Manquement.objects.filter(saisi_le__lte=champ.jour)
    if champ.du is not None:
        saisies = saisies.filter(saisi_le__gte=champ.du)
    delais, connus, lues = _Delais.lire(), frozenset(arbre().feuilles), []
    for m in saisies.order_by("pk").values(
        "pk", "motif__code", "territoire__code", "saisi_le", "entendue_le", "assistee_par", "instance_convoquee_le",
        "etat", "clos_le", "motif_classement", "avis__rendu_le", "avis__sens", "avis__vote", "decision__decidee_le",
        "decision__nature", "decision__taux", "decision__duree", "decision__etat", "decision__levee_le",
        "decision__levee_avant_le", "decision__motif_levee",
    ):  # fmt: skip
        lieu = m["territoire__code"] if m["territoire__code"] in connus else SANS_TERRITOIRE
        if champ.feuilles is None or lieu in champ.feuilles:
            lues.append(_procedure(m, lieu, champ.jour, delais))
    return lues


def _procedure(m: Mapping[str, Any], lieu: str, jour: date, delais: _Delais) -> Procedure:
    def connue(quand: date | None) -> bool:
        return quand is not None and quand <= jour

    entendue, rendu = connue(m["entendue_le"]), connue(m["avis__rendu_le"])
    decidee, finie = connue(m["decision__decidee_le"]), connue(m["decision__levee_le"])
    classee = m["etat"] == EtatManquement.CLASSE and connue(m["clos_le"])
    repute = rendu and m["avis__vote"] == VoteAvis.REPUTE
    limite = delais.limite(m["instance_convoquee_le"]) if connue(m["instance_convoquee_le"]) else None
    fins = ((rendu, m["avis__rendu_le"]), (classee, m["clos_le"]), (decidee, m["decision__decidee_le"]), (True, jour))
    tardif = limite is not None and next(fin for vraie, fin in fins if vraie) > limite
    return Procedure(
        cle=m["pk"], motif=m["motif__code"], lieu=lieu, saisie_le=m["saisi_le"], entendue=entendue,
        assistee=entendue and bool(m["assistee_par"]), avis_le=m["avis__rendu_le"] if rendu else None,
        avis=("repute" if repute else m["avis__sens"]) if rendu else "", avis_en_retard=repute or tardif,
        classee=m["motif_classement"] if classee else "",
        decidee_le=m["decision__decidee_le"] if decidee else None, nature=m["decision__nature"] if decidee else "",
        taux=m["decision__taux"] if decidee else None, duree=m["decision__duree"] if decidee else None,
        levee=finie and m["decision__etat"] == EtatDecision.LEVEE or connue(m["decision__levee_avant_le"]),
        annulee=finie and m["decision__etat"] == EtatDecision.ANNULEE, arret=m["decision__motif_levee"] if finie else "",
    )  # fmt: skip


# --- Les cases : chaque nombre du tableau, et le nom de la liste qu'il ouvre


CASES: Final[dict[str, Callable[[Procedure], bool]]] = {
    "saisines": lambda p: True,
    "entendues": lambda p: p.entendue,
    "assistees": lambda p: p.assistee,
    "avis_rendus": lambda p: bool(p.avis),
    "avis_favorable": lambda p: p.avis == SensAvis.FAVORABLE,
    "avis_defavorable": lambda p: p.avis == SensAvis.DEFAVORABLE,
    "avis_partage": lambda p: p.avis == SensAvis.PARTAGE,
    "avis_repute": lambda p: p.avis == "repute",
    "avis_absent": lambda p: p.avis_en_retard,
    "decidees": lambda p: bool(p.nature),
    "sanctions": lambda p: p.sanctionnee,
    "suspensions": lambda p: p.sanctionnee and p.nature == NatureSanction.SUSPENSION,
    "suppressions": lambda p: p.sanctionnee and p.nature == NatureSanction.SUPPRESSION,
    "amendes": lambda p: p.sanctionnee and p.nature == NatureSanction.AMENDE,
    "levees": lambda p: p.sanctionnee and p.levee,
    "annulees": lambda p: p.annulee,
    "annulees_service": lambda p: p.annulee and p.arret == MotifLevee.SERVICE,
    "classees": lambda p: bool(p.classee),
    "classees_service": lambda p: p.classee == MotifClassement.SERVICE,
    "en_cours": lambda p: not p.classee and not p.nature,
}
MOTIF: Final = "motif:"
"""Préfixe d'une case qui compte les saisines d'un motif."""


def retient(case: str) -> Callable[[Procedure], bool]:
    """Ce que compte une case. Lève `TableauInconnuError`."""
    if case.startswith(MOTIF) and case.removeprefix(MOTIF) in motifs():
        voulu = case.removeprefix(MOTIF)
        return lambda p: p.motif == voulu
    if case not in CASES:
        raise TableauInconnuError(f"« {case} » n'est pas un nombre de ce tableau. Connus : {', '.join(CASES)}.")
    return CASES[case]


def motifs() -> dict[str, str]:
    """Code et libellé de chaque motif, dans l'ordre."""
    return dict(MotifManquement.objects.order_by("ordre", "pk").values_list("code", "libelle"))


def procedures_derriere(champ: Champ, case: str) -> list[int]:
    """Clés des procédures que compte une case ; l'écran y croise le périmètre de l'agent. Lève `TableauInconnuError`."""
    retenue = retient(case)
    with effets_complets():
        return [p.cle for p in procedures(champ) if retenue(p)]


# --- Délais


def _jours(couples: Iterable[tuple[date | None, date | None]]) -> list[int]:
    return [(fin - debut).days for debut, fin in couples if debut is not None and fin is not None]


def jusqu_a_l_avis(vues: Iterable[Procedure]) -> list[int]:
    return _jours((p.saisie_le, p.avis_le) for p in vues)


def de_l_avis_a_la_decision(vues: Iterable[Procedure]) -> list[int]:
    return _jours((p.avis_le, p.decidee_le) for p in vues)


def jusqu_a_la_decision(vues: Iterable[Procedure]) -> list[int]:
    return _jours((p.saisie_le, p.decidee_le) for p in vues)


# --- I23


@dataclass(frozen=True)
class Indicateur:
    """Ce que l'indicateur dit de lui-même."""

    code: str
    titre: str
    definition: str
    numerateur: str
    denominateur: str
    unite: str
    source: str = SOURCE


I23: Final = Indicateur(
    "I23", "Procédures de sanction",
    "Saisines de la période, par motif, et ce qu'elles sont devenues à la date : personnes entendues, assistées, avis, "
    "décisions, classements et annulations, dont ceux où le service est en cause, et délais.",
    "Saisines dont une sanction a été décidée et n'est pas annulée.", "Saisines de la période.", "saisines",
)  # fmt: skip
INDICATEURS: Final[dict[str, Indicateur]] = {I23.code: I23}


def _part(code: str, definition: str, vues: Sequence[Procedure], case: str, base: str = "saisines") -> Rangee:
    numerateur = sum(1 for p in vues if CASES[case](p))
    denominateur = sum(1 for p in vues if CASES[base](p))
    return {
        "code": code, "definition": definition, "unite": "%", "numerateur": numerateur, "denominateur": denominateur,
        "valeur": en_pourcent(numerateur, denominateur),
    }  # fmt: skip


def _mediane(code: str, definition: str, valeurs: Sequence[int], unite: str = "jours") -> Rangee:
    return {
        "code": code, "definition": definition, "unite": unite, "numerateur": None, "denominateur": len(valeurs),
        "valeur": mediane(valeurs),
    }  # fmt: skip


def _i23(vues: Sequence[Procedure]) -> list[Rangee]:
    par_motif = Counter(p.motif for p in vues)
    par_classement = Counter(p.classee for p in vues if p.classee)
    retenues = [p for p in vues if p.sanctionnee and p.nature != NatureSanction.AMENDE]
    total, classees = len(vues), sum(par_classement.values())
    return [
        {
            "code": "", "definition": I23.definition, "unite": "saisines", "valeur": total,
            "numerateur": sum(1 for p in vues if p.sanctionnee), "denominateur": total,
        },
        *(
            {
                "code": f"motif_{code}", "definition": f"Saisines pour ce motif : {libelle}.", "unite": "%",
                "numerateur": par_motif[code], "denominateur": total, "valeur": en_pourcent(par_motif[code], total),
            }
            for code, libelle in motifs().items()
        ),
        _part("entendues", "Personnes entendues avant l'avis ou la décision.", vues, "entendues"),
        _part("assistees", "Personnes entendues, assistées de la personne de leur choix.", vues, "assistees", "entendues"),
        _part("avis_favorable", "Avis favorables à une sanction.", vues, "avis_favorable"),
        _part("avis_defavorable", "Avis défavorables à une sanction.", vues, "avis_defavorable"),
        _part("avis_partage", "Avis partagés.", vues, "avis_partage"),
        _part("avis_repute", "Avis réputés rendus, l'instance n'ayant pas répondu.", vues, "avis_repute"),
        _part("avis_absent", "Avis réputés, rendus après le délai, ou encore attendus passé ce délai.", vues, "avis_absent"),
        _part("sanctions", "Sanctions décidées et non annulées.", vues, "sanctions"),
        *(
            _part(case, f"{nature.label}.", vues, case, "sanctions")
            for case, nature in (
                ("suspensions", NatureSanction.SUSPENSION), ("suppressions", NatureSanction.SUPPRESSION),
                ("amendes", NatureSanction.AMENDE),
            )
        ),
        _part("levees", "Sanctions levées avant leur terme.", vues, "levees", "sanctions"),
        _part("annulees", "Saisines dont la sanction a été annulée.", vues, "annulees"),
        _part("annulees_service", "Annulées, le service était en cause.", vues, "annulees_service", "annulees"),
        _part("classees", "Saisines classées sans sanction.", vues, "classees"),
        *(
            {
                "code": f"classees_{motif.value}", "definition": f"Classées, {motif.label[:1].lower()}{motif.label[1:]}.",
                "unite": "%", "numerateur": par_classement[motif.value], "denominateur": classees,
                "valeur": en_pourcent(par_classement[motif.value], classees),
            }
            for motif in MotifClassement
        ),
        _part("en_cours", "Saisines qui n'ont encore ni décision ni classement.", vues, "en_cours"),
        _mediane("delai_avis", "Médiane des jours de la saisine à l'avis.", jusqu_a_l_avis(vues)),
        _mediane("delai_avis_decision", "Médiane des jours de l'avis à la décision.", de_l_avis_a_la_decision(vues)),
        _mediane("delai_decision", "Médiane des jours de la saisine à la décision.", jusqu_a_la_decision(vues)),
        _mediane("taux_median", "Médiane des parts retenues.", [p.taux for p in retenues if p.taux is not None], "%"),
        _mediane("duree_mediane", "Médiane des durées.", [p.duree for p in retenues if p.duree is not None], "mois"),
    ]  # fmt: skip


def calculer(
    code: str,
    jour: date,
    territoire: str | None = None,
    *,
    du: date | None = None,
    permis: frozenset[str] | None = None,
) -> dict[str, Any]:
    """I23 à une date, pour les saisines de `du` à `jour`. Même forme que `contrats.calculer`.

    Lève `TableauInconnuError`, `TerritoireInconnuError`.
    """
    indicateur = INDICATEURS.get(code.upper())
    if indicateur is None:
        raise TableauInconnuError(f"L'indicateur « {code} » n'existe pas. Connus : {', '.join(INDICATEURS)}.")
    champ = champ_de(jour, territoire, du=du, permis=permis)
    with effets_complets():
        principale, *variantes = _i23(procedures(champ))
    return {
        "code": indicateur.code, "titre": indicateur.titre, "date": jour, "du": du, "territoire": territoire,
        "unite": indicateur.unite, "source": indicateur.source, "definition": indicateur.definition,
        "valeur": principale["valeur"], "numerateur": principale["numerateur"],
        "denominateur": principale["denominateur"], "variantes": [principale, *variantes],
    }  # fmt: skip


# --- Le tableau, par territoire


TITRE: Final = "Procédures et sanctions, par territoire"
DEFINITION: Final = (
    "Saisines de la période, au territoire de la procédure, et ce qu'elles sont devenues à la date (I23). Le taux de "
    "sanction est le nombre de sanctions décidées et non annulées pour cent saisines. La part et la durée sont les "
    "médianes des suspensions et des suppressions. Les délais sont les médianes des jours depuis la saisine. Un avis "
    "« en retard » est réputé rendu, rendu après le délai, ou encore attendu passé ce délai."
)
_AJOUTEES: Final[dict[str, Callable[[Procedure], bool]]] = {
    # Ces comptes ne se montrent pas, mais se calculent : ils se protègent comme les autres.
    "autres_classees": lambda p: bool(p.classee) and p.classee != MotifClassement.SERVICE,
    "autres_annulees": lambda p: p.annulee and p.arret != MotifLevee.SERVICE,
    "seules": lambda p: p.entendue and not p.assistee,
    "pas_entendues": lambda p: not p.entendue,
    "sans_avis": lambda p: not p.avis,
    "a_temps": lambda p: not p.avis_en_retard,
    "non_levees": lambda p: p.sanctionnee and not p.levee,
}
_SOMMES: Final = {
    "saisines": (
        ("decidees", "classees", "en_cours"), ("entendues", "pas_entendues"), ("avis_rendus", "sans_avis"),
        ("avis_absent", "a_temps"),
    ),
    "entendues": (("assistees", "seules"),),
    "avis_rendus": (("avis_favorable", "avis_defavorable", "avis_partage", "avis_repute"),),
    "decidees": (("sanctions", "annulees"),),
    "annulees": (("annulees_service", "autres_annulees"),),
    "sanctions": (("suspensions", "suppressions", "amendes"), ("levees", "non_levees")),
    "classees": (("classees_service", "autres_classees"),),
}  # fmt: skip


@dataclass(frozen=True)
class Ligne:
    """Un territoire, ou l'ensemble ; `None` pour un effectif masqué, ou une mesure sans base ou masquée."""

    code: str
    libelle: str
    effectifs: Mapping[str, int | None]
    taux: Decimal | None
    duree: Decimal | None
    delai_avis: Decimal | None
    delai_decision: Decimal | None

    def part(self, case: str, base: str = "saisines") -> Decimal | None:
        """Part d'une case dans une autre, en pour cent ; rien si l'une est masquée."""
        combien, sur = self.effectifs[case], self.effectifs[base]
        return None if combien is None or sur is None else en_pourcent(combien, sur)


@dataclass(frozen=True)
class TableauManquements:
    """Une ligne par territoire, l'ensemble, et les saisines par motif."""

    jour: date
    du: date | None
    lignes: tuple[Ligne, ...]
    total: Ligne
    par_motif: tuple[tuple[str, str, int | None], ...]
    """Code, libellé, saisines de tout le champ."""

    @property
    def masque(self) -> bool:
        vus = [n for ligne in (*self.lignes, self.total) for n in ligne.effectifs.values()]
        return any(n is None for n in [*vus, *(n for _, _, n in self.par_motif)])


def tableau(champ: Champ, *, seuil: int = 0) -> TableauManquements:
    """Le tableau du champ ; `seuil` masque les petits effectifs, et les mesures faites sur eux."""
    carte = arbre()
    with effets_complets():
        # `champ` borne déjà la lecture ; la sécurité par ligne compterait les personnes d'aujourd'hui.
        vues = procedures(champ)
    lieux = [code for code in carte.feuilles if champ.feuilles is None or code in champ.feuilles]
    if champ.feuilles is None and any(p.lieu == SANS_TERRITOIRE for p in vues):
        lieux.append(SANS_TERRITOIRE)
    par_lieu = {lieu: [p for p in vues if p.lieu == lieu] for lieu in lieux} | {ENSEMBLE: vues}
    connus, comptes = motifs(), Counter(p.motif for p in vues)
    masquees = _masquees(par_lieu, comptes, connus, seuil)

    def ligne(code: str, libelle: str) -> Ligne:
        siennes = par_lieu[code]
        effectifs = {
            case: None if (code, case) in masquees else sum(1 for p in siennes if retenue(p))
            for case, retenue in CASES.items()
        }

        def mesure(valeurs: Sequence[int | None], *bases: str) -> Decimal | None:
            """Rien si une base est masquée, ou si la médiane se lirait sur trop peu de personnes."""
            utiles = [v for v in valeurs if v is not None]
            if any(effectifs[base] is None for base in bases) or len(utiles) < seuil:
                return None
            return mediane(utiles)

        retenues = [p for p in siennes if p.sanctionnee and p.nature != NatureSanction.AMENDE]
        return Ligne(
            code, libelle, effectifs,
            taux=mesure([p.taux for p in retenues], "suspensions", "suppressions"),
            duree=mesure([p.duree for p in retenues], "suspensions", "suppressions"),
            delai_avis=mesure(jusqu_a_l_avis(siennes), "avis_rendus"),
            delai_decision=mesure(jusqu_a_la_decision(siennes), "decidees"),
        )  # fmt: skip

    return TableauManquements(
        champ.jour, champ.du, tuple(ligne(lieu, carte.libelles.get(lieu, "Territoire inconnu")) for lieu in lieux),
        ligne(ENSEMBLE, "Ensemble"),
        tuple(
            (code, libelle, None if (ENSEMBLE, MOTIF + code) in masquees else comptes[code])
            for code, libelle in connus.items()
        ),
    )  # fmt: skip


def _masquees(
    par_lieu: Mapping[str, Sequence[Procedure]], comptes: Mapping[str, int], connus: Mapping[str, str], seuil: int
) -> frozenset[tuple[str, ...]]:
    """Cases masquées par le secret, et celles qui permettraient de les retrouver par différence."""
    if not seuil:
        return frozenset()
    toutes = CASES | _AJOUTEES
    pleines: dict[tuple[str, ...], int] = {
        (lieu, case): sum(1 for p in vues if retenue(p))
        for lieu, vues in par_lieu.items()
        for case, retenue in toutes.items()
    }
    pleines |= {(ENSEMBLE, MOTIF + code): comptes.get(code, 0) for code in connus}
    sommes: list[Equation] = [
        ((lieu, total), tuple((lieu, partie) for partie in parties))
        for lieu in par_lieu
        for total, decoupes in _SOMMES.items()
        for parties in decoupes
    ]
    lieux = [lieu for lieu in par_lieu if lieu != ENSEMBLE]
    sommes += [((ENSEMBLE, case), tuple((lieu, case) for lieu in lieux)) for case in toutes]
    sommes.append(((ENSEMBLE, "saisines"), tuple((ENSEMBLE, MOTIF + code) for code in connus)))
    return masquer(pleines, sommes, seuil)
