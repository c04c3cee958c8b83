"""Le foyer entier est plafonné, et ce que la procédure tient pour vrai se lit à un seul endroit.

Le plafond vaut pour ce que perd le foyer : la sanction de l'un compte dans celle de l'autre (R262-68). Un verrou par
foyer empêche deux décisions simultanées de le dépasser ensemble.
"""

from django.db import migrations

SOUMISE = r"""
create function manquements_soumise(la_personne bigint, le_jour date) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
  -- Soumise dans un dossier qui n'est ni refusé ni clos (ADR 4).
  select exists (
    select 1 from droits_soumission s where s.personne_id = la_personne and s.soumise and s.periode @> le_jour
      and not exists (
        select 1 from droits_situation t
        where t.dossier_id = s.dossier_id and t.periode @> le_jour and t.etat in ('1', '5', '6')
      )
  )
$$
"""

FAITS = r"""
create or replace function manquements_faits_de_sanction(
  le_manquement bigint, la_regle bigint, le_taux integer, la_duree integer, le_jour date
) returns table (
  personne_id bigint, nature varchar, regime_periode daterange, rang varchar, taux_min smallint, taux_max smallint,
  duree_min smallint, duree_max smallint, plafond_foyer smallint, plafond_majore boolean, avis_exige boolean,
  regle_fraude boolean, faits_pas_avant date, motif_fraude boolean, article_motif varchar, porte_sur_heures boolean,
  heures_exonerees boolean, faits_le date, contact_le date, averti_recu_le date, observations_jusqu_au date,
  observations_au_moins date, reponse_le date, motif_legitime boolean, audition_demandee boolean,
  audition_proposee_le date, avis_le date, ecart_avis boolean, precedentes bigint, soumise boolean,
  foyer_plusieurs boolean, majoree boolean, faute_service boolean
)
language sql stable security definer set search_path = public, pg_temp as $$
with dossier as (
  select m.*, mo.fraude as motif_fraude, mo.heures as motif_heures, mo.articles, c.date as contacte_le,
    (select min(f.date) from manquements_faitmanquement f where f.manquement_id = m.id) as premier_fait
  from manquements_manquement m
  join manquements_motifmanquement mo on mo.id = m.motif_id
  left join rendezvous_contactindividuel c on c.id = m.contact_id
  where m.id = le_manquement
)
select
  d.personne_id, r.nature, g.periode, r.rang, r.taux_min, r.taux_max, r.duree_min, r.duree_max, r.plafond_foyer,
  r.plafond_majore, r.avis_exige, r.fraude, (le_jour - make_interval(months => r.anciennete_faits_mois))::date,
  d.motif_fraude,
  -- Le motif existe sous le régime du jour, et existait déjà sous celui des faits : on ne reproche pas après coup. Une
  -- fraude était interdite avant que la grille lui donne sa règle.
  case when not d.motif_fraude and exists (
    select 1 from manquements_regime gf where gf.periode @> d.premier_fait and coalesce(d.articles ->> gf.code, '') = ''
  ) then '' else coalesce(d.articles ->> g.code, '') end,
  d.motif_heures,
  -- Aucune heure due : le contrat en cause n'en prévoit pas (L5411-6 II).
  d.motif_heures and not exists (
    select 1 from contrats_valeurchamp v join contrats_champcontrat ch on ch.id = v.champ_id
    where v.contrat_id = d.contrat_id and ch.code = 'heures' and v.nombre > 0
  ),
  d.premier_fait,
  -- Un contact noté après la saisine n'est pas préalable (R18).
  case when d.contacte_le <= coalesce(d.saisi_le, le_jour) then d.contacte_le end,
  d.averti_recu_le, d.observations_jusqu_au,
  (d.averti_recu_le + make_interval(months => g.observations_mois))::date,
  d.reponse_le, d.motif_legitime,
  d.demande_audition or exists (
    select 1 from manquements_observation o where o.manquement_id = d.id and o.demande_audition
  ),
  coalesce(d.entendue_le, d.audition_proposee_le),
  -- Un avis réputé ne compte que sous un régime qui le prévoit (R262-71).
  case when a.vote <> 'repute' or g.avis_repute then a.rendu_le end,
  coalesce(
    a.vote <> 'repute' and (
      a.sens <> 'favorable' or (a.nature <> '' and a.nature <> r.nature)
      or (a.taux is not null and a.taux is distinct from le_taux)
      or (a.duree is not null and a.duree is distinct from la_duree)
    ), false),
  -- Décisions du même régime que la personne avait reçues avant les faits et qui comptent encore.
  (
    select count(*) from manquements_decisionsanction p join manquements_reglesanction pr on pr.id = p.regle_id
    where p.personne_id = d.personne_id and p.manquement_id <> d.id and pr.regime_id = g.id and p.nature <> 'amende'
      and p.etat in ('notifiee', 'levee') and p.motif_levee not in ('erreur', 'recours')
      and p.recue_le <= d.premier_fait
      and (g.repetition_mois is null or le_jour <= p.notifiee_le + make_interval(months => g.repetition_mois))
  ),
  manquements_soumise(d.personne_id, le_jour),
  -- Un foyer que le dossier ne dit pas est protégé comme un foyer de plusieurs personnes.
  not exists (
    select 1 from personnes_rattachement ra where ra.personne_id = d.personne_id and ra.periode @> le_jour
  ) or exists (
    select 1 from personnes_rattachement ra where ra.personne_id = d.personne_id and ra.periode @> le_jour and (
      exists (
        select 1 from personnes_rattachement autre
        where autre.foyer_id = ra.foyer_id and autre.personne_id <> ra.personne_id and autre.periode @> le_jour
      ) or exists (
        select 1 from droits_dossierrsa dr join droits_situation t on t.dossier_id = dr.id
        where dr.foyer_id = ra.foyer_id and t.periode @> le_jour and t.nombre_charges > 0
      )
    )
  ),
  exists (
    select 1 from personnes_rattachement ra join droits_dossierrsa dr on dr.foyer_id = ra.foyer_id
    join droits_naturedroit n on n.dossier_id = dr.id
    where ra.personne_id = d.personne_id and ra.periode @> le_jour and n.periode @> le_jour
      and (n.fin is null or n.fin >= le_jour)
      and (n.nature in ('RSI', 'RCI') or n.sous_nature ~ '^R[SC][IUB][ND]1$')
  ),
  d.service_en_cause or exists (
    select 1 from manquements_constatservice k where k.manquement_id = d.id and k.efface
  )
from dossier d
join manquements_reglesanction r on r.id = la_regle
join manquements_regime g on g.id = r.regime_id
left join manquements_avismanquement a on a.manquement_id = d.id
$$
"""

RETENU = r"""
create function manquements_retenu_au_foyer(la_personne bigint, la_periode daterange, le_jour date) returns integer
language sql stable security definer set search_path = public, pg_temp as $$
  select coalesce(sum(de_chacun.taux), 0)::integer from (
    select max(p.taux) as taux from manquements_decisionsanction p
    where p.nature <> 'amende' and p.etat <> 'annulee' and p.periode && la_periode and p.personne_id <> la_personne
      and p.personne_id in (
        select autre.personne_id from personnes_rattachement ra
        join personnes_rattachement autre on autre.foyer_id = ra.foyer_id
        where ra.personne_id = la_personne and ra.periode @> le_jour and autre.periode @> le_jour
      )
    group by p.personne_id
  ) de_chacun
$$
"""

PLAFOND = r"""
create function manquements_plafond_du_foyer() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  deja integer;
begin
  if new.plafond_foyer is null or new.taux is null or new.periode is null or isempty(new.periode)
    or coalesce(current_setting('jalon.effets', true), '') = 'oui'
    or (tg_op = 'UPDATE' and coalesce(new.periode <@ old.periode, false)) then
    return null;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('manquements.foyer', ra.foyer_id))
  from personnes_rattachement ra
  where ra.personne_id = new.personne_id and ra.periode @> new.decidee_le order by ra.foyer_id;
  deja := manquements_retenu_au_foyer(new.personne_id, new.periode, new.decidee_le);
  if deja > 0 and deja + new.taux > new.plafond_foyer then
    raise exception using errcode = 'check_violation', constraint = 'sanction_plafond_du_foyer',
      table = 'manquements_decisionsanction',
      message = 'Le foyer perd déjà ' || deja || ' % à ces dates : ensemble, ses sanctions dépasseraient le plafond.';
  end if;
  return null;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [("manquements", "0005_regle_appliquee_figee")]

    operations = [
        migrations.RunSQL(SOUMISE, "drop function manquements_soumise(bigint, date)"),
        migrations.RunSQL(FAITS, migrations.RunSQL.noop),
        migrations.RunSQL(RETENU, "drop function manquements_retenu_au_foyer(bigint, daterange, date)"),
        migrations.RunSQL(PLAFOND, "drop function manquements_plafond_du_foyer()"),
        migrations.RunSQL(
            "create trigger sanction_plafond_du_foyer after insert or update on manquements_decisionsanction "
            "for each row execute function manquements_plafond_du_foyer()",
            "drop trigger sanction_plafond_du_foyer on manquements_decisionsanction",
        ),
    ]
