"""De PostgreSQL aux tables pseudonymisées d'un cliché : l'état des droits tel qu'on le connaissait à une date.

Ce qui sort d'ici n'a ni nom, ni date de naissance, ni adresse, ni numéro : des âges, des mois d'ancienneté, un
territoire, une commune. Les faits sont datés par les flux (`periode`) ; est retenu ce qui valait à la date.
"""

from __future__ import annotations

import io
from datetime import date

import pyarrow as pa
import pyarrow.csv as pacsv
from django.db import connection
from psycopg import sql

from jalon.observatoire.pseudonymes import pseudonyme
from jalon.observatoire.schemas import COLONNES, IDENTIFIANTS

# Une situation, la dernière connue, par dossier ; les places occupées dans le foyer ; le lieu ; l'identité d'alors.
_COMMUNES = """
with situation as (
  select distinct on (s.dossier_id)
    s.dossier_id, d.public_id, d.foyer_id, s.etat, btrim(s.situation_familiale) <> '' as situation_connue,
    least(coalesce(s.date_demande, d.date_demande), d.date_demande_rmi,
          case when s.origine in ('RMI', 'API') then s.date_origine end) as entree
  from droits_situation s join droits_dossierrsa d on d.id = s.dossier_id
  where s.periode @> {jour}
  order by s.dossier_id, lower(s.periode) desc nulls last, s.id desc
), membre as (
  select r.id, r.foyer_id, r.personne_id, r.role, r.responsable
  from personnes_rattachement r
  where r.periode @> {jour} and (r.date_fin is null or r.date_fin >= {jour})
    and (r.role = 'DEM' or r.a_charge is distinct from false)
), lieu as (
  select distinct on (a.foyer_id) a.foyer_id, t.code as territoire, a.commune_id as commune
  from personnes_adresse a left join organismes_territoire t on t.id = a.territoire_id
  where a.periode @> {jour}
  order by a.foyer_id, a.rang, a.id desc
), identite as (
  select p.id, p.public_id, coalesce(i.sexe, p.sexe) as sexe,
    case when coalesce(i.qualite_date_naissance, p.qualite_date_naissance) <> 'O'
      then extract(year from age({jour}, coalesce(i.date_naissance, p.date_naissance)))::int end as age
  from personnes_personne p
  left join lateral (
    select * from personnes_identiteanterieure i where i.personne_id = p.id and i.periode @> {jour}
    order by i.id desc limit 1
  ) i on true
), foyer as (
  select f.id, f.public_id, case when l.foyer_id is null then t.code else l.territoire end as territoire, l.commune
  from personnes_foyer f
  left join lieu l on l.foyer_id = f.id
  left join organismes_territoire t on t.id = f.territoire_id
)
"""

_RANG = "(extract(year from %(x)s) * 12 + extract(month from %(x)s))::int"
_SOCLE = "n.nature in ('RSD', 'RSI', 'RSU', 'RSB', 'RSJ')"
_ACTIVITE = "n.nature in ('RCD', 'RCI', 'RCU', 'RCB', 'RCJ')"
_MAJORE = "(n.nature in ('RSI', 'RCI') or n.sous_nature ~ '^R[SC][IUB][ND]1$')"


def _mois(colonne: str) -> str:
    """Mois entamés depuis une date, mois de référence compris : la règle des tableaux publiés (F009)."""
    ecart = f"{_RANG % {'x': '{jour}'}} - {_RANG % {'x': colonne}} + 1"
    return f"case when {colonne} is not null then greatest(1, {ecart}) end"


_FOYERS = (
    _COMMUNES
    + f"""
, nature as (
  select n.dossier_id, bool_or({_SOCLE}) as socle, bool_or({_ACTIVITE}) as activite, bool_or({_MAJORE}) as majore,
    min(n.debut) filter (where {_SOCLE}) as debut_socle, min(n.debut) filter (where {_ACTIVITE}) as debut_activite
  from droits_naturedroit n
  where n.periode @> {{jour}} and (n.debut is null or n.debut <= {{jour}}) and (n.fin is null or n.fin >= {{jour}})
  group by n.dossier_id
), montant as (
  select distinct on (m.dossier_id) m.dossier_id, m.cumul_integral
  from droits_montant m where m.periode @> {{jour}}
  order by m.dossier_id, lower(m.periode) desc nulls last, m.id desc
), composition as (
  select m.foyer_id, count(*) filter (where m.role in ('DEM', 'CJT', 'ENF', 'AUT'))::int as personnes,
    bool_or(m.role = 'CJT') as conjoint, count(*) filter (where m.role in ('ENF', 'AUT'))::int as enfants
  from membre m group by m.foyer_id
), titulaire as (
  select distinct on (m.foyer_id) m.foyer_id, i.sexe, i.age
  from membre m join identite i on i.id = m.personne_id where m.role = 'DEM'
  order by m.foyer_id, m.responsable desc, m.id
)
select s.public_id as dossier, f.public_id as foyer, coalesce(f.territoire, '') as territoire,
  coalesce(f.commune, '') as commune, s.etat = '2' as payable,
  coalesce(n.socle, false) as socle, coalesce(n.activite, false) as activite, coalesce(n.majore, false) as majore,
  coalesce(m.cumul_integral > 0, false) as cumul_integral,
  {_mois("s.entree")} as mois_dispositif,
  {_mois("n.debut_socle")} as mois_socle, {_mois("n.debut_activite")} as mois_activite,
  coalesce(c.personnes, 0) as personnes, coalesce(c.conjoint, false) as conjoint, coalesce(c.enfants, 0) as enfants,
  s.situation_connue and t.foyer_id is not null as situation_connue,
  coalesce(t.sexe, '') as sexe_titulaire, t.age as age_titulaire
from situation s
join foyer f on f.id = s.foyer_id
left join nature n on n.dossier_id = s.dossier_id
left join montant m on m.dossier_id = s.dossier_id
left join composition c on c.foyer_id = s.foyer_id
left join titulaire t on t.foyer_id = s.foyer_id
order by s.dossier_id
"""
)

_PERSONNES = (
    _COMMUNES
    + """
, soumission as (
  select distinct on (o.dossier_id, o.personne_id) o.dossier_id, o.personne_id, o.soumise
  from droits_soumission o where o.periode @> {jour}
  order by o.dossier_id, o.personne_id, lower(o.periode) desc nulls last, o.id desc
)
select i.public_id as personne, s.public_id as dossier, coalesce(f.territoire, '') as territoire,
  m.role, i.sexe, i.age, coalesce(o.soumise, false) as soumise
from situation s
join membre m on m.foyer_id = s.foyer_id
join identite i on i.id = m.personne_id
join foyer f on f.id = s.foyer_id
left join soumission o on o.dossier_id = s.dossier_id and o.personne_id = m.personne_id
where m.role in ('DEM', 'CJT') or o.personne_id is not null
order by s.dossier_id, m.id
"""
)

_ATTENTES = """
select p.public_id as personne, coalesce(t.code, '') as territoire, a.motif,
  ({jour} - a.entree_le)::int as jours, a.echeance < {jour} as en_retard
from orientations_attenteorientation a
join personnes_personne p on p.id = a.personne_id
left join organismes_territoire t on t.id = a.territoire_id
where a.entree_le <= {jour} and (a.sortie_le is null or a.sortie_le > {jour})
order by a.id
"""

REQUETES: dict[str, str] = {"foyers": _FOYERS, "personnes": _PERSONNES, "attentes": _ATTENTES}

_ARROW = {"string": pa.string(), "boolean": pa.bool_(), "int32": pa.int32()}


def extraire(table: str, a_la_date: date) -> pa.Table:
    """Une table du cliché, identifiants déjà remplacés : l'identifiant public ne touche jamais le disque."""
    requete = sql.SQL(REQUETES[table]).format(jour=sql.SQL("{}::date").format(sql.Literal(a_la_date)))
    recu = io.BytesIO()
    with connection.cursor() as curseur:
        copie = sql.SQL("copy ({}) to stdout (format csv, header)").format(requete)
        with curseur.cursor.copy(copie) as flux:
            for morceau in flux:
                recu.write(morceau)
    recu.seek(0)
    lue = pacsv.read_csv(
        recu,
        convert_options=pacsv.ConvertOptions(
            column_types={nom: _ARROW[type_] for nom, type_ in COLONNES[table].items()},
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=False,
        ),
    )
    for rang, nom in enumerate(lue.column_names):
        if nom in IDENTIFIANTS:
            lue = lue.set_column(
                rang, nom, pa.array([pseudonyme(valeur) for valeur in lue.column(nom).to_pylist()], pa.string())
            )
    return lue
