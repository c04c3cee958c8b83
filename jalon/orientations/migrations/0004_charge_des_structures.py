"""Personnes orientées aujourd'hui vers chaque organisme, par type : le nombre entier, quel que soit le périmètre.

Un agent ne voit que ses dossiers : compter sous la sécurité par ligne ferait croire libres des places prises. Cette
fonction compte avec les droits du propriétaire et ne rend que des nombres, jamais une ligne.
"""

from django.db import migrations

CHARGE = """
create function orientations_charge_structures() returns table (organisme bigint, type bigint, nombre bigint)
language sql stable security definer set search_path = public, pg_temp as $$
  select d.organisme_id, d.type_id, count(*) from orientations_decisionorientation d
  where upper_inf(d.periode) and not isempty(d.periode) and d.annulee_le is null
  group by d.organisme_id, d.type_id
$$
"""


class Migration(migrations.Migration):
    dependencies = [("orientations", "0003_decisions_d_orientation")]

    operations = [migrations.RunSQL(CHARGE, "drop function orientations_charge_structures()")]
