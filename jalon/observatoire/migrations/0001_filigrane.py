"""Ce que l'observatoire doit savoir de toute la base, quel que soit le périmètre de qui consulte.

Un écran s'exécute sous la sécurité par ligne : il ne peut ni compter les réceptions du département, ni donc
savoir si un cliché date. Ces trois fonctions répondent avec les droits du propriétaire et ne rendent que des
nombres et des dates de flux, jamais une ligne.
"""

from django.db import migrations

REPERE = """
create function observatoire_repere() returns text
language sql stable security definer set search_path = public, pg_temp as $$
  select concat_ws('.',
    (select coalesce(max(id), 0) from droits_reception),
    (select count(*) from personnes_fusion), (select count(defaite_le) from personnes_fusion),
    (select coalesce(max(id), 0) from orientations_attenteorientation),
    (select count(sortie_le) from orientations_attenteorientation))
$$
"""

FILIGRANE = """
create function observatoire_filigrane(jour date) returns text
language sql stable security definer set search_path = public, pg_temp as $$
  select concat_ws('.',
    (select count(*) || '.' || coalesce(max(id), 0) from droits_reception where date_reference <= jour),
    (select count(*) || '.' || count(defaite_le) from personnes_fusion),
    (select count(*) || '.' || coalesce(max(id), 0) from orientations_attenteorientation where entree_le <= jour),
    (select count(*) from orientations_attenteorientation where sortie_le <= jour))
$$
"""

FLUX = """
create function observatoire_flux() returns table (date_reference date, dossiers bigint)
language sql stable security definer set search_path = public, pg_temp as $$
  select r.date_reference, count(distinct r.dossier_id) from droits_reception r group by r.date_reference
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("droits", "0001_initial"),
        ("orientations", "0001_initial"),
        ("personnes", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(REPERE, "drop function observatoire_repere()"),
        migrations.RunSQL(FILIGRANE, "drop function observatoire_filigrane(date)"),
        migrations.RunSQL(FLUX, "drop function observatoire_flux()"),
    ]
