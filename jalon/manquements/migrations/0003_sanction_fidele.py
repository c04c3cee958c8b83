"""Une sanction dit ce que disent la grille et le dossier, et ne change plus ensuite (ADR 13).

`manquements_faits_de_sanction` lit ces faits en entier, quel que soit le périmètre de qui décide : un plafond du foyer ne
dépend pas des personnes que l'agent voit. Le service et le déclencheur lisent par elle : ils ne peuvent pas diverger.

Le déclencheur passe après les contraintes : une sanction illégale est refusée sous le nom de la garantie qui manque,
une sanction d'apparence légale mais fausse sous le sien.
"""

from django.db import migrations

FAITS = r"""
create function manquements_faits_de_sanction(
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
  d.motif_fraude, coalesce(d.articles ->> g.code, ''), d.motif_heures,
  -- Aucune heure due : le contrat en cause n'en prévoit pas (L5411-6 II).
  d.motif_heures and not exists (
    select 1 from contrats_valeurchamp v join contrats_champcontrat ch on ch.id = v.champ_id
    where v.contrat_id = d.contrat_id and ch.code = 'heures' and v.nombre > 0
  ),
  d.premier_fait, d.contacte_le, d.averti_recu_le, d.observations_jusqu_au,
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
  -- Décisions du même régime que la personne connaissait avant les faits et qui comptent encore.
  (
    select count(*) from manquements_decisionsanction p join manquements_reglesanction pr on pr.id = p.regle_id
    where p.personne_id = d.personne_id and p.manquement_id <> d.id and pr.regime_id = g.id and p.nature <> 'amende'
      and p.etat in ('notifiee', 'levee') and p.motif_levee not in ('erreur', 'recours')
      and p.notifiee_le <= d.premier_fait
      and (g.repetition_mois is null or le_jour <= p.notifiee_le + make_interval(months => g.repetition_mois))
  ),
  -- Soumise dans un dossier qui n'est ni refusé ni clos (ADR 4).
  exists (
    select 1 from droits_soumission s where s.personne_id = d.personne_id and s.soumise and s.periode @> le_jour
      and not exists (
        select 1 from droits_situation t
        where t.dossier_id = s.dossier_id and t.periode @> le_jour and t.etat in ('1', '5', '6')
      )
  ),
  exists (
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

VERIFIER = r"""
create function manquements_sanction_fidele() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  changeables constant text[] := array[
    'etat', 'notifiee_le', 'recue_le', 'lettre_id', 'levee_le', 'motif_levee', 'precision_levee', 'levee_par_id',
    'lettre_levee_id', 'periode', 'personne_id', 'debut'
  ];
  reunion constant boolean := coalesce(current_setting('jalon.effets', true), '') = 'oui';
  entiere daterange;
  procedure_en text;
  ecarts text;
  refus text;
begin
  if new.nature <> 'amende' then
    entiere := daterange(new.debut, (new.debut + make_interval(months => new.duree))::date);
  end if;
  if tg_op = 'INSERT' then
    select m.etat into procedure_en from manquements_manquement m where m.id = new.manquement_id;
    select string_agg(dit.key, ', ' order by dit.key) into ecarts
    from manquements_faits_de_sanction(new.manquement_id, new.regle_id, new.taux, new.duree, new.decidee_le) f,
      jsonb_each(to_jsonb(f)) dit
    where dit.value is distinct from to_jsonb(new) -> dit.key;
    refus := case
      when new.etat <> 'decidee' then 'Une sanction est d''abord décidée : elle se notifie et se lève ensuite.'
      when coalesce(procedure_en, '') not in ('averti', 'avis_rendu')
        then 'La procédure n''est pas à décider : la personne doit être avertie, et rien n''être encore décidé.'
      when ecarts is not null then 'La sanction ne dit pas ce que dit le dossier : ' || ecarts || '.'
      when new.periode is distinct from entiere then 'La période d''une sanction va de son début à la fin de sa durée.'
    end;
  else
    refus := case
      when to_jsonb(old) - changeables is distinct from to_jsonb(new) - changeables
        then 'Ce qu''une sanction a vérifié ne change plus.'
      when old.personne_id <> new.personne_id and not reunion then 'Une sanction ne change pas de personne.'
      when old.debut is distinct from new.debut and not coalesce(old.etat = 'decidee' and new.debut > old.debut, false)
        then 'Le début d''une sanction ne peut qu''être retardé, et seulement avant sa notification.'
      when old.notifiee_le is not null and new.notifiee_le is distinct from old.notifiee_le
        then 'La date de notification d''une sanction ne change plus.'
      when not coalesce(new.periode <@ entiere, true) then 'Une sanction ne dépasse pas sa durée.'
      when old.etat = 'levee' and not coalesce(new.periode <@ old.periode, true) and not reunion
        then 'Une sanction levée ne reprend pas.'
      when old.etat <> new.etat and (old.etat, new.etat) not in (
        ('decidee', 'notifiee'), ('decidee', 'annulee'), ('notifiee', 'levee'), ('notifiee', 'annulee'),
        ('levee', 'annulee')
      ) then 'Une sanction levée ou annulée ne revient pas.'
    end;
  end if;
  if refus is not null then
    raise exception using errcode = 'check_violation', constraint = 'sanction_fidele_au_dossier',
      table = 'manquements_decisionsanction', message = refus;
  end if;
  return null;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("manquements", "0002_garanties_de_la_decision"),
        ("contrats", "0005_raison_complexe"),
        ("droits", "0004_demandes"),
        ("personnes", "0008_index_de_visibilite"),
        ("rendezvous", "0006_convocation_et_invitation"),
    ]

    operations = [
        migrations.RunSQL(FAITS, "drop function manquements_faits_de_sanction(bigint, bigint, integer, integer, date)"),
        migrations.RunSQL(VERIFIER, "drop function manquements_sanction_fidele()"),
        migrations.RunSQL(
            "create trigger sanction_fidele_au_dossier after insert or update on manquements_decisionsanction "
            "for each row execute function manquements_sanction_fidele()",
            "drop trigger sanction_fidele_au_dossier on manquements_decisionsanction",
        ),
    ]
