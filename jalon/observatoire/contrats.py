"""Les contrats : I01 à I06, I13, I14, I19 à I21 (inventaire § 5.1), à toute date.

On compte des personnes distinctes, jamais des contrats : une personne qui en a deux compte une fois. Une part sans base
n'est pas zéro, elle n'existe pas. Les faits datés sont dans `contrats_faits`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from dateutil.relativedelta import relativedelta

from jalon.contrats.enums import Famille
from jalon.contrats.models import TypeContrat
from jalon.observatoire.contrats_faits import (
    AVEC_ALLOCATION,
    ENGAGEMENTS,
    Champ,
    allocataires,
    signatures,
    situer,
    soumises,
    suivies_ailleurs,
    titulaires,
)
from jalon.observatoire.contrats_mesures import (
    JOURS_DE_VALIDATION,
    LONGTEMPS,
    TRANCHES,
    Conclusion,
    Suite,
    anciennetes,
    conclusions,
    delais,
    derniers_valides,
    ecarts,
    fins_de_mois,
    mediane,
    moyenne,
    professionnelles,
    sociales,
    suites,
    tranche,
)
from jalon.observatoire.erreurs import TableauInconnuError
from jalon.observatoire.referencement import exiger_public
from jalon.observatoire.territoires import arbre
from jalon.organismes.models import Organisme
from jalon.personnes.fusion import effets_complets
from jalon.socle.errors import JalonError
from jalon.socle.nombres import en_pourcent

SOURCE = "Contrats, orientations et droits datés de Jalon, tels qu'ils étaient connus à la date."
Rangee = dict[str, Any]


@dataclass(frozen=True)
class Indicateur:
    """Ce qu'un indicateur dit de lui-même, et comment il se compte."""

    code: str
    titre: str
    definition: str
    numerateur: str
    denominateur: str
    unite: str
    calcul: Callable[[Champ], list[Rangee]]
    """Ses valeurs : la principale d'abord, ses variantes ensuite."""
    source: str = SOURCE


# --- Mesures


def _part(code: str, definition: str, numerateur: int, denominateur: int) -> Rangee:
    return {
        "code": code, "definition": definition, "unite": "%", "numerateur": numerateur,
        "denominateur": denominateur, "valeur": en_pourcent(numerateur, denominateur),
    }  # fmt: skip


def _mesure(code: str, definition: str, valeur: Decimal | None, numerateur: int | None, personnes: int) -> Rangee:
    return {
        "code": code, "definition": definition, "unite": "jours", "numerateur": numerateur,
        "denominateur": personnes, "valeur": valeur,
    }  # fmt: skip


def _taux(code: str, definition: str, base: Iterable[int], avec: set[int]) -> Rangee:
    personnes = set(base)
    return _part(code, definition, len(personnes & avec), len(personnes))


# --- Taux (I01 à I06)


def _signataires(champ: Champ, famille: str) -> set[int]:
    """Personnes qui ont eu un contrat de cette famille signé par les deux dans la période."""
    return {
        personne
        for personne, jours in signatures(champ, famille).items()
        if champ.du is None or any(jour >= champ.du for jour in jours)
    }


def _i01(champ: Champ) -> list[Rangee]:
    return [
        _taux(
            "", "Personnes orientées vers la sphère sociale qui ont un contrat en cours.",
            sociales(champ), titulaires(champ, ENGAGEMENTS),
        )
    ]  # fmt: skip


def _i02(champ: Champ) -> list[Rangee]:
    base = soumises(champ)
    return [
        _taux(
            "", "Personnes soumises qui ont un contrat ou un projet du service public de l'emploi.",
            base, titulaires(champ, AVEC_ALLOCATION),
        ),
        _taux("contrat", "Les mêmes, contrats seuls.", base, titulaires(champ, ENGAGEMENTS)),
        _taux("projet", "Les mêmes, projets seuls.", base, titulaires(champ, [Famille.PROJET])),
    ]  # fmt: skip


def _i03(champ: Champ) -> list[Rangee]:
    return [
        _taux(
            "", "Personnes orientées vers la sphère sociale qui ont signé un contrat de cette sphère.",
            sociales(champ), _signataires(champ, Famille.SOLIDARITE),
        )
    ]  # fmt: skip


def _i04(champ: Champ) -> list[Rangee]:
    return [
        _taux(
            "", "Personnes orientées vers la sphère professionnelle, hors service public de l'emploi, qui ont signé un "
            "contrat de cette sphère.", professionnelles(champ), _signataires(champ, Famille.PROFESSIONNEL),
        )
    ]  # fmt: skip


def _au_jour(champ: Champ, jour: date, code: str, definition: str) -> Rangee:
    return _taux(
        code, definition, situer(champ, allocataires(jour), jour), titulaires(champ, ENGAGEMENTS, jour)
    )  # fmt: skip


def _i05(champ: Champ) -> list[Rangee]:
    return [
        _au_jour(champ, champ.jour, "", "Allocataires qui ont un contrat en cours."),
        _taux(
            "soumises", "Personnes soumises, conjoints compris, qui ont un contrat en cours.",
            soumises(champ), titulaires(champ, ENGAGEMENTS),
        ),
    ]  # fmt: skip


def _i06(champ: Champ) -> list[Rangee]:
    mois = [
        _au_jour(champ, jour, f"{jour:%Y-%m}", f"Au {jour:%d/%m/%Y}.") for jour in fins_de_mois(champ.jour)
    ]  # fmt: skip
    connus: list[Decimal] = [m["valeur"] for m in mois if m["valeur"] is not None]
    taux_moyen = (sum(connus, Decimal(0)) / len(connus)).quantize(Decimal("0.01"), ROUND_HALF_UP) if connus else None
    return [
        _au_jour(champ, champ.jour, "", "Allocataires qui ont un contrat en cours à la date."),
        {
            "code": "moyenne", "unite": "%", "numerateur": None, "denominateur": len(connus), "valeur": taux_moyen,
            "definition": "Moyenne des taux des douze dernières fins de mois ; le dénominateur est le nombre de mois "
            "qui ont une base.",
        },
        *mois,
    ]  # fmt: skip


# --- Délais (I13, I14)


def _i13(champ: Champ) -> list[Rangee]:
    contrats, rendues = derniers_valides(champ), []
    for nom, depuis, de in (("signature", "signe_le", "la signature"), ("reception", "recu_le", "la réception")):
        jours = delais(contrats, depuis=depuis)
        dans_les_temps = sum(1 for n in jours if n <= JOURS_DE_VALIDATION)
        rendues += [
            _mesure(
                f"mediane_{nom}", f"Médiane des jours de {de} à la validation. Le numérateur compte les personnes dont "
                f"le contrat a été validé en {JOURS_DE_VALIDATION} jours au plus.",
                mediane(jours), dans_les_temps, len(jours),
            ),
            _mesure(
                f"moyenne_{nom}", f"Moyenne des jours de {de} à la validation. Le numérateur est la somme des jours.",
                moyenne(jours), sum(jours), len(jours),
            ),
            _part(
                f"part_{JOURS_DE_VALIDATION}_jours_{nom}",
                f"Personnes dont le contrat a été validé dans les {JOURS_DE_VALIDATION} jours de {de}.",
                dans_les_temps, len(jours),
            ),
        ]  # fmt: skip
    return rendues


def _conclues(code: str, definition: str, vues: Sequence[Conclusion]) -> Rangee:
    return _part(code, definition, sum(1 for c in vues if c.signe_le is not None), len(vues))


def _i14(champ: Champ) -> list[Rangee]:
    professionnel = conclusions(
        champ, famille=Famille.PROFESSIONNEL, parametre="contrat.delai_cer_professionnel", base=professionnelles(champ)
    )
    solidarite = conclusions(
        champ, famille=Famille.SOLIDARITE, parametre="contrat.delai_cer_solidarite", base=sociales(champ)
    )
    jours = [(c.signe_le - c.orientee_le).days for c in professionnel if c.signe_le is not None]
    return [
        _conclues("", "Contrats de la sphère professionnelle signés par les deux dans le délai.", professionnel),
        _mesure(
            "mediane", "Médiane des jours de l'orientation à la signature, parmi les contrats signés dans le délai.",
            mediane(jours), None, len(jours),
        ),
        _conclues("sociale", "Contrats de la sphère sociale signés par les deux dans leur délai.", solidarite),
    ]  # fmt: skip


# --- Ancienneté et parcours (I19, I20)


def _i19(champ: Champ) -> list[Rangee]:
    connues, avec = anciennetes(champ)
    seuil = champ.jour - relativedelta(years=LONGTEMPS)
    anciennes = {cle for cle, entree in connues.items() if entree < seuil}
    rangs = [tranche(connues[cle], champ.jour) for cle in avec & connues.keys()]
    return [
        _part(
            "sans_contrat", f"Personnes présentes depuis plus de {LONGTEMPS} ans sans contrat validé en cours, sur "
            f"toutes celles qui sont présentes depuis plus de {LONGTEMPS} ans.",
            len(anciennes - avec), len(anciennes),
        ),
        *(
            _part(code, f"{libelle} : part des titulaires d'un contrat validé.", rangs.count(code), len(rangs))
            for code, libelle, _ in TRANCHES
        ),
    ]  # fmt: skip


def _i20(champ: Champ) -> list[Rangee]:
    suivies = soumises(champ).keys() & suivies_ailleurs(champ.jour)
    sans = suivies - titulaires(champ, AVEC_ALLOCATION)
    return [_part("", INDICATEURS["I20"].definition, len(sans), len(suivies))]


# --- Entre deux contrats (I21)


def _i21(champ: Champ) -> list[Rangee]:
    vues = suites(champ)
    equipes: dict[tuple[str, str], list[Suite]] = defaultdict(list)
    for vue in vues:
        equipes[vue.contrat.organisme_libelle, vue.contrat.organisme].append(vue)
    rendues = _ecart_et_duree("", "", vues)
    for (libelle, code), siennes in sorted(equipes.items()):
        rendues += _ecart_et_duree(f"{code}:", f"{libelle}. ", siennes)
    return rendues


def _ecart_et_duree(prefixe: str, debut: str, vues: Sequence[Suite]) -> list[Rangee]:
    separes, durees = ecarts(vues), [s.duree for s in vues]
    return [
        _mesure(
            f"{prefixe}ecart", f"{debut}Médiane des jours entre la fin d'un contrat et le début du suivant. Le "
            "numérateur compte les personnes sans aucun jour d'écart.",
            mediane(separes), separes.count(0), len(separes),
        ),
        _mesure(
            f"{prefixe}duree", f"{debut}Médiane de la durée des contrats, en jours. Le numérateur est la somme des jours.",
            mediane(durees), sum(durees), len(durees),
        ),
    ]  # fmt: skip


# --- Déclarations


_DATE = (
    " Un contrat compte du jour où il est validé et commencé jusqu'à sa fin connue à la date. Une personne est rangée au "
    "territoire de sa dernière orientation, sinon au sien."
)
INDICATEURS: dict[str, Indicateur] = {
    i.code: i
    for i in (
        Indicateur(
            "I01", "Taux de contractualisation de la sphère sociale",
            "Part des personnes soumises orientées vers la sphère sociale qui ont un contrat validé en cours (contrat "
            "d'engagements réciproques, d'insertion ou d'engagement)." + _DATE,
            "Personnes orientées vers la sphère sociale qui ont un contrat en cours.",
            "Personnes soumises orientées vers la sphère sociale.", "%", _i01,
        ),
        Indicateur(
            "I02", "Taux de contractualisation, projets du service public de l'emploi compris",
            "Part des personnes soumises qui ont un contrat validé en cours, ou un projet accepté du service public de "
            "l'emploi." + _DATE,
            "Personnes soumises qui ont un contrat ou un projet en cours.", "Personnes soumises.", "%", _i02,
        ),
        Indicateur(
            "I03", "Contrats de la sphère sociale rapportés aux orientations",
            "Part des personnes soumises orientées vers la sphère sociale qui ont signé un contrat de cette sphère dans "
            "la période, ou depuis l'origine. La source rapporte un cumul de contrats à un nombre de personnes : on "
            "compte ici les personnes.",
            "Personnes orientées qui ont signé un contrat de la sphère sociale.",
            "Personnes soumises orientées vers la sphère sociale à la date.", "%", _i03,
        ),
        Indicateur(
            "I04", "Contrats de la sphère professionnelle rapportés aux orientations",
            "Part des personnes soumises orientées vers la sphère professionnelle, hors service public de l'emploi, qui "
            "ont signé un contrat de cette sphère dans la période, ou depuis l'origine.",
            "Personnes orientées qui ont signé un contrat de la sphère professionnelle.",
            "Personnes soumises orientées vers la sphère professionnelle, hors service public de l'emploi.", "%", _i04,
        ),
        Indicateur(
            "I05", "Taux de contractualisation des allocataires",
            "Part des allocataires (un par foyer dont le droit est ouvert) qui ont un contrat validé en cours ; une "
            "variante compte toutes les personnes soumises, conjoints compris." + _DATE,
            "Allocataires qui ont un contrat en cours.", "Allocataires dont le droit est ouvert.", "%", _i05,
        ),
        Indicateur(
            "I06", "Taux de contractualisation, et son taux moyen sur douze mois",
            "Part des allocataires qui ont un contrat validé en cours à la date. La variante « moyenne » est la moyenne "
            "des taux des douze dernières fins de mois : un taux moyen et non une photographie." + _DATE,
            "Allocataires qui ont un contrat en cours.", "Allocataires dont le droit est ouvert.", "%", _i06,
        ),
        Indicateur(
            "I13", "Délai de validation",
            "Médiane des jours de la signature par les deux à la validation, pour le dernier contrat validé de chaque "
            "personne dans la période, reconductions sans acte et contrats écrits ailleurs exceptés. Les variantes "
            f"donnent la moyenne, la part validée en {JOURS_DE_VALIDATION} jours au plus, et les mêmes depuis la "
            "réception.",
            f"Personnes dont le contrat a été validé en {JOURS_DE_VALIDATION} jours au plus.",
            "Personnes dont un contrat a été validé.", "jours", _i13,
        ),
        Indicateur(
            "I14", "Délai de conclusion",
            "Part des personnes orientées vers la sphère professionnelle, hors service public de l'emploi, dont le "
            "contrat est signé par les deux au plus un mois (délai du profil) après le jour de la décision "
            "d'orientation. Ne comptent que les personnes dont ce délai est passé à la date.",
            "Personnes qui ont signé dans le délai.", "Personnes orientées dont le délai est passé.", "%", _i14,
        ),
        Indicateur(
            "I19", "Ancienneté et contrat",
            f"Part des personnes soumises présentes depuis plus de {LONGTEMPS} ans qui n'ont pas de contrat validé en "
            "cours. Les variantes répartissent les titulaires d'un contrat validé par ancienneté, comptée depuis la "
            "plus ancienne demande de leurs dossiers ouverts, le RMI d'avant compris.",
            f"Personnes présentes depuis plus de {LONGTEMPS} ans sans contrat.",
            f"Personnes présentes depuis plus de {LONGTEMPS} ans.", "%", _i19,
        ),
        Indicateur(
            "I20", "Personnes suivies ailleurs, sans contrat",
            "Part des personnes soumises qu'un autre dispositif que le référent unique accompagne (logement, santé, "
            "action sociale) et qui n'ont ni contrat ni projet en cours. La source dit « sans parcours » : on retient "
            "l'absence de contrat.",
            "Personnes suivies sans contrat.", "Personnes suivies par un autre dispositif.", "%", _i20,
        ),
        Indicateur(
            "I21", "Délais entre deux contrats et durée des contrats",
            "Médiane des jours entre la fin d'un contrat et le début du suivant, pour les deux derniers contrats "
            "commencés de chaque personne. Les variantes donnent la durée médiane du dernier contrat commencé, et les "
            "deux mesures par service.",
            "Personnes sans aucun jour d'écart.", "Personnes qui ont eu deux contrats à la suite.", "jours", _i21,
        ),
    )
}  # fmt: skip


def calculer(
    code: str,
    jour: date,
    territoire: str | None = None,
    *,
    du: date | None = None,
    service: str = "",
    type: str = "",
    public: str = "",
    permis: frozenset[str] | None = None,
) -> dict[str, Any]:
    """Un indicateur à une date, ou sur la période de `du` à `jour`, pour un territoire, un service, un type, un public.

    Même forme que `referencement.calculer`. `permis` borne aux territoires du lecteur : la sécurité par ligne est levée
    pour la seule somme, car elle compterait les personnes d'aujourd'hui. Lève `TableauInconnuError`,
    `TerritoireInconnuError`, `JalonError` (service, type ou public inconnus).
    """
    indicateur = INDICATEURS.get(code.upper())
    if indicateur is None:
        raise TableauInconnuError(f"L'indicateur « {code} » n'existe pas. Connus : {', '.join(INDICATEURS)}.")
    champ = champ_de(jour, territoire, du=du, service=service, type=type, public=public, permis=permis)
    with effets_complets():
        principale, *variantes = indicateur.calcul(champ)
    return {
        "code": indicateur.code, "titre": indicateur.titre, "date": jour, "du": du, "territoire": territoire,
        "service": service or None, "type": type or None, "public": public or None,
        "unite": indicateur.unite, "source": indicateur.source, "definition": indicateur.definition,
        "valeur": principale["valeur"], "numerateur": principale["numerateur"],
        "denominateur": principale["denominateur"], "variantes": [principale, *variantes],
    }  # fmt: skip


def champ_de(
    jour: date,
    territoire: str | None = None,
    *,
    du: date | None = None,
    service: str = "",
    type: str = "",
    public: str = "",
    permis: frozenset[str] | None = None,
) -> Champ:
    """Le champ demandé, vérifié. Lève `TerritoireInconnuError`, `JalonError`."""
    carte = arbre()
    feuilles = carte.sous(territoire) if territoire and not carte.racine(territoire) else None
    if permis is not None:
        feuilles = permis if feuilles is None else feuilles & permis
    if service and not Organisme.objects.filter(code=service).exists():
        raise JalonError(f"Le service « {service} » n'existe pas : donnez le code d'un organisme.")
    if type and not TypeContrat.objects.filter(code=type).exists():
        connus = ", ".join(TypeContrat.objects.order_by("ordre", "pk").values_list("code", flat=True))
        raise JalonError(f"Le type de contrat « {type} » n'existe pas. Connus : {connus}.")
    return Champ(jour, du, feuilles, service, type, exiger_public(public))
