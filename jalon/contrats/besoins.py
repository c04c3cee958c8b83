"""Ce que les contrats disent des besoins : thèmes des objectifs et freins des grilles, par territoire (R59, F055).

On compte des personnes distinctes qu'un contrat couvrait dans la période, jamais des contrats ni des objectifs. Une
personne compte dans le territoire de son dernier contrat de la période, et une fois par thème ou par frein.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import connection

from jalon.contrats.models import ThemeContrat
from jalon.diagnostics.models import Frein
from jalon.personnes.fusion import effets_complets

SANS_TERRITOIRE: Final = ""
SANS_THEME: Final = "sans_theme"
THEMES, FREINS = "themes", "freins"

DEFINITIONS: Final = {
    THEMES: (
        "Personnes distinctes dont un contrat courait dans la période et y avait au moins un objectif de ce thème encore "
        "ouvert au dernier jour. Une personne qui a deux thèmes compte dans les deux."
    ),
    FREINS: (
        "Personnes distinctes dont un contrat courait dans la période et dont la dernière grille remplie au dernier jour "
        "montrait ce frein. Une personne qui a deux freins compte dans les deux."
    ),
}
SOURCE: Final = "Contrats, objectifs et grilles datés de Jalon."

_COUVERTES = """
couvertes as (
  select distinct on (c.personne_id) c.personne_id, coalesce(t.code, '') as lieu
  from contrats_contrat c
  left join organismes_territoire t on t.id = c.territoire_id
  where c.periode && daterange(%(du)s, %(au)s, '[]') and not isempty(c.periode)
  order by c.personne_id, upper(c.periode) desc, c.id desc
)"""
_THEMES = f"""
with {_COUVERTES}
select distinct v.lieu, coalesce(t.code, '{SANS_THEME}') as code, v.personne_id
from couvertes v
join contrats_contrat c on c.personne_id = v.personne_id and c.periode && daterange(%(du)s, %(au)s, '[]')
join contrats_objectif o on o.contrat_id = c.id
left join contrats_themecontrat t on t.id = o.theme_id
where o.etat <> 'abandonne' and (o.etat <> 'atteint' or o.atteint_le > %(au)s) and o.cree_le < %(au)s::date + 1
"""
_FREINS = f"""
with {_COUVERTES},
derniere as (
  select distinct on (v.personne_id) v.lieu, v.personne_id, p.id, p.version_id
  from couvertes v join diagnostics_passation p on p.personne_id = v.personne_id
  where p.date_passation <= %(au)s
  order by v.personne_id, p.date_passation desc, p.id desc
)
select distinct d.lieu, f.code, d.personne_id
from derniere d
join diagnostics_frein f on f.version_id = d.version_id
join diagnostics_reponse r on r.passation_id = d.id and r.item_id = f.item_id
join diagnostics_echelon e on e.id = r.echelon_id
where e.rang = any(f.echelons)
"""
_SELON: Final = {THEMES: _THEMES, FREINS: _FREINS}


@dataclass(frozen=True)
class Besoin:
    """Un thème ou un frein, et le nombre de personnes par territoire."""

    code: str
    libelle: str
    par_lieu: Mapping[str, int]

    @property
    def total(self) -> int:
        """Additionner les territoires est juste : une personne n'est que dans un."""
        return sum(self.par_lieu.values())


@dataclass(frozen=True)
class Besoins:
    """Les besoins d'une période, du plus partagé au moins partagé, et le nombre de personnes couvertes."""

    lignes: tuple[Besoin, ...]
    couvertes: Mapping[str, int]

    @property
    def personnes(self) -> int:
        return sum(self.couvertes.values())


def besoins(selon: str, du: date, au: date, *, lieux: Collection[str] | None = None) -> Besoins:
    """Compte les besoins des personnes couvertes entre `du` et `au` compris. `lieux` : codes des territoires voulus.

    `selon` vaut `THEMES` ou `FREINS`. Le lecteur est borné par `lieux`, qui dit ce qu'il a le droit de compter : la
    sécurité par ligne, elle, ne connaît que le territoire d'aujourd'hui.
    """
    bornes = {"du": du, "au": au}
    with effets_complets(), connection.cursor() as curseur:
        curseur.execute(
            f"select code, lieu, count(*) from ({_SELON[selon]}) x group by code, lieu order by code, lieu", bornes
        )
        comptes = curseur.fetchall()
        curseur.execute(f"with {_COUVERTES} select lieu, count(*) from couvertes group by lieu order by lieu", bornes)
        couvertes = {lieu: n for lieu, n in curseur.fetchall() if lieux is None or lieu in lieux}
    cases: dict[str, dict[str, int]] = {}
    for code, lieu, n in comptes:
        if lieux is None or lieu in lieux:
            cases.setdefault(code, {})[lieu] = n
    libelles = _libelles(selon)
    lignes = [Besoin(code, libelles.get(code, code), par_lieu) for code, par_lieu in cases.items()]
    lignes += [
        Besoin(code, libelle, {}) for code, libelle in libelles.items() if code not in cases and code != SANS_THEME
    ]
    return Besoins(tuple(sorted(lignes, key=lambda b: (-b.total, b.libelle))), couvertes)


def personnes_du_besoin(
    selon: str, code: str, du: date, au: date, *, lieux: Collection[str] | None = None
) -> list[int]:
    """Clés des personnes derrière un nombre ; l'écran y croise le périmètre de l'agent."""
    with connection.cursor() as curseur:
        curseur.execute(
            f"select personne_id, lieu from ({_SELON[selon]}) x where code = %(code)s",
            {"du": du, "au": au, "code": code},
        )
        return [personne for personne, lieu in curseur.fetchall() if lieux is None or lieu in lieux]


def _libelles(selon: str) -> dict[str, str]:
    if selon == THEMES:
        actifs = dict(ThemeContrat.objects.filter(actif=True).order_by("ordre", "pk").values_list("code", "libelle"))
        anciens = dict(ThemeContrat.objects.filter(actif=False).order_by("pk").values_list("code", "libelle"))
        return {**actifs, **anciens, SANS_THEME: "Thème non précisé"}
    return dict(Frein.objects.order_by("version__du", "pk").values_list("code", "libelle"))


def libelle_du_besoin(selon: str, code: str) -> str | None:
    """Nom d'un thème ou d'un frein ; rien s'il n'existe pas."""
    return _libelles(selon).get(code)
