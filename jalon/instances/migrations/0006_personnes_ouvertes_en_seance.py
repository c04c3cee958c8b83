"""Qui ne fait que siéger ne voit que l'ordre du jour : PostgreSQL aussi l'ouvre à la convocation et le ferme à la clôture.

La fonction passe outre la sécurité par ligne, sans quoi la politique de la personne et celle du dossier de séance se
liraient l'une l'autre sans fin. Elle ne rend que les personnes de l'agent qui lit. Le foyer vient avec : l'instance juge
aussi de ce qu'il perd.
"""

from django.db import migrations

OUVERTES = r"""
create function instances_personnes_ouvertes() returns setof bigint
language plpgsql stable rows 20 security definer set search_path = public, pg_temp as $$
declare
  moi constant bigint := nullif(current_setting('jalon.agent', true), '')::bigint;
begin
  -- Presque personne ne siège : la politique de chaque lecture passe par ici, et en repart aussitôt.
  if not exists (select 1 from instances_membreinstance m where m.agent_id = moi and m.periode @> current_date) then
    return;
  end if;
  return query
  with recursive lieux as (
    -- Qui a déménagé hors du territoire de l'instance sort de ce qu'elle examine.
    select i.id as instance_id, i.territoire_id
    from instances_instance i join instances_membreinstance m on m.instance_id = i.id
    where m.agent_id = moi and m.periode @> current_date
    union
    select l.instance_id, t.id from lieux l join organismes_territoire t on t.parent_id = l.territoire_id
  ),
  ouvertes as (
    select d.personne_id
    from instances_membreinstance m
    join instances_seance s on s.instance_id = m.instance_id and s.etat in ('convoquee', 'ouverte')
    join instances_dossierseance d on d.seance_id = s.id and d.etat in ('inscrit', 'examine', 'ajourne')
    join personnes_personne p on p.id = d.personne_id
    join lieux l on l.instance_id = m.instance_id and l.territoire_id = p.territoire_id
    where m.agent_id = moi and m.periode @> current_date
      and not exists (
        select 1 from instances_deportmembre r join instances_membreinstance rm on rm.id = r.membre_id
        where r.dossier_id = d.id and rm.agent_id = moi
      )
  )
  select o.personne_id from ouvertes o
  union
  select autre.personne_id
  from ouvertes o
  join personnes_rattachement ra on ra.personne_id = o.personne_id and ra.periode @> current_date
  join personnes_rattachement autre on autre.foyer_id = ra.foyer_id and autre.periode @> current_date;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("instances", "0005_presidence_passee_et_departs"),
        ("personnes", "0009_lien_pour_repondre"),
    ]

    operations = [migrations.RunSQL(OUVERTES, "drop function instances_personnes_ouvertes()")]
